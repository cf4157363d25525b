"""MMD, its random features and energy distance: levels, power, intervals and detectable effects as promised.

Nulls include heavy tails, unequal windows, clusters and windows so large that rows are permuted in cells.
Random features must see what exact MMD sees, within three points of power.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import rotate
from scipy.stats import binom, kstest
from sklearn.datasets import load_digits

from ombud_monitors.two_sample import MMD, Energy, RandomFeatureMMD, TwoSampleTest
from statistical.binomial import at_most

LEVEL = 0.05
Rows = NDArray[np.float64]
Draw = Callable[[np.random.Generator], tuple[Rows, Rows]]

EVERY: tuple[TwoSampleTest, ...] = (
    MMD(permutations=99), RandomFeatureMMD(permutations=99), Energy(permutations=99),
)  # fmt: skip


def normal(n: int, m: int, d: int, *, change: Callable[[Rows], Rows] = lambda rows: rows) -> Draw:
    return lambda rng: (rng.normal(size=(n, d)), change(rng.normal(size=(m, d))))


def one(delta: float) -> Callable[[Rows], Rows]:
    """A shift of the first column."""
    return lambda rows: rows + np.r_[delta, np.zeros(rows.shape[1] - 1)]


def digits(n: int, share: float) -> Draw:
    """Images of digits, a share of the current ones turned by 15 degrees."""
    upright = load_digits().images.astype(np.float64)
    turned = np.array([rotate(image, 15, reshape=False, order=1) for image in upright])

    def draw(rng: np.random.Generator) -> tuple[Rows, Rows]:
        drawn = rng.permutation(len(upright))[: 2 * n]
        current = np.where((rng.random(n) < share)[:, None, None], turned[drawn[n:]], upright[drawn[n:]])
        return upright[drawn[:n]].reshape(n, -1), current.reshape(n, -1)

    return draw


NULLS: dict[str, tuple[Draw, int]] = {
    "one column": (normal(60, 40, 1), 200),
    "unequal windows": (normal(200, 15, 4), 200),
    "heavy tails": (lambda rng: (rng.standard_t(1.5, (70, 5)), rng.standard_t(1.5, (50, 5))), 200),
    "few values": (lambda rng: (rng.poisson(1, (60, 3)) * 1.0, rng.poisson(1, (60, 3)) * 1.0), 200),
    "more columns than rows": (normal(40, 30, 200), 120),
    "digits": (digits(80, 0.0), 120),
}


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_independent_nulls_are_quiet_and_their_p_values_uniform(detector: TwoSampleTest) -> None:
    rng = np.random.default_rng(1)
    p_values = []
    for name, (draw, repeats) in NULLS.items():
        found = []
        for i in range(repeats):
            x, y = draw(rng)
            found.append(detector.fit(x).test(y, seed=i).p_value or 0.0)
        fired = int(np.sum(np.array(found) <= LEVEL))
        print(f"{detector.name}, {name}: {fired / repeats:.3f}")
        assert fired <= at_most(LEVEL, repeats)
        p_values += found
    # p is a multiple of 1/100: a uniform number off it makes exact p-values uniform.
    uniform = np.array(p_values) - rng.random(len(p_values)) / 100
    assert kstest(uniform, "uniform").pvalue > 0.001
    assert np.sum(np.array(p_values) <= LEVEL) >= binom.ppf(0.001, len(p_values), LEVEL)


@pytest.mark.parametrize("detector", EVERY[:2], ids=lambda d: d.name)
def test_cells_of_rows_keep_level_and_power(detector: TwoSampleTest) -> None:
    """2,400 rows and more permute in cells; half the windows are sorted, which must not matter."""
    repeats = 50 if detector.name == "mmd" else 120
    rng = np.random.default_rng(2)
    quiet = loud = 0
    for i in range(repeats):
        x, y = normal(1401, 1003, 2)(rng)
        if i % 2:
            x, y = x[x[:, 0].argsort()], y[y[:, 0].argsort()]
        fitted = detector.fit(x)
        quiet += fitted.test(y, seed=i).fired
        loud += i < 40 and fitted.test(y + 0.25, seed=i).fired
    print(f"{detector.name} in cells: {quiet / repeats:.3f} of nulls, power {loud / 40:.3f}")
    assert quiet <= at_most(LEVEL, repeats)
    assert loud >= 39


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_clustered_nulls_are_quiet_and_a_shift_of_clusters_is_seen(detector: TwoSampleTest) -> None:
    rng = np.random.default_rng(3)

    def window(clusters: int, rows: int, prefix: str, shift: float) -> tuple[Rows, NDArray[np.str_]]:
        size = 1 + rng.multinomial(rows - clusters, rng.dirichlet(np.full(clusters, 2.0)))
        who = np.repeat(np.arange(clusters), size)
        rows_of = rng.normal(size=(clusters, 3))[who] + rng.normal(size=(rows, 3)) - shift
        return rows_of, np.char.add(prefix, who.astype(str))

    fired = {0.0: 0, 2.0: 0}
    for shift, repeats in ((0.0, 250), (2.0, 40)):
        for i in range(repeats):
            (x, who), (y, them) = window(20, 240, "r", 0.0), window(9, 120, "c", shift)
            fired[shift] += detector.fit(x, clusters=who).test(y, clusters=them, seed=i).fired
    print(f"{detector.name}, clusters: {fired[0.0] / 250:.3f} of nulls, power {fired[2.0] / 40:.3f}")
    assert fired[0.0] <= at_most(LEVEL, 250)
    assert fired[2.0] >= 38


SHIFTS: dict[str, tuple[Draw, int]] = {
    "every mean, 16 columns": (normal(100, 100, 16, change=lambda rows: rows + 0.14), 120),
    "every mean, 64 columns": (normal(150, 150, 64, change=lambda rows: rows + 0.085), 120),
    "one mean, 64 columns": (normal(150, 150, 64, change=one(0.65)), 120),
    "every mean, 256 columns": (normal(100, 100, 256, change=lambda rows: rows + 0.07), 100),
    "scale, 2 columns": (normal(200, 200, 2, change=lambda rows: rows * 1.25), 120),
    "scale, 64 columns": (normal(150, 150, 64, change=lambda rows: rows * 1.09), 120),
    "a tenth of the digits turned": (digits(300, 0.1), 60),
}


def test_random_features_have_the_power_of_exact_mmd_within_three_points() -> None:
    rng = np.random.default_rng(4)
    exact, close = MMD(permutations=99), RandomFeatureMMD(permutations=99)
    losses, powers = [], []
    for name, (draw, repeats) in SHIFTS.items():
        fired = np.zeros((repeats, 2))
        for i in range(repeats):
            x, y = draw(rng)
            fired[i] = exact.fit(x).test(y, seed=i).fired, close.fit(x).test(y, seed=i).fired
        power, loss = fired.mean(axis=0), fired[:, 0] - fired[:, 1]
        print(f"{name}: exact {power[0]:.3f}, random features {power[1]:.3f}")
        assert loss.mean() <= 0.03 + 3 * loss.std() / np.sqrt(repeats)
        losses.append(loss.mean())
        powers.append(power[0])
    print(f"mean loss {np.mean(losses):.4f}")
    assert np.mean(losses) <= 0.03
    # Where power is nearly 0 or 1 a loss could not show.
    assert 0.4 <= np.mean(powers) <= 0.9


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
@pytest.mark.parametrize("shift", [0.0, 0.25, 0.6])
def test_intervals_cover_the_effect(detector: TwoSampleTest, shift: float) -> None:
    repeats = 120
    rng = np.random.default_rng(5)
    truth = 0.0
    if shift:
        large = normal(1500, 1000, 3, change=lambda rows: rows + shift)
        truths = [detector.fit(x).test(y, seed=0).effect for x, y in (large(rng) for _ in range(6))]
        truth = float(np.mean([found for found in truths if found is not None]))
    missed = 0
    for i in range(repeats):
        x, y = normal(150, 100, 3, change=lambda rows: rows + shift)(rng)
        verdict = detector.fit(x).test(y, seed=i)
        assert verdict.effect_low is not None
        assert verdict.effect_high is not None
        missed += not verdict.effect_low <= truth <= verdict.effect_high
    print(f"{detector.name}, shift {shift}: {missed / repeats:.3f} of intervals miss {truth:.4f}")
    assert missed <= at_most(0.05, repeats)


@pytest.mark.parametrize("d", [1, 20])
def test_the_minimum_detectable_effect_is_detected_with_power_four_fifths(d: int) -> None:
    rng = np.random.default_rng(6)
    detector = MMD(permutations=199)
    draw = normal(150, 100, d)
    promised = [detector.fit(x).test(y, seed=0) for x, y in (draw(rng) for _ in range(25))]
    least = float(np.mean([v.minimum_detectable_effect for v in promised if v.minimum_detectable_effect]))
    # The shift with that effect: effects of small shifts grow with their square.
    trial = {1: 0.4, 20: 0.13}[d]
    shifted = [(x, y + trial) for x, y in (draw(rng) for _ in range(120))]
    effects = [MMD(permutations=30).fit(x).test(y, seed=0).effect for x, y in shifted]
    shift = trial * np.sqrt(least / np.mean([e for e in effects if e is not None]))
    repeats = 200
    seen = 0
    for i in range(repeats):
        x, y = normal(150, 100, d, change=lambda rows: rows + shift)(rng)
        seen += detector.fit(x).test(y, seed=i).fired
    print(f"d = {d}: effect {least:.4f}, shift {shift:.3f}, power {seen / repeats:.3f}")
    assert 0.7 <= seen / repeats <= 0.9
