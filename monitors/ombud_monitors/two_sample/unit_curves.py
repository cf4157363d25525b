"""Distribution functions of units: what makes permuting whole clusters cheap, column by column.

Every column's values become the numbers of the bins between at most :data:`THRESHOLDS` pooled quantiles
(all its distinct values where there are no more), chosen blind to the windows. A unit's curve is
the share of its rows at or below each threshold. The difference of the windows' distribution functions
is then a contrast of curves (:mod:`~ombud_monitors.two_sample.contrasts`), for all permuted splits at once
a matrix product ``(p, u) @ (u, K)``.

Limits: between two thresholds nothing is seen; at most ``1 / 256`` of the pooled rows lie there, ties apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.contrasts import contrasts, unit_averages
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.unit_means import intraclass_correlation

__all__ = ["THRESHOLDS", "UnitCurves", "codes"]

THRESHOLDS = 256
"""Points at which distribution functions are compared. Between them a bridge rises by about
``.58 / sqrt(256)`` = .04 beyond its value at them, against 1.36 for the critical value at .05."""


def codes(pooled: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers of the bins that values fall into, ``(n, d)``; equal values share a bin.

    Args:
        pooled: ``(n, d)`` rows of both windows.

    Example:
        >>> codes(np.array([[3.0], [1.0], [3.0], [9.0]])).T.tolist()
        [[1, 0, 1, 2]]
    """
    ordered = np.sort(pooled, axis=0)
    picks = np.unique(np.ceil(np.linspace(0, len(ordered) - 1, THRESHOLDS)).astype(np.int64))
    found = np.empty(pooled.shape, np.int64)
    for j in range(pooled.shape[1]):
        distinct = np.unique(ordered[:, j])
        edges = distinct if len(distinct) <= THRESHOLDS else np.unique(ordered[picks, j])
        found[:, j] = np.searchsorted(edges, pooled[:, j], side="left")
    return found


@dataclass(frozen=True, eq=False)
class UnitCurves:
    """Curves of units, per column.

    Args:
        units: The units.
        numbers: ``(n, d)`` bin of each pooled value.
        rho: Intra-class correlation of the bins' numbers, which weighs the units.
    """

    units: Exchangeable
    numbers: NDArray[np.int64]
    rho: float

    @classmethod
    def of(cls, numbers: NDArray[np.int64], units: Exchangeable) -> UnitCurves:
        """Curves of pooled rows, from :func:`codes` or any other binning in rising order."""
        return cls(units, numbers, intraclass_correlation(numbers.astype(np.float64), units))

    def weights(self, splits: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """``(p, u)`` contrasts and ``(p,)`` divisors of quadratic forms, for ``(p, u)`` splits."""
        return contrasts(self.units, splits, self.rho)

    def differences(self, j: int, weights: NDArray[np.float64]) -> NDArray[np.float32]:
        """Current minus reference distribution function of column ``j`` at its thresholds.

        Args:
            j: Column.
            weights: ``(p, u)`` contrasts.

        Returns:
            ``(p, K)`` float32.
        """
        return np.asarray(weights.astype(np.float32) @ self._curves(j))

    def shares(self, j: int) -> NDArray[np.float64]:
        """``(K,)`` shares of the pooled units' weight in the bins of column ``j``."""
        steps = np.diff(self._curves(j).astype(np.float64), axis=1, prepend=0.0)
        weight = 1 / np.maximum(self.rho + (1 - self.rho) / self.units.rows, 1e-12)
        return np.asarray(weight @ steps / weight.sum())

    def _curves(self, j: int) -> NDArray[np.float32]:
        """``(u, K)`` share of each unit's rows at or below each threshold."""
        last = int(self.numbers[:, j].max()) + 1
        if self.units.size == len(self.numbers):
            rows = (self.numbers[:, j, None] <= np.arange(last)).astype(np.float32)
            return np.asarray(unit_averages(rows, self.units))
        place = self.units.of_row * last + self.numbers[:, j]
        counts = np.bincount(place, minlength=self.units.size * last).reshape(-1, last)
        return np.asarray(counts.cumsum(axis=1) / self.units.rows[:, None], dtype=np.float32)
