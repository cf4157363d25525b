"""The aggregated test and its parts against independent truth: definitions, brute force, laws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, norm, rankdata

from ombud.domain.verdict import Outcome
from ombud_monitors.detector import Detector
from ombud_monitors.two_sample import Aggregated, Exchangeable, Norms, Ranks, SecondMoment
from ombud_monitors.two_sample.aggregated import Combination, Reduction, SharedSplits, Statistic, View
from ombud_monitors.two_sample.aggregated.groups import group_view
from ombud_monitors.two_sample.aggregated.view import standardised
from ombud_monitors.two_sample.assignments import assignments
from ombud_monitors.two_sample.norms import row_norms
from ombud_monitors.two_sample.ranked_rows import RankedRows
from ombud_monitors.two_sample.second_moment import products

EVERY: tuple[Detector, ...] = (SecondMoment(), Norms(), Aggregated())
UNIT_FREE: tuple[Detector, ...] = (SecondMoment(), Aggregated())


def two(seed: int, n: int = 120, m: int = 80, d: int = 4) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d))


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_ranked_rows_are_mid_ranks_and_their_principal_components() -> None:
    x = np.round(rng_of(0).normal(size=(50, 3)), 1)
    rows = RankedRows.of(x, rng_of(1))
    ranks = (2 * rankdata(x, axis=0) - 51) / 50
    assert rows.ranks == pytest.approx(ranks, abs=1e-6)
    expected = np.linalg.eigvalsh(ranks.T @ ranks / 50)[::-1]
    assert rows.variances == pytest.approx(expected, rel=1e-5)
    assert (rows.components**2).mean(axis=0) == pytest.approx(expected, rel=1e-5)


def test_leading_components_of_many_columns_are_those_of_the_exact_decomposition() -> None:
    rng = rng_of(2)
    x = rng.normal(size=(300, 200)) * 0.9 ** np.arange(200) @ rng.normal(size=(200, 200))
    rows = RankedRows.of(x, rng)
    ranks = (2 * rankdata(x, axis=0) - 301) / 300
    exact = np.linalg.eigvalsh(ranks.T @ ranks / 300)[::-1][:64]
    assert rows.variances[:20] == pytest.approx(exact[:20], rel=0.01)
    assert rows.variances.sum() == pytest.approx(exact.sum(), rel=0.02)


def test_second_moment_is_the_distance_of_whitened_covariances() -> None:
    x, y = two(3)
    statistic = SecondMoment().fit(x).test(y * [1, 1, 1, 3], seed=0).statistic
    pooled = np.concatenate([x, y * [1, 1, 1, 3]])
    ranks = (2 * rankdata(pooled, axis=0) - 201) / 200
    variance, direction = np.linalg.eigh(ranks.T @ ranks / 200)
    z = ranks @ direction / np.sqrt(variance + 0.1 * variance.mean())
    products = np.einsum("ni,nj->nij", z, z).reshape(200, -1)
    trace = (z**2).sum(axis=1)
    difference = products[120:].mean(axis=0) - products[:120].mean(axis=0)
    weight = np.linalg.norm(np.cov(products.T, bias=True)) / trace.var()
    of_trace = trace[120:].mean() - trace[:120].mean()
    assert statistic == pytest.approx((difference**2).sum() + weight * of_trace**2, rel=1e-3)


def test_random_products_estimate_the_same_distance() -> None:
    z = rng_of(4).normal(size=(400, 60)).astype(np.float32)
    z[200:, :30] *= 1.5
    found = [products(z, rng_of(seed)) for seed in range(8)]
    differences = [f[200:].mean(axis=0) - f[:200].mean(axis=0) for f in found]
    exact = z[200:].T @ z[200:] / 200 - z[:200].T @ z[:200] / 200
    assert found[0].shape == (400, 512)
    assert np.mean([(d**2).sum() for d in differences]) == pytest.approx((exact**2).sum(), rel=0.1)


def test_norms_are_numpy_s_and_their_test_is_that_of_their_ranks() -> None:
    x, y = two(5)
    y = 1.3 * y + 0.2
    pooled = np.concatenate([x, y])
    lengths = row_norms(pooled)
    centred = pooled - pooled.mean(axis=0)
    for j, (rows, order) in enumerate((r, o) for r in (pooled, centred) for o in (1, 2, np.inf)):
        assert lengths[:, j] == pytest.approx(np.linalg.norm(rows, ord=order, axis=1))
    ranks = Ranks().fit(lengths[:120]).test(lengths[120:], seed=1)
    assert Norms().fit(x).test(y, seed=1).p_value == ranks.p_value


def test_norms_see_gain_and_not_a_rotation() -> None:
    x, y = two(6, 400, 300, 16)
    turned = y @ np.linalg.qr(rng_of(7).normal(size=(16, 16)))[0]
    assert Norms().fit(x).test(1.1 * y, seed=0).fired
    assert not Norms().fit(x).test(turned, seed=0).fired
    tied = x[:, :1] + 0.5 * x
    assert SecondMoment().fit(tied).test(tied @ np.diag([1, -1] * 8), seed=0).fired


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_the_same_seed_gives_the_same_verdict(detector: Detector) -> None:
    x, y = two(8)
    fitted = detector.fit(x)
    assert fitted.test(2 * y, seed=3) == fitted.test(2 * y, seed=3)
    assert fitted.test(2 * y, seed=3).fired


@pytest.mark.parametrize("detector", UNIT_FREE, ids=lambda d: d.name)
def test_units_of_measurement_are_no_evidence(detector: Detector) -> None:
    x, y = two(9)
    plain = detector.fit(x).test(y, seed=1)
    scaled = detector.fit(x * [1000, 0.001, 7, 1] + 5).test(y * [1000, 0.001, 7, 1] + 5, seed=1)
    assert scaled.p_value == pytest.approx(plain.p_value)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
@pytest.mark.parametrize("shape", ["few rows, many columns", "constant column", "heavy tails", "one column"])
def test_awkward_windows_have_an_answer(detector: Detector, shape: str) -> None:
    rng = rng_of(10)
    x, y = {
        "few rows, many columns": (rng.normal(size=(30, 300)), rng.normal(size=(20, 300))),
        "constant column": (
            np.column_stack([two(1)[0], np.ones(120)]),
            np.column_stack([two(1)[1], np.ones(80)]),
        ),
        "heavy tails": (rng.standard_cauchy(size=(120, 4)) ** 3, rng.standard_cauchy(size=(80, 4)) ** 3),
        "one column": (rng.normal(size=(60, 1)), rng.normal(size=(50, 1))),
    }[shape]
    verdict = detector.fit(x).test(y, seed=0)
    assert verdict.outcome is not Outcome.NOT_APPLICABLE
    for number in (verdict.statistic, verdict.effect, verdict.minimum_detectable_effect):
        assert number is not None
        assert np.isfinite(number)
    assert verdict.effect_low is not None
    assert verdict.effect_high is not None
    assert verdict.effect_low <= verdict.effect <= verdict.effect_high


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_equal_windows_are_quiet_and_constant_ones_refused(detector: Detector) -> None:
    x, _ = two(11)
    assert detector.fit(x).test(x, seed=0).p_value > 0.5
    refused = detector.fit(np.ones((60, 2))).test(np.ones((60, 2)), seed=0)
    assert refused.outcome is Outcome.NOT_APPLICABLE
    assert refused.p_value is None


def clusters(rng: np.random.Generator, count: int, rows: int, prefix: str) -> NDArray[np.str_]:
    return np.char.add(prefix, np.sort(rng.integers(0, count, rows)).astype(str))


def anova(values: NDArray[np.float64], units: Exchangeable) -> NDArray[np.float64]:
    """Variances of unit means by the textbook's formulas, unit by unit."""
    parts = [values[units.of_row == u].astype(float) for u in range(units.size)]
    n, k = len(values), units.size
    grand = values.mean(axis=0)
    between = sum(len(x) * (x.mean(axis=0) - grand) ** 2 for x in parts) / (k - 1)
    within = sum(((x - x.mean(axis=0)) ** 2).sum(axis=0) for x in parts) / (n - k)
    typical = (n - sum(len(x) ** 2 for x in parts) / n) / (k - 1)
    shared = np.maximum(between - within, 0) / typical
    return np.array([shared + within / len(x) for x in parts])


