"""The largest Kolmogorov–Smirnov distance over many columns, exactly, without sorting most of them.

Counts in bins bound the distance of a column from both sides: at a bin's end both distribution functions
are known; inside, their difference is at most what one of them gains there away from it. Only columns whose
upper bound beats the best distance found so far are sorted and merged: of 512 columns that did not change
some five.

Source: the bounds are those of a monotone function between two known points; the rest is arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bounds", "largest_distance", "steps_apart"]


_STRETCH = 64
"""Values of the smaller look between two of the first: about the square root of windows of some thousand."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """What binned counts say about each column's distance.

    Args:
        lower: ``(d,)`` largest distance at an end of a bin.
        upper: ``(d,)`` the largest that the distance can be anywhere.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]

    @classmethod
    def of(cls, reference: NDArray[np.float64], current: NDArray[np.float64]) -> Bounds:
        """Bounds from ``(d, k)`` shares of the two windows in bins in rising order.

        Example:
            >>> bounds = Bounds.of(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]))
            >>> bounds.lower.tolist(), bounds.upper.tolist()
            ([0.25], [0.75])
        """
        apart = current - reference
        np.cumsum(apart, axis=1, out=apart)
        lower = np.maximum(np.abs(apart.max(axis=1)), np.abs(apart.min(axis=1)))
        inside = apart + reference
        upper = inside.max(axis=1)
        np.subtract(current, apart, out=inside)
        return cls(lower, np.maximum(upper, inside.max(axis=1)))


def steps_apart(x: NDArray[Any], y: NDArray[Any]) -> int:
    """``n m D`` of two sorted samples, as a whole number; ties step together.

    Args:
        x: ``(n,)`` sorted.
        y: ``(m,)`` sorted.

    Example:
        >>> steps_apart(np.array([1.0, 2.0]), np.array([2.0, 3.0]))
        2
    """
    # Both distribution functions are known at some values of y first; between two of those the distance
    # is bounded, and only stretches that may hold the largest are looked at value by value.
    some = np.append(np.arange(0, len(y) - 1, _STRETCH), len(y) - 1)
    above, below, lowest, highest = _at(x, y, y[some])
    best = max(int(above.max()), int(below.max()), 0)
    within = np.maximum(above[1:] + lowest[1:] - lowest[:-1], below[:-1] + highest[1:] - highest[:-1])
    inside = np.flatnonzero(within > best)
    if not len(inside):
        return best
    values = np.concatenate([y[some[i] + 1 : some[i + 1]] for i in inside])
    if not len(values):
        return best
    above, below, _, _ = _at(x, y, values)
    return max(best, int(above.max()), int(below.max()))


def _at(x: NDArray[Any], y: NDArray[Any], values: NDArray[Any]) -> tuple[NDArray[np.int64], ...]:
    """``n m (F - G)`` just before values of ``y``, ``n m (G - F)`` at them, and ``n m G`` before and at them.

    The first is largest just before some value of ``y``, the second at one: in between only ``F`` rises.
    """
    n, m = len(x), len(y)
    before, upto = (np.searchsorted(y, values, side=side) * n for side in ("left", "right"))
    above = np.searchsorted(x, values, side="left") * m - before
    below = upto - np.searchsorted(x, values, side="right") * m
    return above, below, before, upto


def largest_distance(
    ordered: NDArray[Any], current: NDArray[Any], bounds: Bounds
) -> tuple[float, NDArray[np.float64]]:
    """Largest distance over the columns.

    Args:
        ordered: ``(d, n)`` columns of the reference, sorted.
        current: ``(m, d)`` rows.
        bounds: Of the distances.

    Returns:
        The largest distance, exactly, and ``(d,)`` what is known of each: its distance where it was
        computed, its lower bound elsewhere.
    """
    n, m = ordered.shape[1], len(current)
    known, best = bounds.lower.copy(), -1.0
    # A bound may be off by a rounding of float32 at the end of a bin: a row or two in either window.
    slack = 2 / n + 2 / m
    for j in np.argsort(-bounds.upper, kind="stable"):
        if bounds.upper[j] + slack < best:
            break
        known[j] = steps_apart(ordered[j], np.sort(current[:, j])) / (n * m)
        best = max(best, float(known[j]))
    return best, known
