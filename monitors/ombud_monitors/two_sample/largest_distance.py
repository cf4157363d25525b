"""The largest Kolmogorov–Smirnov distance over many columns, exactly, with hardly any sorting.

Counts in bins bound the distance of a column from both sides: at a bin's end both distribution functions
are known; inside, their difference is at most what one of them gains there away from it. Only columns whose
upper bound beats the best distance found so far are looked at, some three of 512 that did not change, and
of those only the values in bins where the bound does.

Source: the bounds are those of a monotone function between two known points; the rest is arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.compiled import WANTED, compiled
from ombud_monitors.two_sample.histograms import Bins

__all__ = ["EVERYWHERE", "Bounds", "largest_distance", "steps_apart"]

EVERYWHERE = ((-np.inf, np.inf),)
Ranges = Sequence[tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Bounds:
    """What binned counts say about each column's distance.

    Args:
        lower: ``(d,)`` largest distance at an end of a bin.
        upper: ``(d,)`` the largest that the distance can be anywhere.
        shares: ``(d, k)`` shares of the reference and of the current window in bins.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    shares: tuple[NDArray[np.float64], NDArray[np.float64]]

    @classmethod
    def of(cls, reference: NDArray[np.float64], current: NDArray[np.float64]) -> Bounds:
        """Bounds from ``(d, k)`` shares of the two windows in bins in rising order.

        Example:
            >>> bounds = Bounds.of(np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]]))
            >>> bounds.lower.tolist(), bounds.upper.tolist()
            ([0.25], [0.75])
        """
        shares = np.require(reference, np.float64, WANTED), np.require(current, np.float64, WANTED)
        lower, upper = np.empty((2, len(reference)))
        compiled(_bound)(*shares, lower, upper)
        return cls(lower, upper, shares)

    def ranges(self, j: int, bins: Bins, beyond: float) -> Ranges:
        """Ranges of values that hold every bin of column ``j`` in which it may be more than this apart."""
        reference, current = (shares[j] for shares in self.shares)
        apart = (current - reference).cumsum()
        hit = np.flatnonzero(np.maximum(apart + reference, current - apart) > beyond)
        if not len(hit):
            return ()
        # To the middles of the bins beside them, so that no rounding at an end loses a value.
        middles = np.concatenate([[-np.inf], bins.column(j).middles[0], [np.inf]])
        middles[1], middles[-2] = -np.inf, np.inf
        cut = np.flatnonzero(np.diff(hit) > 2)
        firsts, lasts = hit[np.append(0, cut + 1)], hit[np.append(cut, len(hit) - 1)]
        return [(float(middles[a]), float(middles[b + 2])) for a, b in zip(firsts, lasts, strict=True)]


def steps_apart(x: NDArray[Any], y: NDArray[Any], ranges: Ranges = EVERYWHERE) -> int:
    """``n m D`` of two samples, ``D`` taken over some ranges of values, as a whole number.

    Args:
        x: ``(n,)`` sorted.
        y: ``(m,)`` in any order; tied values step together.
        ranges: First and last value of each.

    Example:
        >>> steps_apart(np.array([1.0, 2.0]), np.array([3.0, 2.0]))
        2
    """
    n, m = len(x), len(y)
    best = 0
    for first, last in ranges:
        later = y[y > last]
        chosen = y[(y >= first) & (y <= last)]
        # F - G is largest just before a value of y, which for the end of the range is the next one after it.
        chosen = np.sort(np.append(chosen, later.min()) if len(later) else chosen)
        below = int(np.count_nonzero(y < first))
        before, upto = (below + np.searchsorted(chosen, chosen, side=side) for side in ("left", "right"))
        above = np.searchsorted(x, chosen, side="left") * m - before * n
        under = upto * n - np.searchsorted(x, chosen, side="right") * m
        best = max(best, int(above.max(initial=0)), int(under.max(initial=0)))
    return best


def largest_distance(
    ordered: NDArray[Any], current: NDArray[Any], bounds: Bounds, bins: Bins
) -> tuple[float, NDArray[np.float64]]:
    """Largest distance over the columns.

    Args:
        ordered: ``(d, n)`` columns of the reference, sorted.
        current: ``(m, d)`` rows.
        bounds: Of the distances.
        bins: In which they were counted.

    Returns:
        The largest distance, exactly, and ``(d,)`` what is known of each: at least its lower bound.
    """
    n, m = ordered.shape[1], len(current)
    known, best = bounds.lower.copy(), 0.0
    # A bound may be off by a rounding of float32 at the end of a bin: a row or two in either window.
    slack = 2 / n + 2 / m
    for j in np.argsort(-bounds.upper, kind="stable"):
        if bounds.upper[j] + slack < best:
            break
        ranges = bounds.ranges(j, bins, max(best, float(bounds.lower[j])) - slack)
        found = steps_apart(ordered[j], current[:, j].copy(), ranges) / (n * m)
        known[j] = max(found, known[j])
        best = max(best, found)
    return best, known


def _bound(
    reference: NDArray[np.float64],
    current: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
) -> None:
    for j in range(len(reference)):
        apart = farthest = inside = 0.0
        for x, y in zip(reference[j], current[j]):  # noqa: B905 (what compiles the loop knows no `strict`)
            apart += y - x
            farthest = max(farthest, abs(apart))
            inside = max(inside, max(apart + x, y - apart))
        lower[j], upper[j] = farthest, inside
