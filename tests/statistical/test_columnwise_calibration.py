"""Tests that look at columns keep their level on every kind of null, and lose no power beside scipy's.

Independent, clustered and discrete nulls; the intervals cover; the minimum detectable effect is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2_contingency, cramervonmises_2samp, ks_2samp, kstwo, norm

from ombud_monitors.two_sample import (
    KS,
    BinnedKS,
    Categories,
    ClassifierTest,
    CramerVonMises,
    TwoSampleTest,
)
from ombud_monitors.two_sample.kolmogorov import exact_p_value, p_value
from statistical.binomial import at_most

LEVEL = 0.05
REPEATS = 150
Draw = Callable[[np.random.Generator, int, float], NDArray[np.float64]]


def normal(rng: np.random.Generator, n: int, shift: float) -> NDArray[np.float64]:
    return rng.normal(size=(n, 6)) + shift * (np.arange(6) == 2)


def rounded(rng: np.random.Generator, n: int, shift: float) -> NDArray[np.float64]:
    return np.round(normal(rng, n, shift))


def dependent(rng: np.random.Generator, n: int, shift: float) -> NDArray[np.float64]:
    return 0.8 * rng.normal(size=(n, 1)) + 0.6 * normal(rng, n, shift / 0.6)


def binary(rng: np.random.Generator, n: int, shift: float) -> NDArray[np.float64]:
    return (normal(rng, n, shift) > 1.0).astype(float)


DRAWS = {"normal": normal, "rounded": rounded, "dependent": dependent, "binary": binary}
TESTS: dict[str, TwoSampleTest] = {
    "ks": KS(permutations=199),
    "binned ks": BinnedKS(permutations=199),
    "cramer-von mises": CramerVonMises(permutations=199),
    "categories": Categories(permutations=199),
    "classifier": ClassifierTest(permutations=199),
}


def fired(test: TwoSampleTest, draw: Draw, n: int, m: int, repeats: int, shift: float = 0.0) -> int:
    rng = np.random.default_rng(n * m)
    return sum(test.fit(draw(rng, n, 0.0)).test(draw(rng, m, shift), seed=i).fired for i in range(repeats))


@pytest.mark.parametrize(
    ("name", "draw"),
    [(n, d) for n in TESTS for d in DRAWS if n != "categories" or d in ("rounded", "binary")],
)
def test_independent_and_discrete_nulls_are_quiet(name: str, draw: str) -> None:
    repeats = REPEATS
    alarms = fired(TESTS[name], DRAWS[draw], 120, 70, repeats)
    print(f"{name}, {draw}: {alarms / repeats:.3f} of clean windows")
    assert alarms <= at_most(LEVEL, repeats)


@pytest.mark.parametrize(("n", "m"), [(8, 12), (300, 60)])
@pytest.mark.parametrize("name", ["ks", "binned ks", "cramer-von mises"])
def test_small_and_unequal_windows_are_quiet(name: str, n: int, m: int) -> None:
    assert fired(TESTS[name], normal, n, m, REPEATS) <= at_most(LEVEL, REPEATS)


@pytest.mark.parametrize(
    ("name", "draw"),
    [*((n, "normal") for n in TESTS if n != "categories"), ("categories", "binary"), ("ks", "binary")],
)
def test_clustered_nulls_are_quiet_and_rows_taken_for_independent_are_not(name: str, draw: str) -> None:
    """Cluster effects as large as the noise, and some clusters in both windows."""
    rng, repeats = np.random.default_rng(21), 100
    alarms = naive = 0
    for i in range(repeats):
        effect = rng.normal(size=(40, 3))
        x_who, y_who = (rng.choice(pool, n) for pool, n in ((np.arange(24), 240), (np.arange(20, 40), 120)))
        x, y = (effect[who] + rng.normal(size=(len(who), 3)) for who in (x_who, y_who))
        if draw == "binary":
            x, y = (x > 1).astype(float), (y > 1).astype(float)
        fitted = TESTS[name].fit(x, clusters=x_who.astype(str))
        alarms += fitted.test(y, clusters=y_who.astype(str), seed=i).fired
        naive += fitted.test(y, seed=i).fired
    print(f"{name}, {draw}: {alarms / repeats:.3f} of clustered nulls; rows {naive / repeats:.3f}")
    assert alarms <= at_most(LEVEL, repeats)
    # On binary columns KS is so conservative that even wrong independence stays within the bounds.
    assert naive > 2 * at_most(LEVEL, repeats) or (name, draw) == ("ks", "binary")


def scipys(name: str, x: NDArray[Any], y: NDArray[Any]) -> float:
    """Bonferroni over scipy's tests of the columns, as their users run them."""
    columns = range(x.shape[1])
    if name == "cramer-von mises":
        found = [cramervonmises_2samp(x[:, j], y[:, j], method="asymptotic").pvalue for j in columns]
    elif name == "categories":
        tables = (np.stack([np.bincount(w[:, j].astype(int), minlength=2) for w in (x, y)]) for j in columns)
        found = [chi2_contingency(t, correction=False).pvalue if t.all() else 1.0 for t in tables]
    else:
        found = [ks_2samp(x[:, j], y[:, j], method="asymp").pvalue for j in columns]
    return float(min(found) * x.shape[1])


