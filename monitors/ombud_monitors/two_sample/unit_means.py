"""Weighted means of units: the shared engine of all statistics that compare averages.

For a unit of ``n`` rows with intra-class correlation ``rho`` the mean varies as
``sigma^2 (rho + (1 - rho) / n)``. Weighting each unit by the inverse,

    w = 1 / (rho + (1 - rho) / n),

gives the most precise difference of window means, and ``z = difference / (sigma sqrt(1/W_c + 1/W_r))``
with ``W`` the sum of weights in a window has about unit variance under the null whatever the units'
sizes. Independent rows are the case ``rho = 0``. ``rho`` and ``sigma`` come from the one-way analysis
of variance of the *pooled* windows: they do not change when units change places, so a permutation
test of ``z`` is exact.

Source: Donner & Klar, *Design and Analysis of Cluster Randomization Trials* (2000), ch. 2 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["UnitMeans", "intraclass_correlation"]

BLOCK = 1024
"""Assignments multiplied at a time: bounds the extra memory at ``8 BLOCK`` bytes per unit."""


@dataclass(frozen=True, eq=False)
class UnitMeans:
    """Per unit and column: mean and weight; per column: scale.

    Args:
        means: ``(u, d)``; 0 where the unit has no defined row.
        weights: ``(u, d)``; 0 there too.
        scale: ``(d,)`` standard deviation of one row; 0 for a constant column.
    """

    means: NDArray[np.float64]
    weights: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.float64], units: Exchangeable) -> UnitMeans:
        """Reduce pooled rows to units.

        Args:
            values: ``(n, d)`` pooled rows, reference first; NaN where undefined.
            units: Their units.
        """
        defined = ~np.isnan(values)
        centre = np.nanmean(np.where(defined.any(axis=0), values, 0.0), axis=0)
        filled = np.where(defined, values - centre, 0.0)
        counts = np.zeros((units.size, values.shape[1]))
        sums, squares = np.zeros_like(counts), np.zeros_like(counts)
        np.add.at(counts, units.of_row, defined.astype(np.float64))
        np.add.at(sums, units.of_row, filled)
        np.add.at(squares, units.of_row, filled**2)
        means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
        between, within = _components(means, counts, squares)
        total = between + within
        rho = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
        variance = rho + (1 - rho) / np.maximum(counts, 1)
        weights = np.where(counts > 0, 1 / np.maximum(variance, 1e-12), 0.0)
        return cls(means, weights, np.sqrt(total))

    def differences(self, current: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Current minus reference for every assignment.

        Args:
            current: ``(p, u)`` assignments.

        Returns:
            ``(p, d)`` differences in the columns' own units, and the same as z-scores. Both are 0 in
            columns that are constant or have no defined unit on one side.
        """
        difference = np.empty((len(current), self.means.shape[1]))
        precision = np.empty_like(difference)
        weighted, all_weights = self.weights * self.means, self.weights.sum(axis=0)
        all_weighted = weighted.sum(axis=0)
        for start in range(0, len(current), BLOCK):
            chosen = current[start : start + BLOCK].astype(np.float64)
            w_current, sum_current = chosen @ self.weights, chosen @ weighted
            w_reference = all_weights - w_current
            both = (w_current > 1e-9) & (w_reference > 1e-9)
            w_c, w_r = np.where(both, w_current, 1.0), np.where(both, w_reference, 1.0)
            gap = sum_current / w_c - (all_weighted - sum_current) / w_r
            difference[start : start + BLOCK] = np.where(both, gap, 0.0)
            precision[start : start + BLOCK] = np.where(both, 1 / (1 / w_c + 1 / w_r), 0.0)
        noise = np.where(self.scale > 1e-12, self.scale, np.inf)
        return difference, difference / noise * np.sqrt(precision)

    def standard_error(self, in_current: NDArray[np.bool_]) -> NDArray[np.float64]:
        """``(d,)`` null standard deviation of the difference at one split; 0 where undefined."""
        w_c, w_r = self.weights[in_current].sum(axis=0), self.weights[~in_current].sum(axis=0)
        both = (w_c > 0) & (w_r > 0)
        spread = self.scale * np.sqrt(1 / np.where(both, w_c, 1.0) + 1 / np.where(both, w_r, 1.0))
        return np.where(both, spread, 0.0)

    def without_shift(self, in_current: NDArray[np.bool_]) -> UnitMeans:
        """The same units with each window's mean taken out: what the null would have looked like."""
        means = self.means.copy()
        for side in (in_current, ~in_current):
            weights = self.weights[side]
            means[side] -= (weights * means[side]).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-12)
        return UnitMeans(np.where(self.weights > 0, means, 0.0), self.weights, self.scale)


def intraclass_correlation(values: NDArray[np.float64], units: Exchangeable) -> float:
    """Share of the variance that lies between units, averaged over columns by variance; in [0, 1].

    Args:
        values: ``(n, d)`` pooled rows without NaN.
        units: Their units; 0.0 where every row is its own unit.
    """
    if not units.clustered:
        return 0.0
    counts = np.repeat(units.rows[:, None].astype(np.float64), values.shape[1], axis=1)
    centred = values - values.mean(axis=0)
    sums, squares = np.zeros_like(counts), np.zeros_like(counts)
    np.add.at(sums, units.of_row, centred)
    np.add.at(squares, units.of_row, centred**2)
    between, within = _components(sums / counts, counts, squares)
    total = float((between + within).sum())
    return float(between.sum()) / total if total > 0 else 0.0


def _components(
    means: NDArray[np.float64], counts: NDArray[np.float64], squares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Variance between and within units per column, by one-way analysis of variance."""
    n, u = counts.sum(axis=0), (counts > 0).sum(axis=0)
    grand = (counts * means).sum(axis=0) / np.maximum(n, 1)
    inside = np.maximum(squares - counts * means**2, 0.0).sum(axis=0)
    outside = (counts * (means - grand) ** 2).sum(axis=0)
    ms_between = outside / np.maximum(u - 1, 1)
    if (n == u).all():
        return np.zeros_like(ms_between), ms_between
    ms_within = np.where(n > u, inside / np.maximum(n - u, 1), ms_between)
    typical = (n - (counts**2).sum(axis=0) / np.maximum(n, 1)) / np.maximum(u - 1, 1)
    between = np.maximum(ms_between - ms_within, 0.0) / np.maximum(typical, 1.0)
    return between, ms_within
