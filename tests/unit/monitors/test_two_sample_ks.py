"""Distances between distribution functions against scipy, brute force, and laws of any data."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import kolmogorov
from scipy.stats import cramervonmises_2samp, ks_2samp, kstwobign

from ombud_monitors.two_sample import KS, BinnedKS, CramerVonMises, Exchangeable, Windows
from ombud_monitors.two_sample.column_evidence import permuted_evidence
from ombud_monitors.two_sample.cramer_von_mises import (
    limit_quantile,
    limit_survival,
    mean_square,
    root_mean_square,
)
from ombud_monitors.two_sample.histograms import BINS, Bins
from ombud_monitors.two_sample.kolmogorov import (
    FLOOR,
    critical_distance,
    detectable_distance,
    exact_p_value,
    p_value,
)
from ombud_monitors.two_sample.ks import supremum
from ombud_monitors.two_sample.largest_distance import Bounds, largest_distance, steps_apart
from ombud_monitors.two_sample.unit_curves import UnitCurves, codes

Rows = NDArray[np.float64]


def normal(rng: np.random.Generator, n: int, d: int) -> Rows:
    return rng.normal(size=(n, d))


def tied(rng: np.random.Generator, n: int, d: int) -> Rows:
    return rng.integers(0, 5, size=(n, d)).astype(float)


def heavy(rng: np.random.Generator, n: int, d: int) -> Rows:
    return rng.standard_cauchy(size=(n, d))


def peaked(rng: np.random.Generator, n: int, d: int) -> Rows:
    return np.where(rng.random((n, d)) < 0.7, 0.0, np.exp(3 * rng.normal(size=(n, d))))


def neighbours(rng: np.random.Generator, n: int, d: int) -> Rows:
    """Values one rounding of single precision apart, as near to the ends of bins as can be."""
    return 1 + 1.2e-7 * rng.integers(0, 40, size=(n, d))


KINDS = pytest.mark.parametrize("kind", [normal, tied, heavy, peaked, neighbours], ids=lambda k: k.__name__)
SIZES = pytest.mark.parametrize(("n", "m"), [(200, 130), (57, 400), (1, 1), (2, 90), (600, 600)])


@KINDS
@SIZES
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_ks_is_scipys_largest_statistic(kind: Any, n: int, m: int, dtype: Any) -> None:
    rng = np.random.default_rng(n + m)
    x, y = kind(rng, n, 12).astype(dtype), kind(rng, m, 12).astype(dtype)
    scipy = [ks_2samp(x[:, j], y[:, j], method="asymp").statistic for j in range(12)]
    bins = Bins.of(x)
    bounds = Bounds.of(bins.counts(x)[:, :BINS] / n, bins.counts(y)[:, :BINS] / m)
    ordered = np.sort(x.T, axis=1)
    largest, known = largest_distance(ordered, y, bounds, bins)
    steps = [steps_apart(ordered[j], y[:, j]) for j in range(12)]
    assert steps == [round(s * n * m) for s in scipy]
    assert largest == max(steps) / (n * m)
    assert (known <= np.array(scipy) + 1e-12).all()
    assert (bounds.lower <= np.array(scipy) + 1e-12).all()
    assert (bounds.upper >= np.array(scipy) - 1e-12).all()


@KINDS
def test_the_verdict_is_scipys_exact_test_with_bonferroni(kind: Any) -> None:
    rng = np.random.default_rng(1)
    x, y = kind(rng, 150, 6), kind(rng, 110, 6)
    y[:, 4] += 0.4
    verdict = KS().fit(x).test(y, seed=0)
    scipy = [ks_2samp(x[:, j], y[:, j], method="exact") for j in range(6)]
    assert verdict.statistic == pytest.approx(max(s.statistic for s in scipy), abs=1e-12)
    assert verdict.p_value == pytest.approx(min(1.0, 6 * min(s.pvalue for s in scipy)), rel=1e-6)
    assert verdict.causes[0].name == f"column {int(np.argmax([s.statistic for s in scipy]))}"


def test_only_columns_that_may_be_largest_are_sorted(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    x, y = normal(rng, 2000, 128), normal(rng, 2000, 128)
    fitted = KS().fit(x)
    merged = []

    def counted(a: Any, b: Any, ranges: Any) -> int:
        merged.append(1)
        return steps_apart(a, b, ranges)

    monkeypatch.setattr("ombud_monitors.two_sample.largest_distance.steps_apart", counted)
    verdict = fitted.test(y, seed=0)
    assert verdict.statistic == max(ks_2samp(x[:, j], y[:, j], method="asymp").statistic for j in range(128))
    assert len(merged) < 20


def test_means_in_causes_are_those_of_the_columns() -> None:
    rng = np.random.default_rng(3)
    x, y = normal(rng, 300, 9).astype(np.float32), normal(rng, 200, 9).astype(np.float32)
    y[:, 7] += 2
    first = KS().fit(x).test(y, seed=0).causes[0]
    assert first.name == "column 7"
    assert first.reference == pytest.approx(x[:, 7].mean(), abs=1e-6)
    assert first.current == pytest.approx(y[:, 7].mean(), abs=1e-6)
    assert first.effect == pytest.approx((y[:, 7].mean() - x[:, 7].mean()) / x[:, 7].std(), abs=1e-5)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 5), (4, 4), (5, 3), (6, 4)])
def test_exact_p_values_are_shares_of_all_splits(n: int, m: int) -> None:
    values = np.arange(n + m)
    distances = []
    for picks in combinations(range(n + m), n):
        x, y = values[list(picks)], np.delete(values, picks)
        distances.append(steps_apart(x, y))
    for steps in set(distances):
        share = np.mean(np.array(distances) >= steps)
        assert exact_p_value(steps / (n * m), n, m) == pytest.approx(share, abs=1e-12)
    assert exact_p_value(0.0, n, m) == 1.0


@pytest.mark.parametrize(("n", "m"), [(201, 201), (300, 5000), (500, 700), (1000, 997), (1000, 1000)])
def test_the_limit_is_never_smaller_than_the_exact_p_value(n: int, m: int) -> None:
    for tail in (0.05, 0.01, 1e-3, 1e-5, 1e-7):
        distance = critical_distance(tail, n, m)
        exact, given = exact_p_value(distance, n, m), p_value(distance, n, m)
        assert exact <= given * (1 + 1e-6)
        assert given <= (1.5 if tail > 1e-6 else 3) * exact


def test_p_values_have_a_floor_and_fall_with_the_distance() -> None:
    assert p_value(1.0, 50_000, 50_000) == FLOOR
    for n, m in ((5, 9), (200, 190), (300, 4000)):
        found = [p_value(d, n, m) for d in np.linspace(0, 1, 60)]
        assert found[0] == 1.0
        assert min(found) > 0
        assert (np.diff(found) <= 1e-12).all()


def test_critical_distances_are_kolmogorovs() -> None:
    assert critical_distance(0.05, 400, 100) == pytest.approx(kstwobign.isf(0.05) / np.sqrt(80), rel=1e-6)
    assert kolmogorov(critical_distance(1e-4, 900, 900) * np.sqrt(450)) == pytest.approx(1e-4)
    assert critical_distance(0.05, 1, 1) == detectable_distance(0.05, 2, 2) == 1.0


@KINDS
def test_binned_distances_are_below_the_exact_one_and_near_it(kind: Any) -> None:
    rng = np.random.default_rng(4)
    for seed in range(5):
        x, y = kind(rng, 900, 8), kind(rng, 700, 8)
        exact, binned = (test().fit(x).test(y, seed=seed) for test in (KS, BinnedKS))
        assert exact.statistic is not None
        assert binned.statistic is not None
        assert exact.p_value is not None
        assert binned.p_value is not None
        assert binned.statistic <= exact.statistic + 1e-12
        assert binned.p_value >= exact.p_value * (1 - 1e-9)
        assert exact.statistic - binned.statistic < 0.012
        assert binned.effect_high is not None
        assert binned.effect_high >= exact.statistic


def test_mean_squares_are_andersons_statistic_without_ties() -> None:
    rng = np.random.default_rng(5)
    for n, m in ((60, 80), (2, 7), (33, 33)):
        x, y = rng.normal(size=n), rng.normal(0.3, size=m)
        ours = n * m / (n + m) * mean_square(np.sort(x), np.sort(y)) + 1 / (4 * (n + m))
        assert ours == pytest.approx(cramervonmises_2samp(x, y, method="asymptotic").statistic)


def test_mean_squares_with_ties_equal_the_definition_by_mid_ranks() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.integers(0, 4, 40), rng.integers(0, 6, 31)
    pooled = np.concatenate([x, y])

    def half_way(sample: NDArray[np.int64]) -> NDArray[np.float64]:
        return ((sample[None] < pooled[:, None]) + 0.5 * (sample[None] == pooled[:, None])).mean(axis=1)

    expected = np.mean((half_way(x) - half_way(y)) ** 2)
    assert mean_square(np.sort(x), np.sort(y)) == pytest.approx(expected)


def test_cramer_von_mises_is_scipys_with_bonferroni() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(90, 4)), rng.normal([0, 0.2, 0, 0.4], size=(70, 4))
    scipy = [cramervonmises_2samp(x[:, j], y[:, j], method="asymptotic") for j in range(4)]
    verdict = CramerVonMises().fit(x).test(y, seed=0)
    assert verdict.statistic == pytest.approx(max(s.statistic for s in scipy))
    assert verdict.p_value == pytest.approx(min(1.0, 4 * min(s.pvalue for s in scipy)), rel=1e-6)


def test_few_rows_are_permuted_and_agree_with_the_exact_test() -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(size=12), rng.normal(1.0, size=14)
    fitted = CramerVonMises(permutations=20_000).fit(x)
    # Drawing stops at 20 extreme splits, which leaves a p-value an error of 22%.
    found = np.mean([fitted.test(y, seed=seed).p_value or 0.0 for seed in range(20)])
    assert found == pytest.approx(cramervonmises_2samp(x, y, method="exact").pvalue, rel=0.25)


@pytest.mark.parametrize(("x", "tail"), [(0.3473, 0.1), (0.46136, 0.05), (0.74346, 0.01), (1.16786, 0.001)])
def test_the_limit_has_the_published_quantiles(x: float, tail: float) -> None:
    """Anderson & Darling (1952), table 1."""
    assert limit_survival(x) == pytest.approx(tail, rel=1e-3)
    assert limit_quantile(tail) == pytest.approx(x, abs=3e-4)


def test_the_limits_far_tail_is_that_of_its_first_term() -> None:
    """``sqrt(2) P(chi2_1 > pi^2 x)``, to which the survival function tends."""
    for x in (5.0, 20.0, 60.0):
        tail = np.sqrt(2) * np.exp(-(np.pi**2) * x / 2) / np.sqrt(np.pi**3 * x / 2)
        assert limit_survival(x) == pytest.approx(tail, rel=0.03)
    assert limit_survival(1e6) > 0


def test_unit_curves_of_rows_give_the_distances_of_their_windows() -> None:
    rng = np.random.default_rng(9)
    x, y = tied(rng, 80, 3), tied(rng, 50, 3)
    windows = Windows.of(x, y)
    curves = UnitCurves.of(codes(windows.pooled), windows.units)
    for norm, truth in (
        (supremum, lambda a, b: ks_2samp(a, b, method="asymp").statistic),
        (root_mean_square, lambda a, b: np.sqrt(mean_square(np.sort(a), np.sort(b)))),
    ):
        moved = permuted_evidence(curves, norm, wobble=0.5, permutations=99, level=0.05, seed=0)
        assert moved.distances == pytest.approx([truth(x[:, j], y[:, j]) for j in range(3)], abs=1e-6)
        assert moved.evidence.statistic == pytest.approx(max(moved.distances))


def test_unit_curves_of_clusters_average_each_cluster() -> None:
    rng = np.random.default_rng(10)
    pooled, who = rng.normal(size=(300, 2)), rng.integers(0, 9, 300).astype(str)
    units = Exchangeable.of(200, 100, np.char.add("r", who[:200]), np.char.add("c", who[200:]))
    numbers = codes(pooled)
    curves = UnitCurves.of(numbers, units)
    weights, _ = curves.weights(units.in_current[None])
    by_hand = np.zeros(int(numbers[:, 1].max()) + 1)
    for unit in range(units.size):
        own = numbers[units.of_row == unit, 1]
        by_hand += weights[0, unit] * (own[:, None] <= np.arange(len(by_hand))).mean(axis=0)
    assert curves.differences(1, weights)[0] == pytest.approx(by_hand, abs=1e-6)
    assert curves.shares(1).sum() == pytest.approx(1.0)


def test_codes_keep_order_and_ties() -> None:
    rng = np.random.default_rng(11)
    for values in (rng.normal(size=(3000, 1)), tied(rng, 500, 1), np.ones((5, 1))):
        found = codes(values)[:, 0]
        order = np.argsort(values[:, 0], kind="stable")
        assert (np.diff(found[order]) >= 0).all()
        assert len(np.unique(found)) <= 256
        for code in np.unique(found)[:50]:
            assert np.mean(found == code) <= 0.3 or len(np.unique(values[found == code])) == 1