@pytest.mark.parametrize(
    ("name", "draw", "n", "m", "shift", "lost"),
    [
        ("ks", normal, 150, 100, 0.55, 0.02),
        ("ks", normal, 600, 400, 0.27, 0.02),
        ("binned ks", normal, 600, 400, 0.27, 0.03),
        ("cramer-von mises", normal, 150, 100, 0.5, 0.0),
        ("categories", binary, 300, 300, 0.4, 0.01),
    ],
)
def test_power_is_not_below_scipys(name: str, draw: Draw, n: int, m: int, shift: float, lost: float) -> None:
    """On the same windows. scipy's asymptotic KS is too eager by the little that ours may lose."""
    rng, repeats = np.random.default_rng(31), 120
    ours = theirs = 0
    for i in range(repeats):
        x, y = draw(rng, n, 0.0), draw(rng, m, shift)
        ours += TESTS[name].fit(x).test(y, seed=i).fired
        theirs += scipys(name, x, y) <= LEVEL
    print(f"{name} at {n}/{m}: power {ours / repeats:.3f}, scipy {theirs / repeats:.3f}")
    assert theirs > 0.5 * repeats
    assert ours >= theirs - lost * repeats


def test_permuted_small_windows_have_the_power_of_the_limit() -> None:
    """With one column permutation and limit are the same question."""
    rng = np.random.default_rng(32)
    ours = theirs = 0
    for i in range(200):
        x, y = rng.normal(size=45), rng.normal(0.6, size=45)
        ours += CramerVonMises(permutations=399).fit(x).test(y, seed=i).fired
        theirs += cramervonmises_2samp(x, y, method="asymptotic").pvalue <= LEVEL
    print(f"power {ours / 200:.3f} permuted, {theirs / 200:.3f} scipy")
    assert theirs > 100
    assert ours >= theirs - 6


def test_asymptotic_ks_of_others_is_too_eager_in_small_windows_and_ours_is_not() -> None:
    """64 columns of 20 rows: the smallest distance that each calls drift, and its exact chance."""
    share = LEVEL / 64
    attainable = np.arange(1, 21) / 20
    ours = min(d for d in attainable if p_value(d, 20, 20) <= share)
    theirs = min(d for d in attainable if kstwo.sf(d, 10) <= share)
    assert exact_p_value(ours, 20, 20) <= share
    assert exact_p_value(theirs, 20, 20) > 1.4 * share


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
@pytest.mark.parametrize(
    ("name", "n", "m"),
    [("ks", 60, 60), ("binned ks", 400, 80), ("cramer-von mises", 300, 70), ("cramer-von mises", 30, 30)],
)
def test_intervals_of_distances_cover_the_truth(name: str, n: int, m: int, shift: float) -> None:
    grid = np.linspace(-8, 10, 20_001)
    rng, repeats = np.random.default_rng(41), 100
    truth = true_distance(name, shift, n / (n + m), grid)
    missed = 0
    for i in range(repeats):
        verdict = TESTS[name].fit(rng.normal(size=n)).test(rng.normal(shift, size=m), seed=i)
        assert verdict.effect_low is not None
        assert verdict.effect_high is not None
        missed += not verdict.effect_low <= truth <= verdict.effect_high
    print(f"{name} {n}/{m}, shift {shift}: {1 - missed / repeats:.3f} covered")
    assert missed <= at_most(0.05, repeats)


