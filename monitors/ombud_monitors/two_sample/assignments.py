"""Assignments: which units count as current, in the observed split and in permuted ones.

A statistic is computed for every row of the assignment matrix at once, as a matrix product. Row 0 is
the observed split, so the p-value is the share of rows at least as extreme as row 0: ``k / splits``
where all splits are enumerated, ``(k + 1) / (B + 1)`` where ``B`` random ones are drawn. It is never 0.

Source: Phipson & Smyth, "Permutation p-values should never be zero" (2010); Hemerik & Goeman,
    "Exact testing with random permutations", TEST 27 (2018).
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["assignments", "permutation_p_value", "permutations_for"]


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
    if units.splits <= permutations:
        return _every(units)
    rng = np.random.default_rng(seed)
    drawn = np.tile(units.in_current, (permutations + 1, 1))
    for free in units.free:
        drawn[1:, free] = rng.permuted(drawn[1:, free], axis=1)
    first = np.flatnonzero(units.partner > np.arange(units.size))
    if first.size:
        swapped = rng.random((permutations, first.size)) < 0.5
        drawn[1:, first] ^= swapped
        drawn[1:, units.partner[first]] ^= swapped
    return drawn


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


def permutation_p_value(statistics: NDArray[np.float64]) -> float:
    """Share of splits whose statistic is at least that of row 0.

    Equal values count against the observed split; so do values within rounding of it, because the
    same split reached along another order of summation differs in its last digits.

    Args:
        statistics: ``(p,)``, large meaning "changed", the observed one first.

    Example:
        >>> permutation_p_value(np.array([3.0, 1.0, 3.0, 2.0]))
        0.5
    """
    tolerance = 1e-9 * max(1.0, float(np.abs(statistics).max()))
    return float(np.mean(statistics >= statistics[0] - tolerance))


def permutations_for(level: float) -> int:
    """How many permutations a judgement at ``level`` deserves.

    Four times the fewest that can reach the level keep the loss of power by random drawing small; at
    least 999, so that the splits of a few clusters are enumerated; at most 19,999.

    Example:
        >>> permutations_for(0.05), permutations_for(0.003)
        (999, 1334)
    """
    return min(max(999, math.ceil(4 / level)), 19_999) if level > 0 else 999
