"""Streams stay quiet as long as promised, and speak as soon as promised, at 32 dimensions.

``pytest -s`` prints the operating characteristics: run lengths without a change, delays after one, and the
time that a change of known size needs at least, ``log(ARL) / KL`` (Lorden 1971, for an observer who knows
both distributions).
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from ombud_monitors.sequential.streaming import (
    Cusum,
    Delays,
    ShiryaevRoberts,
    average_run_length,
    mean_delay,
)
from ombud_monitors.sequential.streaming.run_length import Draw
from statistical.binomial import at_most

D = 32
ARL = 1000
SEED = 20261110


def independent(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.normal(size=(n, D))


def equicorrelated(rng: np.random.Generator, n: int) -> np.ndarray:
    """Correlation .5 between all pairs."""
    return math.sqrt(0.5) * (rng.normal(size=(n, D)) + rng.normal(size=(n, 1)))


def heavy_tailed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Independent t with 3 degrees of freedom, variance 1."""
    return rng.standard_t(3, size=(n, D)) / math.sqrt(3)


def jointly_heavy_tailed(rng: np.random.Generator, n: int) -> np.ndarray:
    """Multivariate t with 3 degrees of freedom: uncorrelated, but all large at once."""
    return rng.normal(size=(n, D)) / np.sqrt(rng.chisquare(3, size=(n, 1)) / 3)


_FIXED = np.random.default_rng(7)
_TURN = np.linalg.qr(_FIXED.normal(size=(D, D)))[0]
_CENTRES = 1.2 * _FIXED.normal(size=(6, D)) * np.arange(1, D + 1) ** -0.3


def embeddings(rng: np.random.Generator, n: int) -> np.ndarray:
    """Six clusters, spectrum falling as ``k^-1.4``, norms that vary, then rows of length 1."""
    rows = rng.normal(size=(n, D)) * np.arange(1, D + 1) ** -0.7 @ _TURN + _CENTRES[rng.integers(0, 6, n)]
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows


def counted(rng: np.random.Generator, n: int) -> np.ndarray:
    """Whole numbers with many ties, one column constant."""
    rows = rng.poisson(0.5, size=(n, D)).astype(np.float64)
    rows[:, 0] = 3.0
    return rows


NULLS: dict[str, Draw] = {
    "independent": independent,
    "equicorrelated": equicorrelated,
    "t(3)": heavy_tailed,
    "multivariate t(3)": jointly_heavy_tailed,
    "embeddings": embeddings,
    "counts": counted,
}


@pytest.mark.parametrize("name", NULLS)
def test_the_average_run_length_is_at_least_a_thousand(name: str) -> None:
    """A lower limit that assumes nothing about run lengths, and the promised chance of an early alarm."""
    recipe = ShiryaevRoberts(arl=ARL)
    runs = average_run_length(recipe, NULLS[name], repeats=60, seed=SEED, horizon=5000)
    print(
        f"{name:18s} ARL: lower limit {runs.lower(0.99):.0f}, restricted mean {runs.restricted_mean:.0f}, "
        f"rows per alarm {runs.estimate:.0f}"
    )
    assert runs.lower(0.99) >= ARL
    for rows in (10, 30, 100, 300):
        chance = (rows + recipe.head_start) / recipe.threshold
        assert runs.within(rows) <= at_most(chance, len(runs.lengths)), rows


@pytest.mark.parametrize("arl", [20, 100])
def test_any_arl_is_kept_with_a_short_reference(arl: float) -> None:
    """300 rows, more streams: short run lengths are cheap."""
    for recipe in (ShiryaevRoberts(arl=arl), Cusum(arl=arl)):
        runs = average_run_length(
            recipe, embeddings, repeats=100, seed=SEED, horizon=int(12 * arl), reference=300
        )
        print(f"{recipe.name:18s} arl {arl}: lower limit {runs.lower(0.99):.0f}, mean {runs.estimate:.0f}")
        assert runs.lower(0.99) >= arl
        assert runs.within(int(arl / 2)) <= at_most((arl / 2 + recipe.head_start) / recipe.threshold, 100)


def shifted(draw: Draw, by: np.ndarray) -> Draw:
    return lambda rng, n: draw(rng, n) + by


def delays(
    draw: Draw, by: np.ndarray, *, repeats: int, recipe: ShiryaevRoberts | Cusum | None = None
) -> Delays:
    found = mean_delay(
        recipe or ShiryaevRoberts(arl=ARL),
        draw,
        shifted(draw, by),
        repeats=repeats,
        seed=SEED,
        horizon=600,
    )
    assert found.missed == 0
    return found