def true_distance(name: str, shift: float, share: float, grid: NDArray[np.float64]) -> float:
    apart = norm.cdf(grid) - norm.cdf(grid - shift)
    if name != "cramer-von mises":
        return float(np.abs(apart).max())
    density = share * norm.pdf(grid) + (1 - share) * norm.pdf(grid - shift)
    return float(np.sqrt((apart**2 * density).sum() * (grid[1] - grid[0])))


def test_intervals_of_shares_of_categories_and_of_the_auc_cover() -> None:
    rng, repeats = np.random.default_rng(42), 100
    missed = blind = 0
    shares = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.3, 0.3])
    for i in range(repeats):
        x, y = (rng.choice(3, n, p=p) for n, p in zip((300, 200), shares, strict=True))
        verdict = TESTS["categories"].fit(x).test(y, seed=i)
        assert verdict.effect_low is not None
        assert verdict.effect_high is not None
        missed += not verdict.effect_low <= 0.1 <= verdict.effect_high
        # One column: logistic regression orders rows as the column does, so the true AUC is known.
        verdict = TESTS["classifier"].fit(rng.normal(size=100)).test(rng.normal(0.8, size=100), seed=i)
        assert verdict.effect_low is not None
        assert verdict.effect_high is not None
        blind += not verdict.effect_low <= 0.21420 <= verdict.effect_high
    print(f"categories {1 - missed / repeats:.3f}, classifier {1 - blind / repeats:.3f} covered")
    assert missed <= at_most(0.05, repeats)
    assert blind <= at_most(0.05, repeats)


@pytest.mark.parametrize("name", ["ks", "binned ks", "cramer-von mises", "categories"])
def test_the_minimum_detectable_effect_is_seen_with_power_four_fifths_or_more(name: str) -> None:
    """It is an upper bound: for a shift in the mean, or between two categories, power is at least .8."""
    rng, repeats = np.random.default_rng(51), 100
    test = TESTS[name]
    n, m = 400, 300

    def window(rows: int, p: float) -> NDArray[np.float64]:
        return (rng.random(rows) < p).astype(float) if name == "categories" else rng.normal(p, size=rows)

    clean = test.fit(window(n, 0.5)).test(window(m, 0.5), seed=0).minimum_detectable_effect
    assert clean is not None
    if name == "categories":
        moved = 0.5 + clean
    else:
        shifts = np.linspace(0, 3, 3001)
        grid = np.linspace(-8, 11, 2001)
        reached = [true_distance(name, s, n / (n + m), grid) >= clean for s in shifts[::10]]
        moved = 0.5 + float(shifts[::10][int(np.argmax(reached))])
    seen = sum(test.fit(window(n, 0.5)).test(window(m, moved), seed=i).fired for i in range(repeats))
    print(f"{name}: minimum detectable {clean:.3f}, power {seen / repeats:.3f}")
    assert repeats - seen <= at_most(0.2, repeats)


def test_an_odd_cluster_effect_is_covered_by_the_interval_of_clusters() -> None:
    """The truth is the distance between the populations of clusters, here none."""
    rng, repeats, missed = np.random.default_rng(52), 100, 0
    for i in range(repeats):
        effect = rng.normal(size=40)
        x_who, y_who = rng.integers(0, 24, 240), rng.integers(24, 40, 160)
        x, y = effect[x_who] + rng.normal(size=240), effect[y_who] + rng.normal(size=160)
        fitted = KS(permutations=199).fit(x, clusters=x_who.astype(str))
        verdict = fitted.test(y, clusters=y_who.astype(str), seed=i)
        assert verdict.effect_low is not None
        missed += verdict.effect_low > 0
    print(f"clusters: {1 - missed / repeats:.3f} covered")
    assert missed <= at_most(0.05, repeats)
