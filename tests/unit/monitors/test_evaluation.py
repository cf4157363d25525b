"""Evaluation: numbers by hand, intervals by cluster, failures and gaps accounted for."""

import json

import numpy as np
import pytest

from ombud.domain.observations import ModalityColumns, Observations
from ombud_monitors.clusters import Units, rows
from ombud_monitors.performance.evaluation import evaluate
from ombud_monitors.resampling import interval_of_mean, interval_of_share, wilson

LABELS = ("a", "b", "c")
N = 240
CLUSTERS = {"audio": "speaker_id"}


def answers(accuracy, seed, truth):
    rng = np.random.default_rng(seed)
    predicted = np.where(rng.random(len(truth)) < accuracy, truth, (truth + 1) % 3)
    return np.where(np.arange(3) == predicted[:, None], 0.8, 0.1).astype(np.float32)


def observed(accuracy, *, seed=0, present=None):
    truth = np.arange(N) % 3
    carries = {m: np.ones(N, bool) for m in ("text", "audio")} | (present or {})
    columns = {m: ModalityColumns(flag, (), np.zeros((N, 0)), clusters=None) for m, flag in carries.items()}
    speaker = np.char.add("s", (np.arange(N) // 3 % 12).astype(str))
    attributes = {"speaker_id": speaker, "speaker_gender": np.where(speaker < "s2", "f", "m")}
    return Observations(
        tuple(map(str, range(N))),
        LABELS,
        answers(accuracy, seed, truth),
        truth.astype(np.int64),
        columns,
        attributes,
    )


def report(full, only=None, without=None, **options):
    settings = {"dataset": {"name": "test", "digest": "sha256:0", "n": N, "synthetic": True}} | options
    return evaluate(full, only or {}, without or {}, **settings)


def test_the_document_has_every_part_and_is_plain_json():
    full = observed(0.9)
    ablated = {m: observed(0.7, seed=i) for i, m in enumerate(("text", "audio"))}
    document = report(full, ablated, ablated, group_attributes=["speaker_gender"], clusters=CLUSTERS)
    json.dumps(document, allow_nan=False)
    assert set(document["metrics"]) == {
        "accuracy.fused",
        "log_loss.fused",
        "calibration_error.fused",
        "accuracy.only.text",
        "accuracy.only.audio",
        "calibration_error.only.text",
        "calibration_error.only.audio",
        "accuracy.without.text",
        "accuracy.without.audio",
    }
    assert document["dataset"]["synthetic"] is True
    assert document["labels"] == list(LABELS)
    for number in document["metrics"].values():
        assert number["low"] <= number["value"] <= number["high"]


def test_values_are_those_of_a_plain_count():
    full = observed(0.8)
    document = report(full)
    metrics = document["metrics"]
    assert metrics["accuracy.fused"]["value"] == pytest.approx(full.correct.mean(), abs=1e-6)
    expected = -np.where(full.correct == 1, np.log(0.8), np.log(0.1)).mean()
    assert metrics["log_loss.fused"]["value"] == pytest.approx(expected, abs=1e-6)
    confusion = np.array(document["confusion"])
    assert confusion.sum() == N
    assert np.trace(confusion) == full.correct.sum()
    assert confusion.sum(axis=1).tolist() == [80, 80, 80]


def test_without_clusters_the_interval_is_wilsons():
    full = observed(0.8)
    number = report(full)["metrics"]["accuracy.fused"]
    assert (number["low"], number["high"]) == pytest.approx(wilson(full.correct.sum(), N), abs=1e-6)
    assert "independent" in number["reason"]
    assert "12 distinct speaker_id" in report(full, clusters=CLUSTERS)["metrics"]["accuracy.fused"]["reason"]


def test_the_fused_output_is_resampled_by_the_modality_with_fewest_units():
    full = observed(0.8)
    document = report(full, clusters={"text": "nothing_known", "audio": "speaker_id"})
    assert "speaker_id" in document["metrics"]["accuracy.fused"]["reason"]


def test_rows_that_lack_the_input_are_left_out_of_its_metric():
    silent = np.arange(N) < 60
    full = observed(0.9, present={"audio": ~silent})
    only = {"audio": observed(0.9, present={"audio": ~silent})}
    without = {"text": observed(0.9, present={"audio": ~silent})}
    metrics = report(full, only, without)["metrics"]
    assert metrics["accuracy.only.audio"]["n"] == 180
    assert metrics["accuracy.without.text"]["n"] == 180
    assert metrics["accuracy.fused"]["n"] == N


def test_a_failed_answer_is_wrong_and_an_unlabelled_row_is_not_judged():
    full = observed(1.0)
    p, truth = full.probabilities.copy(), full.truth.copy()
    p[:24] = np.nan
    truth[24:48] = -1
    spoilt = Observations(full.ids, LABELS, p, truth, full.modalities, full.attributes)
    document = report(spoilt)
    assert document["metrics"]["accuracy.fused"]["n"] == 216
    assert document["metrics"]["accuracy.fused"]["value"] == pytest.approx(192 / 216, abs=1e-6)
    assert document["failed"] == 24
    assert np.sum(document["confusion"]) == 192


def test_nothing_labelled_gives_reasons_instead_of_numbers():
    full = observed(0.9)
    unlabelled = Observations(full.ids, LABELS, full.probabilities, np.full(N, -1), full.modalities)
    for number in report(unlabelled, group_attributes=["speaker_gender"])["metrics"].values():
        assert number["value"] is None
        assert number["reason"]


def test_groups_carry_their_clusters_and_too_few_have_no_interval():
    document = report(observed(0.8), group_attributes=["speaker_gender", "unknown"], clusters=CLUSTERS)
    groups = {g["group"]: g for g in document["groups"]}
    assert set(groups) == {"f", "m"}
    assert groups["f"]["n"] + groups["m"]["n"] == N
    assert groups["f"]["clusters"] + groups["m"]["clusters"] == 12
    assert groups["f"]["clusters"] < 5
    assert groups["f"]["accuracy"]["low"] is None
    assert "at least 5" in groups["f"]["accuracy"]["reason"]
    assert groups["m"]["accuracy"]["low"] is not None


def test_a_perfect_score_has_no_zero_width_interval():
    number = report(observed(1.0), clusters=CLUSTERS)["metrics"]["accuracy.fused"]
    assert number["value"] == number["high"] == 1.0
    assert number["low"] == pytest.approx(wilson(12, 12)[0], abs=1e-6)


def test_equal_seeds_give_equal_documents():
    assert report(observed(0.8), clusters=CLUSTERS, seed=4) == report(
        observed(0.8), clusters=CLUSTERS, seed=4
    )


def test_clustered_intervals_cover_where_row_intervals_do_not():
    """200 draws of 20 speakers of unequal skill: cover ≥ 90% by speaker, under 75% by row."""
    by_speaker = by_row = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        skill = rng.beta(8, 2, 20)
        index = np.repeat(np.arange(20), 40)
        hits = (rng.random(800) < skill[index]).astype(np.float64)
        clustered = interval_of_share(hits, Units("speaker_id", index, 20), seed=seed, resamples=400)
        alone = interval_of_share(hits, rows(800), seed=seed)
        by_speaker += clustered.low <= 0.8 <= clustered.high
        by_row += alone.low <= 0.8 <= alone.high
    assert by_speaker >= 180
    assert by_row < 150


def test_an_interval_of_nothing_is_declined():
    assert interval_of_mean(np.zeros(0), rows(0), unit="nats", seed=0).value is None
    assert interval_of_share(np.zeros(0), rows(0), seed=0).value is None