def show(name: str, found: Delays, divergence: float = math.nan) -> None:
    low, high = found.interval()
    print(
        f"{name:32s} mean delay {found.mean:6.2f} [{low:.2f}, {high:.2f}], 90% by {found.quantile(0.9):.0f}, "
        f"log(ARL)/KL {math.log(ARL) / divergence:.1f}"
    )


ALL, ONE = np.ones(D), np.eye(D)[3]
SIGNS = np.where(np.random.default_rng(5).random(D) < 0.5, 1.0, -1.0)


@pytest.mark.parametrize(
    ("name", "by", "goal", "repeats"),
    [
        ("all by .25", 0.25 * ALL, 20, 40),
        ("all by .5", 0.5 * ALL, 6, 40),
        ("all by 1", ALL, 3, 60),
        ("one by .5", 0.5 * ONE, 75, 200),
        ("one by 1", ONE, 22, 150),
    ],
)
def test_shifts_of_independent_data_are_found_in_time(
    name: str, by: np.ndarray, goal: float, repeats: int
) -> None:
    found = delays(independent, by, repeats=repeats)
    show(f"independent, {name}", found, by @ by / 2)
    assert found.mean <= goal


@pytest.mark.parametrize(("name", "by"), [("all by .5", 0.5 * ALL), ("one by .5", 0.5 * ONE)])
def test_shifts_of_correlated_data_are_found_within_half_as_long_again_as_the_bound(
    name: str, by: np.ndarray
) -> None:
    divergence = by @ np.linalg.solve(0.5 * np.eye(D) + 0.5, by) / 2
    found = delays(equicorrelated, by, repeats=60)
    show(f"equicorrelated, {name}", found, divergence)
    assert found.mean <= 1.5 * math.log(ARL) / divergence


def test_a_shift_of_random_signs_is_found_by_the_portfolio() -> None:
    """No fixed score points there: alone they need far longer, because each coordinate moves by .25 only."""
    with_it = delays(independent, 0.25 * SIGNS, repeats=40)
    show("independent, random signs .25", with_it, D * 0.25**2 / 2)
    alone = mean_delay(
        ShiryaevRoberts(arl=ARL, adaptive=0),
        independent,
        shifted(independent, 0.25 * SIGNS),
        repeats=20,
        seed=SEED,
        horizon=200,
    )
    print(f"without the portfolio: mean of min(delay, 200) {alone.mean:.0f}, {alone.missed} of 20 missed")
    assert with_it.mean <= 45
    assert with_it.interval()[1] < alone.mean


def test_heavy_tails_hide_nothing_from_ranks() -> None:
    """In t(3) a shift of half a standard deviation shows better than in a normal distribution."""
    found = delays(heavy_tailed, 0.5 * ONE, repeats=60)
    show("t(3), one by .5", found)
    assert found.mean <= 60


def test_more_clusters_of_one_kind_are_a_change_of_embeddings() -> None:
    """Half of the rows come from one of the six clusters: no shift of any coordinate was put in."""

    def skewed(rng: np.random.Generator, n: int) -> np.ndarray:
        rows = embeddings(rng, 4 * n)
        first = np.linalg.norm(rows - _CENTRES[0] / np.linalg.norm(_CENTRES[0]), axis=1) < 0.9
        near, other = rows[first], rows[~first]
        take = rng.random(n) < 0.5
        return np.where(take[:, None], near[rng.integers(0, len(near), n)], other[:n])

    found = mean_delay(ShiryaevRoberts(arl=ARL), embeddings, skewed, repeats=30, seed=SEED, horizon=600)
    show("embeddings, one cluster in two", found)
    assert found.missed == 0
    assert found.mean <= 60


def test_cusum_is_quieter_and_a_little_slower() -> None:
    by = 0.5 * ALL
    summed, best = (
        delays(independent, by, repeats=40),
        delays(independent, by, repeats=40, recipe=Cusum(arl=ARL)),
    )
    show("Cusum: independent, all by .5", best, by @ by / 2)
    assert summed.mean <= best.mean <= 1.25 * summed.mean
    runs = average_run_length(Cusum(arl=ARL), independent, repeats=15, seed=SEED, horizon=1000)
    print(f"Cusum: alarms in 1,000 rows: {runs.within(1000)} of 15")
    assert runs.within(1000) <= at_most(0.5, 15)
