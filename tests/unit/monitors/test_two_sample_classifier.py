"""The classifier test: what teaches is not judged, clusters stay whole, and the AUC is the AUC."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ombud.domain.verdict import Outcome
from ombud.errors import BadInput
from ombud_monitors.two_sample import ClassifierTest, Exchangeable, Windows
from ombud_monitors.two_sample.classifier import halves

LEARNERS = pytest.mark.parametrize("learner", ["logistic", "ridge", "boosting"])


def test_halves_hold_half_of_the_units_of_each_window() -> None:
    units = Exchangeable.of(41, 20)
    taught = halves(units, np.random.default_rng(0))
    assert (taught[:41].sum(), taught[41:].sum()) == (20, 10)
    assert not np.array_equal(taught, halves(units, np.random.default_rng(1)))


def test_a_cluster_of_both_windows_is_in_one_half() -> None:
    rng = np.random.default_rng(1)
    units = Exchangeable.of(90, 60, rng.integers(0, 12, 90).astype(str), rng.integers(6, 18, 60).astype(str))
    assert units.shared >= 4
    for seed in range(20):
        taught = halves(units, np.random.default_rng(seed))
        both = np.flatnonzero(units.partner >= 0)
        assert (taught[both] == taught[units.partner[both]]).all()
        for side in (units.in_current, ~units.in_current):
            assert (side & taught).any()
            assert (side & ~taught).any()


@LEARNERS
def test_the_effect_is_the_auc_on_rows_that_did_not_teach(learner: Any) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(160, 4)), rng.normal(0.5, size=(120, 4))
    test = ClassifierTest(learner)
    windows = Windows.of(x, y)
    held = ~halves(windows.units, np.random.default_rng(5))
    scores, _ = test._learn(windows, ~held, 5)
    verdict = test.fit(x).test(y, seed=5)
    assert verdict.effect == pytest.approx(roc_auc_score(np.arange(280)[held] >= 160, scores) - 0.5)
    assert verdict.effect_low is not None
    assert verdict.effect_high is not None
    assert verdict.effect_low < verdict.effect < verdict.effect_high


@LEARNERS
def test_rows_held_out_teach_nothing(learner: Any) -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(80, 3)), rng.normal(size=(60, 3))
    windows = Windows.of(x, y)
    held = ~halves(windows.units, np.random.default_rng(0))
    scores, _ = ClassifierTest(learner)._learn(windows, ~held, 0)
    # Rows held out trade places between the windows: whoever had seen their labels would notice.
    pooled = np.concatenate([x, y])
    places = np.flatnonzero(held)
    pooled[places] = pooled[places[::-1]]
    again, _ = ClassifierTest(learner)._learn(Windows.of(pooled[:80], pooled[80:]), ~held, 0)
    assert again[::-1] == pytest.approx(scores)


def test_linear_learners_name_the_column_and_trees_see_a_change_of_spread() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(400, 5)), rng.normal(size=(400, 5))
    y[:, 3] += 1
    assert ClassifierTest("ridge").fit(x).test(y, seed=0).causes[0].name == "column 3"
    y[:, 3] -= 1
    y[:, 1] *= 3
    assert ClassifierTest("boosting").fit(x).test(y, seed=0).fired
    assert ClassifierTest("boosting").fit(x).test(y, seed=0).causes == ()


def test_clusters_are_judged_as_clusters() -> None:
    rng = np.random.default_rng(5)
    effect = rng.normal(size=(40, 4))
    who, them = np.repeat(np.arange(24), 20), np.repeat(np.arange(24, 40), 20)
    x, y = effect[who] + rng.normal(size=(480, 4)), effect[them] + rng.normal(size=(320, 4))
    rows = ClassifierTest().fit(x).test(y, seed=0)
    clusters = ClassifierTest().fit(x, clusters=who.astype(str)).test(y, clusters=them.astype(str), seed=0)
    assert rows.p_value is not None
    assert clusters.p_value is not None
    assert rows.p_value < 0.01 < clusters.p_value


def test_too_few_units_to_teach_and_to_judge_are_declined() -> None:
    rng = np.random.default_rng(6)
    fitted = ClassifierTest(level=0.5).fit(rng.normal(size=(40, 2)), clusters=["a"] * 40)
    verdict = fitted.test(rng.normal(size=(30, 2)), clusters=["b"] * 30, seed=0)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "4 in each would do" in verdict.reason
    few = ClassifierTest().fit(rng.normal(size=(4, 2))).test(rng.normal(size=(4, 2)), seed=0)
    assert few.outcome is Outcome.NOT_APPLICABLE
    assert "held out" in few.reason


def test_an_unknown_learner_is_refused() -> None:
    with pytest.raises(BadInput, match="expected a learner out of"):
        ClassifierTest("oracle")  # type: ignore[arg-type]
