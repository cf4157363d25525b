"""Contrasts: weights of units that turn averages of anything into a difference between the windows.

For one split the contrast ``v`` sums to +1 over the current window's units and to -1 over the
reference's. Units of ``n`` rows with intra-class correlation ``rho`` weigh ``1 / (rho + (1 - rho) / n)``,
the most precise weighting of their means. A quadratic form ``v' K v`` has an expectation under the null
that is proportional to ``1/W_c + 1/W_r`` (sums of weights in each window): dividing by it keeps splits
into units of unequal size comparable. With independent rows all splits have the same divisor.

Source: Donner & Klar, *Design and Analysis of Cluster Randomization Trials* (2000), ch. 2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["contrasts", "unit_averages"]


def contrasts(
    units: Exchangeable, splits: NDArray[np.bool_], rho: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of units for many splits.

    Args:
        units: The units.
        splits: ``(p, u)`` assignments.
        rho: Intra-class correlation, in [0, 1]
            (:func:`~ombud_monitors.two_sample.unit_means.intraclass_correlation`).

    Returns:
        ``(p, u)`` contrasts, every row summing to 0, and ``(p,)`` divisors of quadratic forms.

    Example:
        >>> v, divisor = contrasts(Exchangeable.of(2, 2), np.array([[False, False, True, True]]))
        >>> v.tolist(), divisor.tolist()
        ([[-0.5, -0.5, 0.5, 0.5]], [1.0])
    """
    weights = 1 / np.maximum(rho + (1 - rho) / units.rows, 1e-12)
    w_current = splits @ weights
    w_reference = weights.sum() - w_current
    v = np.where(splits, weights / w_current[:, None], -weights / w_reference[:, None])
    return v, 1 / w_current + 1 / w_reference


def unit_averages(rows: NDArray[Any], units: Exchangeable) -> NDArray[Any]:
    """``(n, k)`` features of pooled rows averaged within units, ``(u, k)``; same dtype.

    Example:
        >>> units = Exchangeable.of(2, 1, ["a", "a"], ["b"])
        >>> unit_averages(np.array([[1.0], [3.0], [5.0]]), units).tolist()
        [[2.0], [5.0]]
    """
    if units.size == len(rows):
        ordered = np.empty_like(rows)
        ordered[units.of_row] = rows
        return ordered
    total = np.zeros((units.size, rows.shape[1]), dtype=rows.dtype)
    np.add.at(total, units.of_row, rows)
    total /= units.rows[:, None]
    return total
