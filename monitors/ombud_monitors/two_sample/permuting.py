"""Permutation tests that stop early: the one place where a p-value comes out of permuted splits.

The p-value is the share of splits at least as extreme as the observed one: ``k / splits`` where all are
enumerated, ``(k + 1) / (B + 1)`` where ``B`` random ones were drawn. Where many are asked for, drawing
stops after the first batch in which the ``h``-th split at least as extreme has come, ``h`` =
:data:`ENOUGH`; if that was the ``l``-th draw, ``p = h / l``. All three are valid at every level, and none
is ever 0. Stopping makes a clean window cost some hundred splits even where the level asks for 100,000.

Source: Besag & Clifford, "Sequential Monte Carlo p-values", Biometrika 78 (1991); Phipson & Smyth,
    "Permutation p-values should never be zero" (2010); Hemerik & Goeman, "Exact testing with random
    permutations", TEST 27 (2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ombud.errors import BadInput
from ombud_monitors.two_sample.assignments import FIRST, batches
from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["ENOUGH", "Permuted", "critical_value", "permutation_p_value", "permutation_test"]

ENOUGH = 20
"""Splits at least as extreme that end the drawing: the p-value is then known within about
``1 / sqrt(20)`` = 22%, and it is larger than any level that asked for more than 999 draws."""

Statistic = Callable[[NDArray[np.bool_]], NDArray[np.float64]]
"""``(p, u)`` assignments → ``(p,)`` values, large meaning "changed"."""


@dataclass(frozen=True, eq=False)
class Permuted:
    """A statistic, what it would have been under permuted splits, and how extreme that makes it.

    Args:
        observed: Its value at the observed split.
        null: ``(b,)`` its values at the permuted splits that were drawn.
        p_value: In (0, 1].

    Example:
        >>> seconds = np.array([2.1, 1.9, 2.0, 2.2, 1.8, 2.6, 2.9])
        >>> units = Exchangeable.of(5, 2)
        >>> slower = permutation_test(lambda splits: splits @ seconds / 2, units, permutations=999, seed=0)
        >>> slower.observed, len(slower.null), round(slower.p_value, 3)
        (2.75, 20, 0.048)
    """

    observed: float
    null: NDArray[np.float64]
    p_value: float


def critical_value(null: NDArray[np.float64], level: float) -> float:
    """Value that a statistic exceeds with chance at most ``level``, estimated from permuted splits.

    Used for minimum detectable effects only, never for a decision. Where ``level`` asks for a quantile
    beyond the splits that were drawn, the tail is continued with a normal one's ratio of quantiles.

    Args:
        null: ``(b,)`` values at permuted splits, at least one.
        level: Chance of exceeding it.

    Example:
        >>> critical_value(np.arange(100.0), 0.05)
        95.0
    """
    ordered = np.sort(null)
    reach = 1 / (len(ordered) + 1)
    if level >= reach:
        return float(ordered[min(int((1 - level) * len(ordered)), len(ordered) - 1)])
    centre = float(np.median(ordered))
    return centre + (float(ordered[-1]) - centre) * float(norm.isf(level) / norm.isf(reach))


def permutation_test(
    statistic: Statistic, units: Exchangeable, *, permutations: int, seed: int, tolerance: float = 1e-9
) -> Permuted:
    """Test exchangeability of the units by permuting them.

    Args:
        statistic: Values for many splits at once; must not depend on which split was observed.
        units: What may move.
        permutations: Random splits to draw at most; fewer splits are enumerated.
        seed: Seed of the draws.
        tolerance: Values this close to the observed one, relative to the largest, count as equal to it:
            the same split reached along another order of summation differs in its last digits.

    Source: Besag & Clifford (1991), stopping early; Phipson & Smyth (2010), the observed split counted.
    Limits: valid where units are exchangeable; the smallest p-value is one over the number of splits.

    Example:
        >>> units = Exchangeable.of(6, 4)
        >>> x = np.r_[np.zeros(6), np.ones(4)]
        >>> permutation_test(lambda splits: splits @ x, units, permutations=999, seed=0).p_value == 1 / 210
        True
    """
    values = np.zeros(0)
    for batch in batches(units, permutations, seed):
        values = np.concatenate([values, _finite(statistic(batch))])
        if permutations > FIRST and units.splits > permutations:
            extreme = np.flatnonzero(_extreme(values, tolerance)[1:])
            if len(extreme) >= ENOUGH:
                return Permuted(float(values[0]), values[1:], ENOUGH / (int(extreme[ENOUGH - 1]) + 1))
    return Permuted(float(values[0]), values[1:], permutation_p_value(values, tolerance))


def _finite(statistics: NDArray[np.float64]) -> NDArray[np.float64]:
    # NaN compares as "not extreme", which would turn an overflow into the smallest p-value there is.
    if not np.isfinite(statistics).all():
        raise BadInput(
            "the statistic is not a finite number: squares of these values overflow or cancel",
            remedy="Bring the features to a sensible unit (most of them between 1e-6 and 1e6) and fit again.",
        )
    return statistics


def permutation_p_value(statistics: NDArray[np.float64], tolerance: float = 1e-9) -> float:
    """Share of splits whose statistic is at least that of row 0; equal values count against it.

    Args:
        statistics: ``(p,)``, large meaning "changed", the observed one first.
        tolerance: Values this close to the observed one, relative to the largest, are equal to it.

    Example:
        >>> permutation_p_value(np.array([3.0, 1.0, 3.0, 2.0]))
        0.5
    """
    return float(np.mean(_extreme(statistics, tolerance)))


def _extreme(statistics: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    slack = tolerance * max(1.0, float(np.abs(statistics).max()))
    return np.asarray(statistics >= statistics[0] - slack)
