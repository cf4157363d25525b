"""Energy distance against scipy and against all pairs of distances."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.stats import energy_distance

from ombud_monitors.two_sample import Energy


def brute_force(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(2 * cdist(x, y).mean() - cdist(x, x).mean() - cdist(y, y).mean())


def test_one_column_equals_scipy() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.exponential(3.0, 300), np.round(rng.exponential(4.0, 200), 1)
    verdict = Energy(standardise=False).fit(x).test(y, seed=0)
    assert verdict.statistic == pytest.approx(energy_distance(x, y) ** 2, abs=1e-6)
    assert verdict.effect_unit == "columns' unit"


@pytest.mark.parametrize("d", [2, 5, 100], ids=["few columns", "some", "many"])
@pytest.mark.parametrize("standardise", [True, False])
def test_many_columns_equal_all_pairs(d: int, standardise: bool) -> None:
    rng = np.random.default_rng(d)
    x, y = rng.normal(size=(220, d)) * 3, rng.normal(0.3, size=(180, d)) * 3
    x[:50] = x[50:100]
    verdict = Energy(standardise=standardise).fit(x).test(y, seed=0)
    scale = np.concatenate([x, y]).std(axis=0) if standardise else 1.0
    assert verdict.statistic == pytest.approx(brute_force(x / scale, y / scale), rel=1e-5, abs=1e-6)


def test_raw_columns_carry_their_unit_and_their_weight() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(150, 2)), rng.normal([0.5, 0.0], size=(120, 2))
    metres = Energy(standardise=False).fit(x).test(y, seed=0)
    millimetres = Energy(standardise=False).fit(1e6 * x).test(1e6 * y, seed=0)
    assert metres.effect is not None
    assert millimetres.effect == pytest.approx(1e6 * metres.effect, rel=1e-5)
    assert millimetres.p_value == pytest.approx(metres.p_value)
    # A wide column drowns the one that moved, unless columns are standardised.
    wide = [1.0, 300.0]
    assert not Energy(standardise=False).fit(x * wide).test(y * wide, seed=0).fired
    assert Energy().fit(x * wide).test(y * wide, seed=0).fired


def test_a_small_shift_has_the_promised_effect() -> None:
    rng = np.random.default_rng(2)
    d, delta = 200, 2.0
    shift = np.r_[delta, np.zeros(d - 1)]
    verdict = (
        Energy(permutations=50).fit(rng.normal(size=(900, d))).test(rng.normal(shift, size=(900, d)), seed=0)
    )
    # The column that moved is wider over both windows than in each.
    standardised = delta**2 / (1 + delta**2 / 4)
    assert verdict.effect == pytest.approx(standardised / np.sqrt(2 * d), rel=0.15)


def test_windows_of_few_distinct_rows_are_judged() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 2, (2, 100))
    x, y = np.tile(one, (200, 1)), np.concatenate([np.tile(one, (75, 1)), np.tile(other, (75, 1))])
    verdict = Energy().fit(x).test(y, seed=0)
    assert verdict.p_value == pytest.approx(1 / 200)
    scale = np.concatenate([x, y]).std(axis=0)
    scale[scale == 0] = 1
    assert verdict.statistic == pytest.approx(brute_force(x / scale, y / scale), rel=1e-5)
