"""Detectors against independent truth: brute force, scipy, laws that hold whatever the data."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp, mannwhitneyu

from ombud.domain.verdict import Outcome
from ombud.errors import BadInput
from ombud_monitors.detector import Detector
from ombud_monitors.two_sample import KS, MMD, Exchangeable, Mean, Ranks, compare_means
from ombud_monitors.two_sample.mmd import quadratic_forms
from ombud_monitors.two_sample.unit_means import UnitMeans, intraclass_correlation

EVERY: tuple[Detector, ...] = (Mean(), Ranks(), KS(), MMD())


def brute_force(x: NDArray[np.float64], h: float, v: NDArray[np.float64]) -> float:
    return float(v @ np.exp(-cdist(x, x, "sqeuclidean") / (2 * h**2)) @ v)


@pytest.mark.parametrize("clustered", [False, True])
def test_quadratic_forms_equal_brute_force(clustered: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1300, 16))
    names = (rng.integers(0, 40, 700).astype(str), rng.integers(40, 70, 600).astype(str))
    units = Exchangeable.of(700, 600, *names) if clustered else Exchangeable.of(700, 600)
    contrasts = rng.normal(size=(5, units.size))
    contrasts -= contrasts.mean(axis=1, keepdims=True)
    contrasts /= np.abs(contrasts).sum(axis=1, keepdims=True)
    found = quadratic_forms(x, 3.0, contrasts, units)
    rows = (contrasts / units.rows)[:, units.of_row]
    assert found == pytest.approx([brute_force(x, 3.0, v) for v in rows], abs=1e-6)


def test_mmd_statistic_is_the_squared_mmd() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(90, 3)), rng.normal(0.3, size=(60, 3))
    verdict = MMD().fit(x).test(y, seed=0)
    pooled = np.concatenate([x, y])
    z = (pooled - pooled.mean(axis=0)) / pooled.std(axis=0)
    h = float(np.median(cdist(z, z)[np.triu_indices(150, 1)]))
    v = np.r_[np.full(90, -1 / 90), np.full(60, 1 / 60)]
    assert verdict.statistic == pytest.approx(brute_force(z, h, v), abs=1e-6)


def test_ks_equals_scipy_per_column() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(200, 3)), np.round(rng.normal(0.2, size=(130, 3)), 1)
    verdict = KS().fit(x).test(y, seed=0)
    scipy = [ks_2samp(x[:, j], y[:, j], method="exact") for j in range(3)]
    assert verdict.statistic == pytest.approx(max(s.statistic for s in scipy))
    assert verdict.p_value == pytest.approx(min(1.0, 3 * min(s.pvalue for s in scipy)))


def test_ranks_of_one_column_agree_with_mann_whitney() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.exponential(size=(80, 1)), rng.exponential(1.5, size=(70, 1))
    ours = compare_means(
        np.r_[x, y].argsort(axis=0).argsort(axis=0).astype(float),
        Exchangeable.of(80, 70),
        alternative="two-sided",
        permutations=19_999,
        level=0.05,
        seed=0,
    )
    assert ours.p_value == pytest.approx(mannwhitneyu(x[:, 0], y[:, 0]).pvalue, abs=0.006)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_same_seed_same_verdict_and_order_of_rows_is_no_evidence(detector: Detector) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(120, 4)), rng.normal(0.5, size=(80, 4))
    fitted = detector.fit(x)
    assert fitted.test(y, seed=3) == fitted.test(y, seed=3)
    again = detector.fit(x[rng.permutation(120)]).test(y[rng.permutation(80)], seed=3)
    assert again.fired == fitted.test(y, seed=3).fired is True
    assert again.statistic == pytest.approx(fitted.test(y, seed=3).statistic, rel=1e-4)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_units_of_measurement_are_no_evidence(detector: Detector) -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(100, 3)), rng.normal(0.2, size=(80, 3))
    plain = detector.fit(x).test(y, seed=1)
    scaled = detector.fit(x * [1000, 0.001, 7] + 5).test(y * [1000, 0.001, 7] + 5, seed=1)
    assert scaled.p_value == pytest.approx(plain.p_value)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_equal_windows_are_quiet(detector: Detector) -> None:
    rows = np.random.default_rng(5).normal(size=(60, 2))
    verdict = detector.fit(rows).test(rows, seed=0)
    assert verdict.outcome is Outcome.QUIET
    assert verdict.p_value > 0.5


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_windows_in_which_nothing_varies_give_no_p_value(detector: Detector) -> None:
    verdict = detector.fit(np.ones((60, 2))).test(np.ones((60, 2)), seed=0)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.p_value is None
    assert "constant" in verdict.reason


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_verdict_carries_its_evidence(detector: Detector) -> None:
    rng = np.random.default_rng(6)
    who = rng.integers(0, 12, 100).astype(str)
    fitted = detector.fit(rng.normal(size=(100, 3)), clusters=who)
    verdict = fitted.test(rng.normal(size=(80, 3)), clusters=np.char.add("c", who[:80]), seed=1)
    assert verdict.outcome in (Outcome.QUIET, Outcome.DRIFT)
    assert verdict.clusters_reference == 12
    assert verdict.clusters_current is not None
    assert verdict.p_value is not None
    assert 0 < verdict.p_value <= 1
    for number in (verdict.statistic, verdict.effect, verdict.minimum_detectable_effect, verdict.threshold):
        assert number is not None
        assert np.isfinite(number)
    assert verdict.effect_unit
    assert fitted.digest.startswith("sha256:")


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_too_few_clusters_decline_with_the_number_that_would_do(detector: Detector) -> None:
    rng = np.random.default_rng(7)
    fitted = detector.fit(rng.normal(size=(60, 2)), clusters=np.repeat(["a", "b", "c"], 20))
    verdict = fitted.test(rng.normal(5.0, size=(40, 2)), clusters=np.repeat(["d", "e"], 20), seed=0)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.p_value is None
    assert "would do" in verdict.reason


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_bad_windows_are_refused_with_a_remedy(detector: Detector) -> None:
    fitted = detector.fit(np.random.default_rng(8).normal(size=(60, 2)))
    infinite = np.ones((50, 2))
    infinite[3, 1] = np.inf
    for bad, words in (
        (np.ones((50, 3)), "expected 2 columns"),
        (np.ones((0, 2)), "non-empty"),
        (infinite, "not finite"),
        (np.full((50, 2), "a"), "expected numbers"),
    ):
        with pytest.raises(BadInput, match=words) as refused:
            fitted.test(bad, seed=0)
        assert refused.value.remedy


def test_undefined_cells_are_left_out_by_means_and_ranks() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(100, 2)), rng.normal([1.0, 0.0], size=(80, 2))
    y[:40, 1] = np.nan
    for detector in (Mean(), Ranks()):
        assert detector.fit(x).test(y, seed=0).fired
        empty = y.copy()
        empty[:, 1] = np.nan
        assert detector.fit(x).test(empty, seed=0).fired
    with pytest.raises(BadInput, match="not finite"):
        MMD().fit(x).test(y, seed=0)


def test_one_sided_means_look_one_way_only() -> None:
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(100, 1)), rng.normal(1.0, size=(80, 1))
    assert Mean("greater").fit(x).test(y, seed=0).fired
    assert not Mean("less").fit(x).test(y, seed=0).fired


def test_two_strange_clusters_of_unequal_size_are_the_most_extreme_of_351_splits() -> None:
    rng = np.random.default_rng(11)
    sizes = rng.integers(4, 90, 25)
    x = np.concatenate([rng.normal(rng.normal(0, 0.3), 1.0, n) for n in sizes])[:, None]
    y = np.concatenate([rng.normal(-1.5, 1.0, 300), rng.normal(-1.2, 1.0, 100)])[:, None]
    names = np.repeat([f"r{i}" for i in range(25)], sizes), np.repeat(["c0", "c1"], [300, 100])
    verdict = Mean("less", level=0.003).fit(x, clusters=names[0]).test(y, clusters=names[1], seed=0)
    assert verdict.p_value == pytest.approx(1 / 351)
    assert verdict.fired


def test_scores_have_unit_variance_whatever_the_sizes_of_units() -> None:
    rng = np.random.default_rng(12)
    scores = []
    for _ in range(300):
        sizes = rng.integers(1, 60, 30)
        values = np.concatenate([rng.normal(rng.normal(0, 0.5), 1.0, n) for n in sizes])[:, None]
        who = np.repeat(np.arange(30).astype(str), sizes)
        cut = int(sizes[:22].sum())
        units = Exchangeable.of(cut, len(values) - cut, who[:cut], who[cut:])
        scores.append(UnitMeans.of(values, units).differences(units.in_current[None])[1][0, 0])
    assert 0.8 < np.var(scores) < 1.25


def test_intraclass_correlation_is_found() -> None:
    rng = np.random.default_rng(13)
    who = np.repeat(np.arange(200), 20)
    values = (rng.normal(size=200)[who] + rng.normal(size=4000))[:, None]
    units = Exchangeable.of(2000, 2000, who[:2000].astype(str), who[2000:].astype(str))
    assert intraclass_correlation(values, units) == pytest.approx(0.5, abs=0.06)
    assert intraclass_correlation(values, Exchangeable.of(2000, 2000)) == 0.0


def test_a_changed_mix_of_kinds_is_not_a_shift() -> None:
    """Rows with and without a cluster differ; more of one kind must not pose as a fall of either."""
    rng = np.random.default_rng(14)

    def window(named: int, alone: int, prefix: str) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
        values = np.r_[rng.normal(1.0, 0.1, named), rng.normal(0.0, 0.1, alone)][:, None]
        return values, np.r_[np.char.add(prefix, (np.arange(named) % 12).astype(str)), np.full(alone, "")]

    x, who = window(180, 60, "r")
    y, them = window(90, 90, "c")
    assert not Mean("less").fit(x, clusters=who).test(y, clusters=them, seed=0).fired
    y[:90] -= 0.3
    assert Mean("less").fit(x, clusters=who).test(y, clusters=them, seed=0).fired
