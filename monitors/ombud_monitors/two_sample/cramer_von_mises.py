"""Did any column's distribution change all along its range? Cramér–von Mises per dimension."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from ombud_monitors.two_sample.column_evidence import (
    COVERAGE,
    POWER_Z,
    UNIT,
    Moved,
    contributions,
    means_of,
    most_moved,
    permuted_evidence,
)
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.kolmogorov import FLOOR
from ombud_monitors.two_sample.unit_curves import UnitCurves, codes
from ombud_monitors.two_sample.windows import Windows

__all__ = ["CramerVonMises", "limit_quantile", "limit_survival", "mean_square", "root_mean_square"]

ENOUGH_ROWS = 50
"""Rows of the smaller window from which the limit is used. There it is within 1% of the exact p-value
wherever that is at least .01, and too large below: at 10 rows it would be 3% too small at .05."""
_WOBBLE = 1 / math.pi
"""The root mean square is a projection of the difference onto one direction; of a Brownian bridge none
varies more than the first eigenfunction, whose variance is ``1 / pi^2``."""
_NODES = 40
_ARCHES = 12


@dataclass(frozen=True)
class CramerVonMises(TwoSampleTest):
    """Cramér–von Mises test of every column, one p-value for all.

    Formula: ``w^2 = int (F - G)^2 dH`` over the pooled rows, with ``F`` and ``G`` half-way up their steps
    (mid-ranks), so that tied values share one difference. ``T = n m / (n + m) w^2 + 1 / (4 (n + m))`` is
    Anderson's statistic. From 50 independent rows a window: the limit's p-value of the largest ``T``, its
    mean and variance matched to the exact ones, times the number of columns (Bonferroni). Below, and with
    clusters: ``max_j w_j`` against units permuted between the windows, ``F`` and ``G`` compared at
    pooled quantiles (:mod:`~ombud_monitors.two_sample.unit_curves`). The effect is the largest ``w``, the
    root mean square difference of probabilities, with an interval for all columns at once.

    Args:
        permutations: Random splits drawn where units are permuted.
        level: Level of a bare verdict.

    Source: Anderson, "On the distribution of the two-sample Cramér–von Mises criterion", Ann. Math. Stat.
        33 (1962); the limit's tail: Smirnov (1936), as in Anderson & Darling, Ann. Math. Stat. 23 (1952).
    Limits: conservative on discrete data; blind to a change of dependence; a change in a small part of the
        range is better seen by :class:`~ombud_monitors.two_sample.KS`. The interval is a large-sample one.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = CramerVonMises().fit(rng.normal(size=(200, 4)))
        >>> verdict = fitted.test(rng.normal(size=(150, 4)) + [0, 0, 0.5, 0], seed=0)
        >>> verdict.fired, verdict.causes[0].name
        (True, 'column 2')
    """

    name: ClassVar[str] = "cramer_von_mises"

    def permutes(self, units: Exchangeable) -> bool:
        """Clusters are permuted, and rows where they are few."""
        return units.clustered or min(units.n_reference, units.n_current) < ENOUGH_ROWS

    def prepare(self, reference: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """Sorted columns, means and deviations of the reference."""
        ordered = np.sort(np.ascontiguousarray(reference.T), axis=1)
        return {
            "ordered": ordered,
            "mean": ordered.mean(axis=1, dtype=np.float64),
            "deviation": ordered.std(axis=1, dtype=np.float64),
        }

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        made = windows.prepared
        if self.permutes(windows.units):
            moved = permuted_evidence(
                UnitCurves.of(codes(windows.pooled), windows.units),
                root_mean_square,
                wobble=_WOBBLE,
                permutations=self.permutations,
                level=self.level,
                seed=seed,
            )
        else:
            x, y = made["ordered"], np.sort(np.ascontiguousarray(windows.current.T), axis=1)
            squares = np.array([mean_square(a, b) for a, b in zip(x, y, strict=True)])
            evidence = _by_limit(float(squares.max()), len(x), x.shape[1], y.shape[1], self.level)
            moved = Moved(evidence, np.sqrt(squares))
        top = most_moved(moved.distances)
        means = means_of(windows.current, top)
        causes = contributions(top, made["mean"][top], means, made["deviation"][top])
        return replace(moved.evidence, effect_unit=f"root mean square {UNIT}", causes=causes)


def mean_square(x: NDArray[Any], y: NDArray[Any]) -> float:
    """``int (F - G)^2 dH`` of two sorted samples, by mid-ranks.

    Args:
        x: ``(n,)`` sorted.
        y: ``(m,)`` sorted.

    Example:
        >>> mean_square(np.array([1.0, 2.0]), np.array([2.0, 3.0])), mean_square(np.ones(5), np.ones(3))
        (0.15625, 0.0)
    """
    pooled = np.concatenate([x, y])
    order = pooled.argsort(kind="stable")
    merged = pooled[order]
    last = np.flatnonzero(np.append(merged[1:] != merged[:-1], True))
    upto = np.where(order < len(x), -len(y), len(x)).cumsum()[last] / (len(x) * len(y))
    middle = (upto + np.append(0.0, upto[:-1])) / 2
    return float((middle**2 * np.diff(last, prepend=-1)).sum() / len(pooled))


def root_mean_square(differences: NDArray[np.float32], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square in each row of ``(p, K)`` differences, half-way up their steps."""
    middle = differences.copy()
    middle[:, 1:] += differences[:, :-1]
    return np.asarray(np.sqrt(np.square(middle / 2) @ shares), dtype=np.float64)


