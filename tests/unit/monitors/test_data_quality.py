"""The audit of data finds each planted defect, names it, and finds nothing in clean data."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from PIL import Image

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.sample import Dataset, Sample
from ombud_monitors.data_quality import DataAudit, Severity, audit, data_sheet

LABELS = ("no", "yes")
CLUSTERS = {AUDIO: "speaker_id", IMAGE: "writer_id"}
MODALITIES = (TEXT, IMAGE, AUDIO)


def png(seed):
    buffer = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (6, 6), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def wav(seed):
    buffer = io.BytesIO()
    samples = np.random.default_rng(seed).normal(0, 0.1, 200)
    soundfile.write(buffer, samples, 8000, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def clean(name, start, n=40):
    samples = tuple(
        Sample(
            f"{name}-{i}",
            {TEXT: f"sentence {start + i}", IMAGE: png(start + i), AUDIO: wav(start + i)},
            LABELS[i % 2],
            {
                "speaker_id": f"{name}-s{i % 6}",
                "writer_id": f"{name}-w{i % 9}",
                "speaker_gender": "fm"[i % 2],
            },
        )
        for i in range(n)
    )
    return Dataset(name, samples, synthetic=True, provenance=f"made for {name}", licence="CC0-1.0")


@pytest.fixture(scope="module")
def splits():
    return {"train": clean("train", 0), "val": clean("val", 100), "test": clean("test", 200)}


def judged(splits, **options) -> DataAudit:
    return audit(splits, modalities=MODALITIES, labels=LABELS, clusters=CLUSTERS, **options)


def planted(splits, split, row, **changes):
    """The same splits with one row changed."""
    samples = list(splits[split].samples)
    samples[row] = replace(samples[row], **changes)
    return {**splits, split: replace(splits[split], samples=tuple(samples))}


def only_finding(report, code):
    found = [f for f in report.findings if f.code == code]
    assert len(found) == 1, [f.code for f in report.findings]
    assert found[0].remedy
    assert found[0].title
    return found[0]


def payloads(sample, **changes):
    return {**sample.payloads, **changes}


def test_clean_data_passes_without_a_word(splits):
    report = judged(splits, attributes=["speaker_gender"], smallest_group=10)
    assert report.findings == ()
    assert report.passed
    assert report.to_json() == {"findings": [], "passed": True}


def test_a_speaker_in_two_splits_blocks(splits):
    attributes = {**splits["test"].samples[3].attributes, "speaker_id": "train-s1"}
    report = judged(planted(splits, "test", 3, attributes=attributes))
    found = only_finding(report, "split.shared_cluster")
    assert (found.severity, found.count, found.examples) == (Severity.ERROR, 1, ("train-s1",))
    assert "speaker_id" in found.title
    assert not report.passed
    assert report.blocking == (found,)


def test_rows_without_a_speaker_are_not_one_shared_speaker(splits):
    bare = planted(splits, "test", 3, attributes={"writer_id": "test-w1"})
    assert judged(planted(bare, "train", 3, attributes={"writer_id": "train-w1"})).passed


@pytest.mark.parametrize(
    ("modality", "other", "severity"),
    [
        (AUDIO, "train", Severity.ERROR),
        (IMAGE, "train", Severity.ERROR),
        (TEXT, "train", Severity.WARNING),
        (IMAGE, "val", Severity.ERROR),
    ],
)
def test_payloads_leaked_into_the_test_split(splits, modality, other, severity):
    leaked = splits[other].samples[4].payloads[modality]
    changed = payloads(splits["test"].samples[4], **{modality: leaked})
    found = only_finding(judged(planted(splits, "test", 4, payloads=changed)), "duplicate.across")
    assert (found.severity, found.count, found.examples) == (severity, 1, (f"{other}-4",))


def test_leakage_that_spares_the_test_split_is_a_warning(splits):
    changed = payloads(splits["val"].samples[4], **{IMAGE: splits["train"].samples[4].payloads[IMAGE]})
    report = judged(planted(splits, "val", 4, payloads=changed))
    assert only_finding(report, "duplicate.across").severity is Severity.WARNING
    assert report.passed


def test_repetition_within_a_split_is_information(splits):
    changed = payloads(splits["train"].samples[4], **{AUDIO: splits["train"].samples[2].payloads[AUDIO]})
    report = judged(planted(splits, "train", 4, payloads=changed))
    found = only_finding(report, "duplicate.within")
    assert (found.severity, found.examples) == (Severity.INFO, ("train-4",))
    assert report.passed


def test_one_payload_with_two_labels(splits):
    changed = payloads(splits["train"].samples[5], **{IMAGE: splits["train"].samples[2].payloads[IMAGE]})
    found = only_finding(judged(planted(splits, "train", 5, payloads=changed)), "duplicate.contradiction")
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("modality", "payload"), [(IMAGE, b"junk"), (AUDIO, b"junk"), (IMAGE, b""), (AUDIO, "a string")]
)
def test_undecodable_media_block_and_name_the_row(splits, modality, payload):
    changed = payloads(splits["train"].samples[7], **{modality: payload})
    found = only_finding(judged(planted(splits, "train", 7, payloads=changed)), "media.undecodable")
    assert (found.severity, found.count, found.examples) == (Severity.ERROR, 1, ("train-7",))
    assert modality in found.title
    assert "train" in found.title


def test_empty_text_is_a_warning_and_an_absent_one_is_not(splits):
    empty = payloads(splits["train"].samples[7], **{TEXT: " \t"})
    absent = payloads(splits["train"].samples[7], **{TEXT: None})
    assert only_finding(judged(planted(splits, "train", 7, payloads=empty)), "text.empty").count == 1
    assert judged(planted(splits, "train", 7, payloads=absent)).findings == ()


def test_a_row_without_any_modality_blocks(splits):
    report = judged(planted(splits, "val", 0, payloads={TEXT: None}))
    assert only_finding(report, "row.no_modality").examples == ("val-0",)
    assert not report.passed


@pytest.mark.parametrize(
    ("label", "code"), [(None, "label.missing"), ("", "label.missing"), ("oui", "label.unknown")]
)
def test_bad_labels_block(splits, label, code):
    report = judged(planted(splits, "train", 1, label=label))
    assert only_finding(report, code).severity is Severity.ERROR


def test_a_class_that_a_split_lacks(splits):
    lacking = {**splits, "test": splits["test"].where(lambda s: s.label == "no")}
    assert only_finding(judged(lacking), "label.absent").severity is Severity.WARNING
    lacking = {**splits, "train": splits["train"].where(lambda s: s.label == "no")}
    assert only_finding(judged(lacking), "label.absent").severity is Severity.ERROR


def test_small_and_unrecorded_groups_are_warnings(splits):
    report = judged(splits, attributes=["speaker_gender"], smallest_group=30)
    assert [f.code for f in report.findings] == ["group.small"] * 3
    attributes = {"speaker_id": "train-s1", "writer_id": "train-w1"}
    report = judged(
        planted(splits, "train", 1, attributes=attributes), attributes=["speaker_gender"], smallest_group=5
    )
    assert only_finding(report, "group.missing").count == 1
    assert report.passed


def test_repeated_ids_and_empty_splits_block(splits):
    report = judged({**planted(splits, "val", 0, sample_id="train-0"), "extra": Dataset("extra", ())})
    assert {f.code for f in report.blocking} == {"row.duplicate_id", "split.empty"}


def test_errors_come_first(splits):
    spoilt = planted(planted(splits, "train", 1, label="oui"), "test", 2, payloads={TEXT: ""})
    severities = [f.severity for f in judged(spoilt).findings]
    assert severities == sorted(severities, key=[Severity.ERROR, Severity.WARNING, Severity.INFO].index)


def test_the_data_sheet_counts(splits):
    sheet = data_sheet(
        splits,
        modalities=MODALITIES,
        labels=(*LABELS, "maybe"),
        clusters=CLUSTERS,
        attributes=["speaker_gender", "shoe_size"],
        name="demo",
    )
    assert sheet["name"] == "demo"
    assert sheet["synthetic"] is True
    assert sheet["licence"] == "CC0-1.0"
    assert sheet["provenance"] == "made for train; made for val; made for test"
    assert sheet["splits"]["val"]["n"] == 40
    assert sheet["splits"]["val"]["labels"] == {"no": 20, "yes": 20, "maybe": 0}
    assert sheet["splits"]["val"]["modalities"] == dict.fromkeys(MODALITIES, 40)
    assert sheet["splits"]["val"]["digest"] == splits["val"].digest
    assert sheet["attributes"]["speaker_gender"] == {"f": 60, "m": 60}
    assert sheet["attributes"]["shoe_size"] == {"(not recorded)": 120}
    assert sheet["disjoint"] == {"speaker_id": True, "writer_id": True}
    assert sheet["clusters"]["speaker_id"] == {"train": 6, "val": 6, "test": 6}


def test_the_data_sheet_says_when_splits_share_people(splits):
    attributes = {"speaker_id": "train-s1", "writer_id": "test-w0"}
    shared = planted(splits, "test", 3, attributes=attributes)
    sheet = data_sheet(shared, modalities=MODALITIES, labels=LABELS, clusters=CLUSTERS)
    assert sheet["disjoint"] == {"speaker_id": False, "writer_id": True}
    assert sheet["attributes"] == {}


def test_the_data_sheet_holds_no_id_of_a_person(splits):
    sheet = data_sheet(
        splits, modalities=MODALITIES, labels=LABELS, clusters=CLUSTERS, attributes=["speaker_gender"]
    )
    assert "train-s1" not in str(sheet)
