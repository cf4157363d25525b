"""Lengths: how far rows lie from the middle, in three senses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ombud_monitors.two_sample.aggregated.view import Reduction, Statistic, View, standardised
from ombud_monitors.two_sample.ranked_rows import RankedRows

__all__ = ["length_view"]


def length_view(pooled: NDArray[Any], rows: RankedRows) -> View:
    """Distances of rows from the middle: in standard deviations, in ranks, in whitened ranks.

    All three are free of the columns' units, unlike those of :class:`~ombud_monitors.two_sample.Norms`. The
    first is ranked, so that one huge row counts once; it sees how far out a row lies beyond the most extreme
    ranks. The second sees a change of gain, the third rows that are unusual (or too usual) in combinations of
    columns.

    Args:
        pooled: ``(n, d)`` rows, in any order.
        rows: The same, ranked.
    """
    scaled = standardised(pooled[:, rows.columns].astype(np.float64, copy=False))
    lengths = {
        "distance from the mean": rankdata(_squares(scaled)),
        "distance from the middle in ranks": _squares(rows.ranks),
        "distance from the middle in whitened ranks": _squares(rows.whitened()),
    }
    features = standardised(np.column_stack(list(lengths.values())))
    return View(features, list(lengths), (Statistic("lengths of rows", Reduction.LARGEST, 2.0),))


def _squares(x: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.einsum("ij,ij->i", x, x))
