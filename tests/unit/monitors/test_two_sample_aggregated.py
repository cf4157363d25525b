"""The aggregated test and its parts against independent truth: definitions, brute force, laws."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import rankdata

from ombud.domain.verdict import Outcome
from ombud_monitors.detector import Detector
from ombud_monitors.two_sample import Norms, Ranks, SecondMoment
from ombud_monitors.two_sample.norms import row_norms
from ombud_monitors.two_sample.ranked_rows import RankedRows
from ombud_monitors.two_sample.second_moment import second_moments

EVERY: tuple[Detector, ...] = (SecondMoment(), Norms())
UNIT_FREE: tuple[Detector, ...] = (SecondMoment(),)


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
    found = [second_moments(z, rng_of(seed)) for seed in range(8)]
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
