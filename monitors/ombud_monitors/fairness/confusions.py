"""Confusions: every fairness metric as a function of one table per group, so that resampling is cheap.

The tests hold these formulas against Fairlearn's, which give the values that are reported.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "accuracy",
    "cells",
    "demographic_parity",
    "equalized_odds",
    "macro_recall",
    "tables",
]

_Floats = NDArray[np.float64]


def cells(truth: NDArray[np.int64], predicted: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """``(n,)`` cell of each row in a ``(k, k + 1)`` table; the last column holds failed answers."""
    cell: NDArray[np.int64] = truth * (k + 1) + np.where(predicted < 0, k, predicted)
    return cell


def tables(codes: NDArray[np.int64], cell: NDArray[np.int64], groups: int, k: int) -> _Floats:
    """Confusion table per group ``(groups, k, k + 1)``: truth down, prediction across; -1 is left out."""
    kept = codes >= 0
    size = k * (k + 1)
    flat = np.bincount(codes[kept] * size + cell[kept], minlength=groups * size)
    return flat.astype(np.float64).reshape(groups, k, k + 1)


def accuracy(table: _Floats) -> _Floats:
    """Share of right answers; ``(..., k, k + 1)`` → ``(...)``, NaN for no rows."""
    return _ratio(np.trace(table[..., :-1], axis1=-2, axis2=-1), table.sum(axis=(-2, -1)))


def macro_recall(table: _Floats) -> _Floats:
    """Mean recall over the classes that occur; ``(..., k, k + 1)`` → ``(...)``."""
    return _mean(_true_positive_rate(table))


def demographic_parity(table: _Floats) -> _Floats:
    """Difference in selection rate between groups, mean over classes one-vs-rest.

    ``(..., groups, k, k + 1)`` → ``(...)``.
    """
    selected = _ratio(table[..., :-1].sum(axis=-2), table.sum(axis=(-2, -1))[..., None])
    return _mean(_spread(selected))


def equalized_odds(table: _Floats, classes: NDArray[np.bool_]) -> _Floats:
    """Larger of the differences in true and in false positive rate, mean over ``classes`` one-vs-rest.

    Args:
        table: ``(..., groups, k, k + 1)``.
        classes: ``(k,)`` which classes take part.

    Source: Hardt, Price and Srebro (2016); Fairlearn's ``agg="worst_case"`` per class.
    """
    positives = table.sum(axis=-1)
    selected = table[..., :-1].sum(axis=-2)
    right = np.diagonal(table[..., :-1], axis1=-2, axis2=-1)
    negatives = table.sum(axis=(-2, -1))[..., None] - positives
    false_rate = _ratio(selected - right, negatives)
    worst = np.fmax(_spread(_true_positive_rate(table)), _spread(false_rate))
    return _mean(worst[..., classes])


def _true_positive_rate(table: _Floats) -> _Floats:
    return _ratio(np.diagonal(table[..., :-1], axis1=-2, axis2=-1), table.sum(axis=-1))


def _spread(rate: _Floats) -> _Floats:
    """Largest less smallest over groups, ``(..., groups, k)`` → ``(..., k)``."""
    difference: _Floats = np.fmax.reduce(rate, axis=-2) - np.fmin.reduce(rate, axis=-2)
    return difference


def _ratio(part: _Floats, whole: _Floats) -> _Floats:
    return np.divide(part, whole, out=np.full(np.broadcast(part, whole).shape, np.nan), where=whole > 0)


def _mean(rates: _Floats) -> _Floats:
    with warnings.catch_warnings():
        # All-NaN slices (no class occurs) are meant to stay NaN.
        warnings.simplefilter("ignore", RuntimeWarning)
        mean: _Floats = np.nanmean(rates, axis=-1)
    return mean