def limit_survival(x: float) -> float:
    """``P(int B^2 > x)`` of a Brownian bridge ``B``, at least the smallest normal double.

    Formula: ``(2 / pi) sum_j (-1)^(j+1) int exp(-x s^2 / 2) / sqrt(s |sin s|) ds`` over
    ``((2j - 1) pi, 2j pi)``, by Gauss–Chebyshev quadrature; correct to ten digits from x = .02 on, however
    small it is.

    Example:
        >>> round(limit_survival(0.46136), 5), f"{limit_survival(10.0):.2e}"
        (0.05, '4.18e-23')
    """
    if x < 0.02:  # the series alternates without end there, and the answer is above .9969
        return 1.0
    angle = (2 * np.arange(1, _NODES + 1) - 1) * math.pi / (2 * _NODES)
    start = (2 * np.arange(1, _ARCHES + 1)[:, None] - 1) * math.pi
    s = start + math.pi / 2 * (1 + np.cos(angle))
    ends = np.sqrt((s - start) * (start + math.pi - s))
    arches = (np.exp(-x * s**2 / 2) / np.sqrt(s * np.abs(np.sin(s))) * ends).mean(axis=1) * math.pi
    total = 2 / math.pi * float((arches[::2] - arches[1::2]).sum())
    return min(max(total, FLOOR), 1.0)


def limit_quantile(tail: float) -> float:
    """``x`` with ``limit_survival(x) == tail``, for a tail in [1e-300, .99].

    Example:
        >>> round(limit_quantile(0.05), 4)
        0.4614
    """
    return float(brentq(lambda x: math.log(limit_survival(x) / tail), 0.0201, 140.0))


def _by_limit(square: float, columns: int, n: int, m: int, level: float) -> Evidence:
    """Judge the largest mean square of several columns by the limit and Bonferroni."""
    pooled, product = n + m, n * m
    statistic = product / pooled * square + 1 / (4 * pooled)
    mean = (1 + 1 / pooled) / 6
    spread = 4 * product * pooled - 3 * (n * n + m * m) - 2 * product
    variance = (pooled + 1) * spread / (180 * pooled**2 * product)
    matched = 1 / 6 + (statistic - mean) / math.sqrt(45 * variance)
    error = math.sqrt(1 / n + 1 / m)
    effect = math.sqrt(square)
    half = math.sqrt(limit_quantile((1 - COVERAGE) / columns)) * error
    reach = (math.sqrt(limit_quantile(level / columns)) + POWER_Z * _WOBBLE) * error
    return Evidence(
        statistic=statistic,
        p_value=min(limit_survival(matched) * columns, 1.0),
        effect=effect,
        effect_unit=UNIT,
        effect_low=max(effect - half, 0.0),
        effect_high=min(effect + half, 1.0),
        minimum_detectable_effect=min(reach, 1.0),
    )
