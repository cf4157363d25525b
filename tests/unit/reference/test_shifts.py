"""Injected shifts have the size they claim and leave everything else alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PIL import Image

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.sample import Dataset
from ombud.errors import BadInput
from ombud.reference.shifts import add_noise, blur_images, drop_modality, misspell_words

SHIFTS: dict[str, tuple[str, Callable[[Dataset], Dataset]]] = {
    "noise": (AUDIO, lambda d: add_noise(d, snr_db=5, seed=0)),
    "blur": (IMAGE, lambda d: blur_images(d, radius=1.5)),
    "words": (TEXT, lambda d: misspell_words(d, share=0.5, seed=0)),
}


def wave(payload: object) -> NDArray[np.float64]:
    return np.asarray(soundfile.read(io.BytesIO(payload))[0])  # type: ignore[arg-type]


def picture(payload: object) -> Image.Image:
    return Image.open(io.BytesIO(payload))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", SHIFTS)
def test_only_one_modality_changes(splits: Mapping[str, Dataset], name: str) -> None:
    modality, shift = SHIFTS[name]
    before = splits["val"]
    after = shift(before)
    assert after.digest == shift(before).digest != before.digest
    assert after.synthetic
    assert "Shifted on purpose" in after.provenance
    for old, new in zip(before, after, strict=True):
        assert (old.sample_id, old.label, old.attributes) == (new.sample_id, new.label, new.attributes)
        for other in {TEXT, IMAGE, AUDIO} - {modality}:
            assert old.payloads[other] == new.payloads[other]


def test_noise_has_the_stated_power(splits: Mapping[str, Dataset]) -> None:
    for old, new in zip(
        splits["val"].samples[:20], add_noise(splits["val"], snr_db=10, seed=0), strict=False
    ):
        clean = wave(old.payloads[AUDIO])
        noise = wave(new.payloads[AUDIO]) - clean
        assert 10 * np.log10(np.mean(clean**2) / np.mean(noise**2)) == pytest.approx(10, abs=0.7)


def test_blur_takes_sharpness(splits: Mapping[str, Dataset]) -> None:
    def sharpness(dataset: Dataset) -> float:
        grey = [np.asarray(picture(s.payloads[IMAGE]), np.int16) for s in dataset]
        return float(np.mean([np.abs(np.diff(g, axis=1)).mean() for g in grey]))

    levels = [sharpness(blur_images(splits["val"], radius=r)) for r in (0, 1, 2)]
    assert levels[0] > 1.5 * levels[1] > 1.5 * levels[2]


def test_a_modality_is_dropped_from_the_stated_share(splits: Mapping[str, Dataset]) -> None:
    dropped = drop_modality(splits["train"], AUDIO, share=0.3, seed=0)
    assert np.mean([AUDIO not in s.present for s in dropped]) == pytest.approx(0.3, abs=0.07)
    alone = replace(dropped, samples=tuple(s.only(AUDIO) for s in splits["val"]))
    assert all(s.present == (AUDIO,) for s in drop_modality(alone, AUDIO, share=1.0, seed=0))


def test_a_damaged_sample_is_named(splits: Mapping[str, Dataset]) -> None:
    first = splits["val"].samples[0]
    broken = replace(splits["val"], samples=(replace(first, payloads={AUDIO: b"fLaC"}),))
    with pytest.raises(BadInput, match=f"{first.sample_id}.*'audio'"):
        add_noise(broken, snr_db=5, seed=0)