@pytest.mark.parametrize("clustered", [False, True])
def test_shared_products_equal_differences_of_unit_means(clustered: bool) -> None:
    rng = rng_of(12)
    features = standardised(rng.normal(size=(90, 5)) + 3)
    names = (clusters(rng, 9, 50, "r"), clusters(rng, 7, 40, "c")) if clustered else (None, None)
    units = Exchangeable.of(50, 40, *names)
    order = rng.permutation(90)
    largest, total = Statistic("a", Reduction.LARGEST, 3.0, 0, 2), Statistic("b", Reduction.SUM, 1.0, 2)
    view = View(features[order], [""] * 5, (largest, total))
    shared = SharedSplits.of((view,), order, units, rho=0.3)
    splits = assignments(units, 20, seed=0)
    means = np.stack([features[units.of_row == u].mean(axis=0) for u in range(units.size)])
    weight = 1 / (0.3 + 0.7 / units.rows)
    centre = np.average(means, axis=0, weights=weight)
    unit_variance = (weight[:, None] * (means - centre) ** 2).mean(axis=0)
    variances = anova(features, units) if clustered else 1 / weight[:, None] * np.ones(5)
    usual = np.average(variances, axis=0, weights=weight) * weight.mean()
    for split, found in zip(splits, shared.statistics(splits), strict=True):
        sides = [np.average(means[side], axis=0, weights=weight[side]) for side in (split, ~split)]
        divisor = 1 / weight[split].sum() + 1 / weight[~split].sum()
        difference = (sides[0] - sides[1]) / np.sqrt(divisor)
        parts = [weight * side / weight[side].sum() for side in (split, ~split)]
        true = sum(part**2 for part in parts) @ variances / divisor
        first = np.abs(difference[:2]) / np.sqrt(true[:2] if clustered else unit_variance[:2])
        assert found[0] == pytest.approx(np.max(first), rel=1e-4)
        total = (difference[2:] ** 2).sum() / true[2:].sum() * usual[2:].sum()
        assert found[1] == pytest.approx(total, rel=1e-4)
    assert shared.weights.tolist() == [0.75, 0.25]


