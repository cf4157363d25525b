"""Bad input never becomes a p-value: every registered test says what is wrong, and what would do.

Windows hold whole numbers of few kinds, so that tests of categories take them as well as tests of
measurements; what is registered later is tested here without a line added.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ombud.domain.verdict import Outcome, Verdict
from ombud.errors import BadInput
from ombud_monitors.two_sample.registry import DETECTORS

every_detector = pytest.mark.parametrize("name", list(DETECTORS))
of_defined_values = pytest.mark.parametrize("name", [n for n, d in DETECTORS.items() if not d.undefined])
of_undefined_values = pytest.mark.parametrize("name", [n for n, d in DETECTORS.items() if d.undefined])


def rows(seed: int, n: int = 60, d: int = 3) -> NDArray[np.float64]:
    return np.random.default_rng(seed).integers(0, 4, size=(n, d)).astype(np.float64)


def judged(name: str, reference: Any, current: Any, who: Any = None, them: Any = None) -> Verdict:
    return DETECTORS[name]().fit(reference, clusters=who).test(current, clusters=them, seed=0)


def refused(words: str, name: str, reference: Any, current: Any, who: Any = None, them: Any = None) -> None:
    """Fitting or testing raises, with what was expected or found, and with a remedy."""
    with pytest.raises(BadInput, match=words) as said:
        judged(name, reference, current, who, them)
    assert said.value.remedy


def not_applicable(verdict: Verdict) -> str:
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.p_value is None
    assert verdict.statistic is None
    return verdict.reason


@of_defined_values
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_cells_that_are_no_numbers_are_refused(name: str, value: float) -> None:
    spoiled = rows(1)
    spoiled[7, 2] = value
    refused(r"not finite \(columns \[2\]\)", name, rows(0), spoiled)
    refused(r"not finite \(columns \[2\]\)", name, spoiled, rows(0))


@of_undefined_values
def test_undefined_cells_are_allowed_where_the_test_says_so_and_infinite_ones_never(name: str) -> None:
    spoiled = rows(1)
    spoiled[7, 2] = np.nan
    verdict = judged(name, rows(0), spoiled)
    assert verdict.p_value is not None
    assert 0 < verdict.p_value <= 1
    spoiled[7, 2] = np.inf
    refused("not finite", name, rows(0), spoiled)


@of_undefined_values
def test_windows_in_which_nothing_is_defined_give_no_p_value(name: str) -> None:
    nothing = np.full((60, 3), np.nan)
    not_applicable(judged(name, nothing, nothing))


@every_detector
@pytest.mark.parametrize("scale", [1e30, 1e-30])
def test_the_unit_of_measurement_makes_no_drift(name: str, scale: float) -> None:
    verdict = judged(name, rows(0) * scale, rows(0)[:40] * scale)
    assert verdict.p_value is not None
    assert 0.2 < verdict.p_value <= 1
    assert verdict.effect is not None
    assert np.isfinite(verdict.effect)


@pytest.mark.parametrize("name", ["ks", "cramer_von_mises", "categories", "classifier"])
@pytest.mark.parametrize("scale", [1e160, 1e-35])
@pytest.mark.filterwarnings("ignore:overflow encountered")
def test_numbers_whose_squares_are_none_are_told_apart_all_the_same(name: str, scale: float) -> None:
    x, y = rows(0, 300) * scale, rows(1, 300)
    assert judged(name, x, np.maximum(y, 1) * scale).outcome is Outcome.DRIFT
    assert judged(name, x, y * scale).outcome is Outcome.QUIET


@every_detector
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (np.zeros((0, 3)), "non-empty"),
        (np.zeros((60, 0)), "non-empty"),
        (np.zeros((4, 3, 2)), "non-empty"),
        (np.float64(3.0), "non-empty"),
        (np.full((60, 3), "red"), "expected numbers"),
        (np.full((60, 3), None), "expected numbers"),
        (np.zeros((60, 3), dtype=complex), "expected numbers"),
        (np.zeros((60, 3), dtype="datetime64[s]"), "expected numbers"),
    ],
    ids=["no rows", "no columns", "three axes", "a scalar", "texts", "objects", "complex", "dates"],
)
def test_what_is_no_table_of_numbers_is_refused(name: str, bad: Any, words: str) -> None:
    refused(words, name, rows(0), bad)
    refused(words, name, bad, rows(0))


@every_detector
def test_masked_cells_are_refused_and_a_mask_of_nothing_is_none(name: str) -> None:
    masked = np.ma.masked_greater(rows(2), 2)
    refused("masked", name, rows(1), masked)
    refused("masked", name, masked, rows(1))
    assert judged(name, rows(1), np.ma.array(rows(2))) == judged(name, rows(1), rows(2))


@every_detector
def test_windows_of_different_width_are_refused(name: str) -> None:
    refused("expected 3 columns as in the reference, got 2", name, rows(0), rows(1, d=2))


@every_detector
def test_reference_and_current_of_swapped_kinds_are_refused(name: str) -> None:
    kinds: tuple[Any, ...] = (rows(0), rows(0).astype(np.int64), rows(0) > 1)
    for i, reference in enumerate(kinds):
        for j, current in enumerate(kinds):
            if i != j:
                refused("current window: expected .* as in the reference, got", name, reference, current)


@every_detector
@pytest.mark.parametrize(("reference", "current"), [(">f8", "<f8"), ("uint8", "int64"), ("int8", "int32")])
def test_the_same_numbers_of_another_size_or_byte_order_are_no_drift(
    name: str, reference: Any, current: Any
) -> None:
    verdict = judged(name, rows(0).astype(reference), rows(0).astype(current))
    assert verdict.p_value is not None
    assert verdict.p_value > 0.2


@every_detector
@pytest.mark.parametrize(("reference", "current"), [("float32", "float64"), ("float64", "float32")])
def test_tenths_in_single_and_in_double_precision_are_one_measurement(
    name: str, reference: Any, current: Any
) -> None:
    tenths = rows(0, 200) / 10
    verdict = judged(name, tenths.astype(reference), tenths.astype(current))
    assert verdict.p_value is not None
    assert verdict.p_value > 0.2


@every_detector
@pytest.mark.parametrize("unit", [1e60, 1e160, 1e300, 1e-160])
def test_values_beyond_what_can_be_squared_are_no_drift(name: str, unit: float) -> None:
    """Overflow to NaN once gave p = 0: the answer is an error, a refusal or the p-value of clean windows."""
    x, y = (np.random.default_rng(seed).normal(size=(60, 3)) * unit for seed in (2, 3))
    with np.errstate(all="ignore"), contextlib.suppress(BadInput):
        verdict = judged(name, x, y)
        assert verdict.outcome is not Outcome.DRIFT
        assert verdict.p_value is None or verdict.p_value > 0.01


@every_detector
@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_window_too_small_gives_no_p_value_or_a_valid_one(name: str, n: int) -> None:
    for reference, current in ((rows(0, n), rows(1)), (rows(0), rows(1, n)), (rows(0, n), rows(1, n))):
        verdict = judged(name, reference, current)
        if min(len(reference), len(current)) < DETECTORS[name].fewest:
            reason = not_applicable(verdict)
            assert re.search(r"\d+ would do", reason)
        elif verdict.p_value is None:
            assert "would do" in not_applicable(verdict)
        else:
            assert 0 < verdict.p_value <= 1


@every_detector
def test_constant_windows_give_no_p_value(name: str) -> None:
    same = np.ones((60, 3))
    assert "constant" in not_applicable(judged(name, same, same[:40]))


@every_detector
def test_constant_columns_beside_others_do_no_harm(name: str) -> None:
    x, y = rows(0), rows(1, 50)
    x[:, 1] = y[:, 1] = 5.0
    verdict = judged(name, x, y)
    assert verdict.outcome is Outcome.QUIET
    for number in (verdict.statistic, verdict.effect, verdict.minimum_detectable_effect, verdict.effect_low):
        assert number is not None
        assert np.isfinite(number)


@every_detector
def test_a_column_constant_in_each_window_and_different_is_drift(name: str) -> None:
    verdict = judged(name, np.zeros((60, 1)), np.ones((50, 1)))
    assert verdict.outcome is Outcome.DRIFT


@every_detector
def test_clusters_must_name_every_row(name: str) -> None:
    who, them = (np.arange(60) % 12).astype(str), np.char.add("c", (np.arange(50) % 10).astype(str))
    words = "clusters: expected one name for each of"
    refused(words, name, rows(0), rows(1, 50), who[:-1], them)
    refused(words, name, rows(0), rows(1, 50), who, them[:-1])
    refused(words, name, rows(0), rows(1, 50), who[:, None], them)


@every_detector
def test_too_few_clusters_give_no_p_value_and_the_number_that_would_do(name: str) -> None:
    fitted = DETECTORS[name]().fit(rows(0), clusters=np.repeat(["a", "b", "c"], 20))
    verdict = fitted.test(rows(1) + 5, clusters=np.repeat(["d", "e"], 30), seed=0)
    assert "would do" in not_applicable(verdict)


@every_detector
def test_a_spent_budget_gives_no_p_value(name: str) -> None:
    reason = not_applicable(DETECTORS[name](level=0.0).fit(rows(0)).test(rows(1) + 9, seed=0))
    assert "budget is spent" in reason


@every_detector
@pytest.mark.parametrize("level", [-0.1, 1.0, 5.0, float("nan")])
def test_levels_that_are_none_are_refused(name: str, level: float) -> None:
    with pytest.raises(BadInput, match="level must lie in"):
        DETECTORS[name](level=level)


@every_detector
def test_no_permutations_are_refused(name: str) -> None:
    with pytest.raises(BadInput, match="whole number of at least 1"):
        DETECTORS[name](permutations=0)


@every_detector
@pytest.mark.parametrize("seed", [None, -1, 0.5])
def test_a_seed_that_is_none_is_refused(name: str, seed: Any) -> None:
    with pytest.raises(BadInput, match="seed"):
        DETECTORS[name]().fit(rows(0)).test(rows(1), seed=seed)


def test_one_speaker_is_one_cluster_however_the_number_was_stored() -> None:
    x, y = rows(0), rows(1, 40)
    who, them = np.repeat(np.arange(12), 5), np.repeat(np.arange(8, 16), 5)
    whole = DETECTORS["mean"]().fit(x, clusters=who).test(y, clusters=them, seed=0)
    assert DETECTORS["mean"]().fit(x, clusters=who).test(y, clusters=them.astype(float), seed=0) == whole
    assert whole.clusters_current == 8


def test_missing_cluster_names_are_rows_of_their_own_and_not_one_cluster() -> None:
    who = np.repeat(["a", "b", "c", None, None, None], 10).astype(object)
    verdict = DETECTORS["mean"]().fit(rows(0), clusters=who).test(rows(1), clusters=who, seed=0)
    assert verdict.clusters_reference == 3 + 30


def test_clusters_named_by_measurements_are_refused() -> None:
    refused("clusters", "mean", rows(0), rows(1), np.linspace(0, 1, 60), np.linspace(0, 1, 60))
