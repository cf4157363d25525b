"""The bias audit finds planted disparities, keeps its error level, and declines where it cannot know."""

import json
import math

import numpy as np
import pytest

from ombud.domain.observations import Observations
from ombud.errors import BadInput
from ombud_monitors.fairness import Status, audit

CLUSTERS = {"audio": "speaker_id", "image": "writer_id"}
CLASSES = 4


def observed(seed, *, n=600, gap=0.0, speakers=24, spread=0.05, women=None):
    """Answers of a model whose accuracy differs by speaker, and by ``gap`` between women and men."""
    rng = np.random.default_rng(seed)
    speaker, writer = rng.integers(0, speakers, n), rng.integers(0, 60, n)
    woman = np.arange(speakers) < (speakers // 2 if women is None else women)
    gender = np.where(woman, "f", "m")[speaker]
    chance = np.clip(0.85 + rng.normal(0, spread, speakers)[speaker] - gap * (gender == "f"), 0, 1)
    truth = rng.integers(0, CLASSES, n)
    predicted = np.where(rng.random(n) < chance, truth, (truth + rng.integers(1, CLASSES, n)) % CLASSES)
    p = np.full((n, CLASSES), 0.1, np.float32)
    p[np.arange(n), predicted] = 0.7
    return Observations(
        tuple(f"r{i}" for i in range(n)),
        tuple("abcd"),
        p,
        truth.astype(np.int64),
        {},
        {
            "speaker_id": np.char.add("s", speaker.astype(str)),
            "writer_id": np.char.add("w", writer.astype(str)),
            "speaker_gender": gender,
            "writer_group": np.where(writer % 3 > 0, "employee", "student"),
        },
    )


def one(observations, attribute="speaker_gender", **options):
    settings = {"clusters": CLUSTERS, "seed": 0, "resamples": 199} | options
    return audit(observations, attributes=[attribute], **settings).attributes[0]


def disparity(audited, metric="accuracy", kind="difference"):
    return next(d for d in audited.disparities if (d.metric, d.kind) == (metric, kind))


def test_a_planted_disparity_is_found_with_its_size():
    audited = one(observed(0, gap=0.3))
    found = disparity(audited)
    assert found.status is Status.FINDING
    assert found.value.low <= 0.3 <= found.value.high
    assert found.value.low > 0
    assert "f against m" in found.reason
    assert disparity(audited, kind="ratio").status is Status.FINDING
    assert disparity(audited, kind="ratio").value.high < 1
    assert disparity(audited, "equalized_odds").status is Status.FINDING


def test_any_false_finding_is_rare_although_rows_repeat_speakers():
    """25 audits of equal groups; at level .05 more than 5 findings has probability .001."""
    false = sum(
        bool(
            audit(
                observed(seed, spread=0.1),
                attributes=["speaker_gender", "writer_group"],
                intersections=[("speaker_gender", "writer_group")],
                clusters=CLUSTERS,
                seed=seed,
                resamples=99,
            ).findings
        )
        for seed in range(25)
    )
    assert false <= 5


def test_rows_would_cry_wolf_where_speakers_do_not():
    """Few speakers of very different skill: by row the noise of speakers looks like a disparity."""
    by_row = by_speaker = 0
    for seed in range(20):
        seen = observed(seed, speakers=14, spread=0.15)
        by_row += disparity(one(seen, clusters={})).status is Status.FINDING
        by_speaker += disparity(one(seen)).status is Status.FINDING
    assert by_speaker <= 3
    assert by_row >= by_speaker + 5


def test_the_unit_is_read_from_the_attribute_and_rows_are_the_fallback():
    seen = observed(0)
    assert one(seen).cluster == "speaker_id"
    assert one(seen, "writer_group").cluster == "writer_id"
    assert one(seen, clusters={}).cluster is None
    assert one(seen).groups[0].clusters == 12
    assert one(seen, clusters={}).groups[0].clusters is None


def test_an_intersection_is_audited_as_one_attribute():
    report = audit(
        observed(0, gap=0.3),
        attributes=[],
        intersections=[("speaker_gender", "writer_group")],
        clusters=CLUSTERS,
        seed=0,
        resamples=199,
    )
    audited = report.attributes[0]
    assert audited.attribute == "speaker_gender × writer_group"
    assert {g.group for g in audited.groups} == {
        "f × employee",
        "f × student",
        "m × employee",
        "m × student",
    }
    assert sum(g.n for g in audited.groups) == 600
    assert disparity(audited).status is Status.FINDING


def test_too_few_speakers_is_not_applicable_with_the_number_needed():
    audited = one(observed(0, gap=0.5, women=3))
    assert all(d.status is Status.NOT_APPLICABLE for d in audited.disparities)
    assert "f has 3 distinct speaker_id, needs 5" in disparity(audited).reason
    assert disparity(audited).value.value is None


def test_a_level_that_the_speakers_cannot_decide_is_not_applicable():
    audited = one(observed(0, gap=0.5, speakers=10), level=0.001)
    assert disparity(audited).status is Status.NOT_APPLICABLE
    assert "too few ways" in disparity(audited).reason
    assert "per group would do" in disparity(audited).reason


def test_a_small_group_gets_no_metrics_and_takes_no_part():
    seen = observed(0)
    attributes = dict(seen.attributes) | {"agegroup": np.where(np.arange(600) < 10, "old", "young")}
    seen = Observations(seen.ids, seen.labels, seen.probabilities, seen.truth, {}, attributes)
    audited = one(seen, "agegroup")
    old = next(g for g in audited.groups if g.group == "old")
    assert old.metrics["accuracy"].value is None
    assert "at least 30" in old.metrics["accuracy"].reason
    assert "old has 10 rows, needs 30" in disparity(audited).reason


def test_values_are_those_of_a_plain_count():
    seen = observed(2)
    audited = one(seen)
    for group in audited.groups:
        inside = seen.attributes["speaker_gender"] == group.group
        accuracy = seen.correct[inside].mean()
        recalls = [seen.correct[inside & (seen.truth == c)].mean() for c in range(CLASSES)]
        assert group.metrics["accuracy"].value == pytest.approx(accuracy)
        assert group.metrics["error_rate"].value == pytest.approx(1 - accuracy)
        assert group.metrics["macro_recall"].value == pytest.approx(np.mean(recalls))
        for number in group.metrics.values():
            assert number.low <= number.value <= number.high


def test_failed_answers_are_wrong_and_unlabelled_rows_are_left_out():
    seen = observed(0)
    p, truth = seen.probabilities.copy(), seen.truth.copy()
    p[:100] = np.nan
    truth[100:200] = -1
    audited = one(Observations(seen.ids, seen.labels, p, truth, {}, seen.attributes))
    assert sum(g.n for g in audited.groups) == 500
    right = sum(g.n * g.metrics["accuracy"].value for g in audited.groups)
    assert right == pytest.approx(seen.correct[200:].sum())


def test_rows_without_a_value_are_counted_not_grouped():
    seen = observed(0)
    gender = seen.attributes["speaker_gender"].copy()
    gender[:40] = ""
    attributes = dict(seen.attributes) | {"speaker_gender": gender}
    audited = one(Observations(seen.ids, seen.labels, seen.probabilities, seen.truth, {}, attributes))
    assert audited.unrecorded == 40
    assert [g.group for g in audited.groups] == ["f", "m"]


def test_a_perfect_model_has_an_honest_interval():
    seen = observed(0)
    p = np.eye(CLASSES, dtype=np.float32)[seen.truth]
    found = disparity(one(Observations(seen.ids, seen.labels, p, seen.truth, {}, seen.attributes)))
    assert found.value.value == 0
    assert found.value.low < -0.1
    assert found.value.high > 0.1
    assert found.status is Status.NO_FINDING


@pytest.mark.parametrize("n", [0, 20])
def test_no_labels_or_no_rows_are_declined(n):
    seen = observed(0, n=n)
    nothing = Observations(seen.ids, seen.labels, seen.probabilities, np.full(n, -1), {}, seen.attributes)
    audited = one(nothing)
    assert all(d.status is Status.NOT_APPLICABLE for d in audited.disparities)


def test_an_unknown_attribute_is_refused_by_name():
    with pytest.raises(BadInput, match="'speaker_gendre' is not recorded"):
        one(observed(0), "speaker_gendre")


def test_the_document_is_plain_json_and_repeats_itself():
    settings = {"clusters": CLUSTERS, "seed": 7, "resamples": 99}
    reports = [
        audit(observed(1, women=3), attributes=["speaker_gender", "writer_group"], **settings) for _ in "12"
    ]
    first, second = (json.dumps(r.to_json(), allow_nan=False) for r in reports)
    assert first == second
    document = json.loads(first)
    assert set(document) == {"attributes", "level", "resamples", "method"}
    entry = document["attributes"][1]["disparities"][0]
    assert {"metric", "kind", "value", "status", "reason"} <= set(entry)
    assert "unbiased" not in first


def test_p_values_are_never_zero():
    found = disparity(one(observed(0, gap=0.6)))
    assert 0 < found.p_value <= found.adjusted < math.inf
