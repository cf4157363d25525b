"""Assignments: which units count as current, in the observed split and in permuted ones.

A statistic is computed for every row of an assignment matrix at once, as a matrix product. Row 0 of the
first batch is the observed split. Random splits come in batches, so that nobody draws 100,000 of them
for a window of which 30 show already that nothing happened (:mod:`permuting` stops).

Source: Good, *Permutation, Parametric and Bootstrap Tests of Hypotheses* (2005), ch. 3.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["assignments", "batches", "permutations_for"]

FIRST = 999
"""Permutations drawn at least, where so many are asked for: the null sample that effects are judged by."""
MANY = 20_000
"""Permutations beyond which drawing twice as many costs more seconds than the power it buys is worth."""
MOST_CELLS = 16_000_000
"""Assignments times units held at a time: 16 MB of flags."""


def assignments(units: Exchangeable, permutations: int, seed: int) -> NDArray[np.bool_]:
    """The observed split and its permutations.

    Every split is enumerated when there are at most ``permutations`` of them.

    Args:
        units: What may move.
        permutations: How many random splits to draw otherwise.
        seed: Seed of the draws.

    Returns:
        ``(p, units.size)`` bool, True where a unit counts as current; row 0 is the observed split.

    Example:
        >>> assignments(Exchangeable.of(2, 1), permutations=99, seed=0).astype(int).tolist()
        [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    """
    return np.concatenate(list(batches(units, permutations, seed)))


def batches(units: Exchangeable, permutations: int, seed: int) -> Iterator[NDArray[np.bool_]]:
    """The rows of :func:`assignments`, some at a time: first at most 1,000, then twice as many each time.

    Args:
        units: What may move.
        permutations: How many random splits to draw in all.
        seed: Seed of the draws.
    """
    if units.splits <= permutations:
        yield _every(units)
        return
    rng = np.random.default_rng(seed)
    drawn, size = 0, FIRST
    while drawn < permutations:
        size = min(size, permutations - drawn, max(MOST_CELLS // units.size, 1))
        batch = _drawn(units, size, rng)
        yield batch if drawn else np.concatenate([units.in_current[None], batch])
        drawn, size = drawn + size, 2 * size


def permutations_for(level: float) -> int:
    """How many permutations a judgement at ``level`` deserves.

    Twice the fewest that can reach the level keep the loss of power by random drawing small, up to
    :data:`MANY`; beyond, as many as reach it at all: a shift that fires at such a level is mostly far
    beyond it. At least 999, so that the splits of a few clusters are enumerated. Few windows cost so many:
    drawing stops where the p-value is plainly large.

    Example:
        >>> permutations_for(0.05), permutations_for(0.001), permutations_for(1e-5)
        (999, 2000, 100000)
    """
    if level <= 0:
        return FIRST
    fewest = math.ceil(1 / level)
    return max(FIRST, min(2 * fewest, MANY), fewest)


def _drawn(units: Exchangeable, permutations: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """``(permutations, u)`` random splits."""
    drawn = np.tile(units.in_current, (permutations, 1))
    for free in units.free:
        chosen = _subsets(int(units.in_current[free].sum()), free.size, permutations, rng)
        if free.size == units.size:
            return chosen
        drawn[:, free] = chosen
    first = np.flatnonzero(units.partner > np.arange(units.size))
    if first.size:
        swapped = rng.random((permutations, first.size)) < 0.5
        drawn[:, first] ^= swapped
        drawn[:, units.partner[first]] ^= swapped
    return drawn


def _subsets(k: int, u: int, many: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    """``(many, u)`` flags of subsets of ``k`` units, all equally likely: five times faster than shuffling.

    Every unit is flagged with a chance a little below ``k / u``; then random units are flagged, or random
    flags taken back, until there are ``k``. All units are treated alike, so no subset is favoured.
    """
    few = min(k, u - k)
    share = few / u
    # One standard deviation of the number of flags below: adding finds its units sooner than taking back.
    cut = max(int(256 * (share - math.sqrt(share * (1 - share) / u))), 0)
    flags = rng.integers(0, 256, (many, u), dtype=np.uint8) < cut
    flat, lack = flags.reshape(-1), few - np.count_nonzero(flags, axis=1)
    while lack.any():
        # As many tries as flags are lacking, so that no row is overshot.
        rows = np.repeat(np.arange(many), np.abs(lack))
        at = rows * u + rng.integers(0, u, rows.size)
        at = np.unique(at[flat[at] != (lack[rows] > 0)])
        flat[at] ^= True
        lack -= np.sign(lack) * np.bincount(at // u, minlength=many)
    return flags if few == k else ~flags


def _every(units: Exchangeable) -> NDArray[np.bool_]:
    """All splits, the observed one first."""
    every = units.in_current[None, :]
    for free in units.free:
        chosen = int(units.in_current[free].sum())
        picks = [free[list(pick)] for pick in itertools.combinations(range(free.size), chosen)]
        every = np.repeat(every, len(picks), axis=0)
        every[:, free] = False
        rows = np.arange(len(every)).reshape(-1, len(picks))
        for i, pick in enumerate(picks):
            every[np.ix_(rows[:, i], pick)] = True
    for first in np.flatnonzero(units.partner > np.arange(units.size)):
        swapped = every.copy()
        swapped[:, [first, units.partner[first]]] ^= True
        every = np.concatenate([every, swapped])
    observed = int(np.flatnonzero((every == units.in_current).all(axis=1))[0])
    return np.concatenate([every[observed : observed + 1], np.delete(every, observed, axis=0)])
