"""Resampled disparities: intervals from resampled units, p-values from dealing groups anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.clusters import Units
from ombud_monitors.fairness import confusions
from ombud_monitors.fairness.grouping import Grouping
from ombud_monitors.number import Number
from ombud_monitors.resampling import expanded_percentiles, interval_of_share, resampled

__all__ = ["GapIntervals", "Plan", "gap_intervals", "macro_recall_interval", "permutation_p_values"]

_Floats = NDArray[np.float64]
_Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """How an audit resamples.

    Args:
        seed: Seed of every resampling.
        level: Chance of any false finding in the whole audit; intervals cover one minus it.
        resamples: Bootstrap replicates.
        permutations: How often groups are dealt anew.
        tests: How many questions share the level.
    """

    seed: int
    level: float
    resamples: int
    permutations: int
    tests: int


@dataclass(frozen=True)
class GapIntervals:
    """Intervals of ``best - worst`` and ``worst / best`` accuracy of two given groups."""

    difference: tuple[float, float]
    ratio: tuple[float, float]


def gap_intervals(right: _Floats, grouping: Grouping, best: int, worst: int, plan: Plan) -> GapIntervals:
    """Intervals for the accuracies of two groups, units resampled within the groups they serve.

    Where one group is always right or always wrong, the bootstrap sees no variation there; the two
    groups' own intervals are then combined (MOVER for the difference, end points for the ratio).

    Source: Newcombe (1998), method 10, for MOVER.
    """
    sides = [grouping.codes == best, grouping.codes == worst]
    shares = [float(right[side].mean()) for side in sides]
    if not all(0 < share < 1 for share in shares):
        ends = [
            interval_of_share(
                right[side],
                grouping.units.where(side),
                seed=plan.seed,
                level=plan.level,
                resamples=plan.resamples,
            )
            for side in sides
        ]
        return _combined(*ends)
    either = sides[0] | sides[1]
    units = grouping.units.where(either)
    side_of = (grouping.codes[either] == worst).astype(np.int64)
    hits, sizes = _per_unit(right[either], side_of, units)
    serves = (sizes > 0) @ np.array([1, 2])
    drawn_hits, drawn_sizes = np.zeros((plan.resamples, 2)), np.zeros((plan.resamples, 2))
    rng = np.random.default_rng(plan.seed)
    for kind in np.unique(serves):
        members = np.flatnonzero(serves == kind)
        weights = np.concatenate(list(resampled(len(members), plan.resamples, rng)))
        drawn_hits += weights @ hits[members]
        drawn_sizes += weights @ sizes[members]
    drawn = drawn_hits / drawn_sizes
    fewest = int((sizes > 0).sum(axis=0).min())
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = drawn[:, 1] / drawn[:, 0]
    return GapIntervals(
        expanded_percentiles(drawn[:, 0] - drawn[:, 1], fewest, plan.level),
        expanded_percentiles(ratio, fewest, plan.level),
    )


def _per_unit(right: _Floats, side: _Codes, units: Units) -> tuple[_Floats, _Floats]:
    cell = units.index * 2 + side
    hits = np.bincount(cell, weights=right, minlength=units.count * 2).astype(np.float64).reshape(-1, 2)
    sizes = np.bincount(cell, minlength=units.count * 2).astype(np.float64).reshape(-1, 2)
    return hits, sizes


def _combined(best: Number, worst: Number) -> GapIntervals:
    ends = (best.value, best.low, best.high, worst.value, worst.low, worst.high)
    if any(end is None for end in ends):
        return GapIntervals((math.nan, math.nan), (math.nan, math.nan))
    b, b_low, b_high, w, w_low, w_high = (float(end) for end in ends if end is not None)
    gap = b - w
    return GapIntervals(
        (gap - math.hypot(b - b_low, w_high - w), gap + math.hypot(b_high - b, w - w_low)),
        (w_low / b_high if b_high else math.nan, w_high / b_low if b_low else math.nan),
    )


def macro_recall_interval(cell: _Codes, units: Units, k: int, plan: Plan) -> tuple[float, float]:
    """Bootstrap interval of one group's macro recall."""
    size = k * (k + 1)
    per_unit = np.bincount(units.index * size + cell, minlength=units.count * size).reshape(units.count, size)
    rng = np.random.default_rng(plan.seed)
    drawn = [
        confusions.macro_recall((weights @ per_unit).reshape(-1, k, k + 1))
        for weights in resampled(units.count, plan.resamples, rng)
    ]
    return expanded_percentiles(np.concatenate(drawn), units.count, plan.level)


def permutation_p_values(
    cell: _Codes,
    grouping: Grouping,
    k: int,
    statistics: Mapping[str, Callable[[_Floats], _Floats]],
    plan: Plan,
) -> dict[str, float]:
    """P-value per statistic of the groups' tables: how often chance deals a disparity as large.

    ``(1 + count) / (1 + permutations)``, so never 0 (Phipson and Smyth, 2010).

    Args:
        cell: ``(n,)`` from :func:`confusions.cells`.
        grouping: Rows of the groups that take part; none unrecorded.
        k: Number of classes.
        statistics: Name → function of ``(..., groups, k, k + 1)``.
        plan: How to resample.
    """
    groups = len(grouping.groups)
    observed = {name: float(f(_tables(grouping.codes, cell, groups, k))) for name, f in statistics.items()}
    shuffle, rng = grouping.shuffler(), np.random.default_rng(plan.seed)
    as_large = dict.fromkeys(statistics, 0)
    for start in range(0, plan.permutations, 200):
        block = [_tables(shuffle(rng), cell, groups, k) for _ in range(min(200, plan.permutations - start))]
        stacked = np.stack(block)
        for name, function in statistics.items():
            as_large[name] += int((function(stacked) >= observed[name] - 1e-12).sum())
    return {name: (1 + count) / (1 + plan.permutations) for name, count in as_large.items()}


def _tables(codes: _Codes, cell: _Codes, groups: int, k: int) -> _Floats:
    return confusions.tables(codes, cell, groups, k)
