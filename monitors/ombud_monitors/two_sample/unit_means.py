"""Weighted means of units: the shared engine of all statistics that compare averages.

The mean of a unit of ``n`` rows with intra-class correlation ``rho`` varies as
``v = sigma^2 (rho + (1 - rho) / n)``. Weighting clusters by ``1 / v`` gives the most precise mean of a
window, and the difference of two window means divided by its standard error

    z = (m_c - m_r) / sqrt(sum_c a^2 v / A_c^2 + sum_r a^2 v / A_r^2),    A = sum of weights a,

has about unit variance under the null whatever the units' sizes. Where clusters are mixed with rows
that have none (requests without audio beside those of a speaker) each kind is centred and weighted by
itself and the two kinds count by their numbers of rows, so that a changed mix of kinds does not pose as
a shift within one. Independent rows are the case ``rho = 0``.

``rho``, ``sigma`` and the centres come from the *pooled* windows: they do not change when units change
places, so a permutation test of ``z`` is exact.

Source: Donner & Klar, *Design and Analysis of Cluster Randomization Trials* (2000), ch. 2 and 5;
    studentised permutation: Chung & Romano, Annals of Statistics 41 (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["UnitMeans", "intraclass_correlation", "unit_variances"]

BLOCK = 1024
"""Assignments multiplied at a time: bounds the extra memory at ``8 BLOCK`` bytes per unit."""
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class UnitMeans:
    """Per unit and column: mean, weight and variance; per column: scale.

    Args:
        means: ``(u, d)``, each kind of unit centred at 0; 0 where the unit has no defined row.
        weights: ``(u, d)``; 0 there too.
        variances: ``(u, d)`` variance of each mean.
        scale: ``(d,)`` standard deviation of one row; 0 for a constant column.
    """

    means: NDArray[np.float64]
    weights: NDArray[np.float64]
    variances: NDArray[np.float64]
    scale: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.float64], units: Exchangeable) -> UnitMeans:
        """Reduce pooled rows to units.

        Args:
            values: ``(n, d)`` pooled rows, reference first; NaN where undefined.
            units: Their units.
        """
        defined = ~np.isnan(values)
        filled = np.where(defined, values, 0.0)
        row_named = units.named[units.of_row]
        kinds = [kind for kind in (units.named, ~units.named) if kind.any()]
        for rows in (row_named, ~row_named):
            filled[rows] -= filled[rows].sum(axis=0) / np.maximum(defined[rows].sum(axis=0), 1)
        filled[~defined] = 0.0
        counts = _by_unit(defined.astype(np.float64), units)
        sums, squares = _by_unit(filled, units), _by_unit(np.square(filled), units)
        means = np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0)
        weights, variances = np.zeros_like(means), np.zeros_like(means)
        for kind in kinds:
            n = counts[kind]
            between, within = _components(means[kind], n, squares[kind])
            variances[kind] = between + within / np.maximum(n, 1)
            weight = np.where(n > 0, 1 / np.maximum(variances[kind], TINY), 0.0)
            weights[kind] = weight * n.sum(axis=0) / np.maximum(weight.sum(axis=0), TINY)
        scale = np.sqrt(squares.sum(axis=0) / np.maximum(counts.sum(axis=0), 1))
        return cls(means, weights, variances, scale)

    def differences(self, current: NDArray[np.bool_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Current minus reference for every assignment.

        Args:
            current: ``(p, u)`` assignments.

        Returns:
            ``(p, d)`` differences in the columns' own units, and the same as z-scores. Both are 0 in
            columns that are constant or have no defined unit on one side.
        """
        gaps, errors = np.empty((2, len(current), self.means.shape[1]))
        for start in range(0, len(current), BLOCK):
            part = slice(start, start + BLOCK)
            gaps[part], errors[part] = self._split(current[part].astype(np.float64))
        noisy = errors > 1e-9 * self.scale
        return gaps, np.divide(gaps, errors, out=np.zeros_like(gaps), where=noisy)

    def standard_error(self, in_current: NDArray[np.bool_]) -> NDArray[np.float64]:
        """``(d,)`` standard error of the difference at one split ``(u,)``; 0 where undefined."""
        _, errors = self._split(in_current[None].astype(np.float64))
        return np.asarray(errors[0])

    def without_shift(self, in_current: NDArray[np.bool_]) -> UnitMeans:
        """The same units with each window's mean taken out: what the null would have looked like."""
        means = self.means.copy()
        for side in (in_current, ~in_current):
            weights = self.weights[side]
            means[side] -= (weights * means[side]).sum(axis=0) / np.maximum(weights.sum(axis=0), TINY)
        return UnitMeans(np.where(self.weights > 0, means, 0.0), self.weights, self.variances, self.scale)

    def _split(self, chosen: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Difference and standard error for ``(p, u)`` assignments as 0 and 1."""
        parts = (self.weights, self.weights * self.means, self.weights**2 * self.variances)
        (w_c, s_c, v_c), (w_r, s_r, v_r) = zip(
            *((chosen @ x, x.sum(axis=0) - chosen @ x) for x in parts), strict=True
        )
        both = (w_c > 1e-9) & (w_r > 1e-9)
        w_c, w_r = np.where(both, w_c, 1.0), np.where(both, w_r, 1.0)
        variance = np.maximum(v_c / w_c**2 + v_r / w_r**2, 0.0)
        return np.where(both, s_c / w_c - s_r / w_r, 0.0), np.where(both, np.sqrt(variance), 0.0)


def intraclass_correlation(values: NDArray[np.float64], units: Exchangeable) -> float:
    """Share of the variance that lies between units, averaged over columns by variance; in [0, 1].

    Args:
        values: ``(n, d)`` pooled rows without NaN.
        units: Their units; 0.0 where every row is its own unit.
    """
    if not units.clustered:
        return 0.0
    between, within = _parts(values, units)
    total = float((between + within).sum())
    return float(between.sum()) / total if total > 0 else 0.0


def unit_variances(values: NDArray[np.float64], units: Exchangeable) -> NDArray[np.float64]:
    """``(u, d)`` variance of each unit's average, every column with its own share between units.

    Args:
        values: ``(n, d)`` pooled rows without NaN.
        units: Their units.

    Example:
        >>> units = Exchangeable.of(4, 2, list("aabb"), list("cc"))
        >>> unit_variances(np.array([[1.0], [1.0], [3.0], [3.0], [5.0], [5.0]]), units).T.tolist()
        [[4.0, 4.0, 4.0]]
    """
    between, within = _parts(values, units)
    return np.asarray(between + within / units.rows[:, None])


def _parts(
    values: NDArray[np.float64], units: Exchangeable
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``(d,)`` variances between and within units."""
    centred = values - values.mean(axis=0)
    counts, sums, squares = (_by_unit(x, units) for x in (np.ones_like(values), centred, centred**2))
    return _components(sums / counts, counts, squares)


def _by_unit(rows: NDArray[np.float64], units: Exchangeable) -> NDArray[np.float64]:
    """``(n, d)`` rows summed into ``(u, d)`` units."""
    if units.size == len(rows):
        # A unit per row: summing would only reorder.
        ordered = np.empty_like(rows)
        ordered[units.of_row] = rows
        return ordered
    total = np.zeros((units.size, rows.shape[1]))
    np.add.at(total, units.of_row, rows)
    return total


def _components(
    means: NDArray[np.float64], counts: NDArray[np.float64], squares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """``(d,)`` variances between and within units, by one-way analysis of variance.

    Where no unit has two rows the two cannot be told apart; all of it is then called "within".
    """
    n, u = counts.sum(axis=0), (counts > 0).sum(axis=0)
    grand = (counts * means).sum(axis=0) / np.maximum(n, 1)
    inside = np.maximum(squares - counts * means**2, 0.0).sum(axis=0)
    ms_between = (counts * (means - grand) ** 2).sum(axis=0) / np.maximum(u - 1, 1)
    ms_within = np.where(n > u, inside / np.maximum(n - u, 1), ms_between)
    typical = (n - (counts**2).sum(axis=0) / np.maximum(n, 1)) / np.maximum(u - 1, 1)
    return np.maximum(ms_between - ms_within, 0.0) / np.maximum(typical, 1.0), ms_within