def test_surprise_is_the_tail_of_what_was_calibrated_on() -> None:
    rng = rng_of(13)
    null = np.column_stack([rng.chisquare(8, 20_000), np.abs(rng.normal(size=(20_000, 40))).max(axis=1)])
    combination = Combination.of(null, np.full(2, 0.5), np.array([False, True]))
    assert combination.number == pytest.approx([0, 40], rel=0.05)
    for x, z in ((5.0, 2.5), (15.5, 3.5), (26.1, 5.0), (60.0, 12.0)):
        total, largest = np.exp(-combination.surprise(np.array([[x, z]]))[0])
        assert np.log(total) == pytest.approx(chi2.logsf(x, 8), rel=0.1, abs=0.05)
        assert largest == pytest.approx(
            -np.expm1(40 * np.log1p(-2 * norm.sf(z))) or 80 * norm.sf(z), rel=0.05
        )
    assert combination.statistic_at(1.6449) == pytest.approx(
        [15.5, norm.isf((1 - 0.95 ** (1 / 40)) / 2)], rel=0.02
    )


def test_combination_is_the_power_mean_of_p_values() -> None:
    null = np.abs(rng_of(14).normal(size=(5000, 3)))
    weights = np.array([0.5, 0.3, 0.2])
    combination = Combination.of(null, weights, np.array([True, True, True]))
    values = np.array([[3.0, 0.1, 1.0], [0.1, 0.1, 0.1]])
    p = 2 * norm.sf(values)
    assert combination(values) == pytest.approx(2 * np.log((weights / np.sqrt(p)).sum(axis=1)), abs=0.05)


def test_groups_are_the_blobs_that_rows_come_from() -> None:
    rng = rng_of(15)
    blob = rng.permutation(np.repeat(np.arange(10), 60))
    x = 8 * rng.normal(size=(10, 6))[blob] + rng.normal(size=(600, 6))
    view = group_view(RankedRows.of(x, rng), None, 300, rng)
    assert view is not None
    member = view.features[:, : len(view.labels)] > 0
    purity = [np.bincount(blob[own]).max() / own.sum() for own in member.T]
    assert np.average(purity, weights=member.sum(axis=0)) > 0.9
    assert group_view(RankedRows.of(x[:20], rng), None, 10, rng) is None


def test_a_missing_group_is_seen_and_named() -> None:
    rng = rng_of(16)
    centres = 4 * rng.normal(size=(10, 16))

    def rows(n: int, kinds: int) -> NDArray[np.float64]:
        return centres[rng.integers(0, kinds, n)] + rng.normal(size=(n, 16))

    verdict = Aggregated().fit(rows(500, 10)).test(rows(200, 9), seed=0)
    assert verdict.fired
    assert "similar rows" in verdict.reason
    assert verdict.causes[0].name in verdict.reason
    assert verdict.causes[0].current > verdict.causes[0].reference


def test_the_column_that_moved_is_named_and_its_effect_found() -> None:
    rng = rng_of(17)
    x, y = rng.normal(size=(400, 30)), rng.normal(size=(300, 30))
    y[:, 7] += 1.0
    verdict = Aggregated().fit(x).test(y, seed=0)
    assert verdict.fired
    assert "middle of column 7" in verdict.reason
    assert "column 7" in [cause.name for cause in verdict.causes]
    assert verdict.effect_low is not None
    assert verdict.effect_high is not None
    ranks = rankdata(np.r_[x[:, 7], y[:, 7]])
    assert verdict.effect == pytest.approx((ranks[400:].mean() - ranks[:400].mean()) / ranks.std(), rel=1e-3)
    assert 0 < verdict.effect_low < verdict.effect < verdict.effect_high
    assert verdict.minimum_detectable_effect < verdict.effect


def test_order_of_rows_is_no_evidence() -> None:
    rng = rng_of(18)
    x, y = two(18)
    plain = Aggregated().fit(x).test(1.5 * y, seed=0)
    mixed = Aggregated().fit(x[rng.permutation(120)]).test(1.5 * y[rng.permutation(80)], seed=0)
    assert plain.fired
    assert mixed.fired


def test_rows_beyond_the_graph_join_their_nearest_row() -> None:
    rng = rng_of(19)
    x, y = rng.normal(size=(2300, 3)), rng.normal(size=(300, 3))
    y[:30] += 4.0
    assert Aggregated().fit(x).test(y, seed=0).fired


def test_few_clusters_are_enumerated_exactly() -> None:
    rng = rng_of(20)
    x, y = rng.normal(size=(60, 4)), 5 + rng.normal(size=(30, 4))
    verdict = (
        Aggregated(level=0.05)
        .fit(x, clusters=np.repeat(list("abcdef"), 10))
        .test(y, clusters=np.repeat(list("xyz"), 10), seed=0)
    )
    assert verdict.p_value == pytest.approx(1 / 84)
