"""The generated data: honest about being synthetic, repeatable, disjoint, well formed."""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.sample import Dataset
from ombud.errors import BadInput
from ombud.reference.data import LABELS, ROWS, generate

ATTRIBUTES = {
    "speaker_id", "speaker_gender", "speaker_language", "speaker_accent", "writer_id", "writer_group",
    "document_id", "text_domain", "audio_domain", "image_domain",
}  # fmt: skip
TINY = {"train": 30, "val": 10, "test": 10, "prod_shift": 10}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not() -> None:
    first, again, other = (
        generate(seed=1, rows=TINY),
        generate(seed=1, rows=TINY),
        generate(seed=2, rows=TINY),
    )
    assert [d.digest for d in first.values()] == [d.digest for d in again.values()]
    assert first["train"].digest != other["train"].digest


def test_a_split_does_not_depend_on_the_size_of_another() -> None:
    assert generate(rows=TINY)["test"].digest == generate(rows={**TINY, "train": 13})["test"].digest


def test_everything_is_named_synthetic(splits: Mapping[str, Dataset]) -> None:
    assert list(splits) == ["train", "val", "test", "prod_shift"]
    for name, split in splits.items():
        assert split.name == name
        assert split.synthetic
        assert "Synthetic" in split.provenance
        assert split.licence


def test_people_and_documents_are_disjoint_across_splits(splits: Mapping[str, Dataset]) -> None:
    for attribute in ("speaker_id", "writer_id", "document_id"):
        seen = [set(split.attribute(attribute)) for split in splits.values()]
        assert sum(map(len, seen)) == len(set().union(*seen))
    ids = [s.sample_id for split in splits.values() for s in split]
    assert len(ids) == len(set(ids))


def test_every_row_is_whole(splits: Mapping[str, Dataset]) -> None:
    for split in splits.values():
        assert (
            max(Counter(s.label for s in split).values()) - min(Counter(s.label for s in split).values()) <= 1
        )
        for sample in split:
            assert set(sample.attributes) == ATTRIBUTES
            assert sample.present == ("audio", "image", "text")
            assert sample.label in LABELS


def test_the_media_are_what_they_claim(splits: Mapping[str, Dataset]) -> None:
    for split in splits.values():
        for sample in split.samples[:25]:
            picture = Image.open(io.BytesIO(sample.payloads[IMAGE]))  # type: ignore[arg-type]
            assert (picture.format, picture.mode, picture.size) == ("PNG", "L", (28, 28))
            info = soundfile.info(io.BytesIO(sample.payloads[AUDIO]))  # type: ignore[arg-type]
            assert (info.format, info.subtype, info.samplerate, info.channels) == ("FLAC", "PCM_16", 8000, 1)
            assert 0.4 <= info.duration <= 1.0


def test_a_text_holds_at_most_one_numeral_and_it_is_the_label(splits: Mapping[str, Dataset]) -> None:
    found = 0
    for sample in splits["train"]:
        numerals = re.findall(r"\d+", str(sample.payloads[TEXT]))
        assert numerals in ([], [sample.label])
        found += len(numerals)
    assert 0.2 < found / len(splits["train"]) < 0.8


def test_the_shift_has_its_own_accent_channel_and_register(splits: Mapping[str, Dataset]) -> None:
    for attribute in ("speaker_accent", "audio_domain", "text_domain"):
        at_home = {*splits["train"].attribute(attribute), *splits["test"].attribute(attribute)}
        assert at_home.isdisjoint(splits["prod_shift"].attribute(attribute))


def test_groups_are_not_confounded(splits: Mapping[str, Dataset]) -> None:
    pairs = set(
        zip(
            splits["train"].attribute("speaker_gender"),
            splits["train"].attribute("speaker_language"),
            strict=True,
        )
    )
    assert len(pairs) == 4


def test_enough_people_by_default() -> None:
    few_rows_each = generate(rows={**ROWS, "train": 540, "val": 200, "test": 400, "prod_shift": 200})
    people = {name: len(set(d.attribute("speaker_id"))) for name, d in few_rows_each.items()}
    assert people["train"] >= 40
    assert people["val"] >= 10
    assert people["test"] >= 24
    assert people["prod_shift"] >= 10


@pytest.mark.parametrize("rows", [{"tran": 5}, {"train": -1}])
def test_wrong_sizes_are_refused(rows: dict[str, int]) -> None:
    with pytest.raises(BadInput, match="rows"):
        generate(rows=rows)


def test_a_digest_notices_one_byte(splits: Mapping[str, Dataset]) -> None:
    first = splits["val"].samples[0]
    changed = replace(first, payloads={**first.payloads, TEXT: str(first.payloads[TEXT]) + "!"})
    assert (
        replace(splits["val"], samples=(changed, *splits["val"].samples[1:])).digest != splits["val"].digest
    )
    assert np.unique(splits["val"].attribute("image_domain")).tolist() == ["pen"]
