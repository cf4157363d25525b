"""Cell counts: the loop that puts every cell of a window into its bin and counts it.

The rule is that of :mod:`~ombud_monitors.two_sample.histograms`, whose
:meth:`~ombud_monitors.two_sample.histograms.Bins.numbers` follows it in numpy and gives the same bin to
the last bit. Arithmetic is vectorised over the columns of a row; some rows' results are held, so that a few
columns' counters at a time stay in a core's cache.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "HALF", "MIDDLE", "SLOTS", "count_cells"]

BINS = 509
"""Bins of a column; with the count of missing values they fill 2,040 of the 2,048 bytes allowed."""
SLOTS = BINS + 1
"""Counters of a column: its bins, then its missing values."""
MIDDLE = BINS // 2
"""The bin around the centre."""
HALF = np.float32(BINS / 2)
"""Bins on one side of the centre."""
_MISSING = BINS - MIDDLE
_TOGETHER = 32
"""Columns counted together: their counters fill 64 KiB."""


def count_cells(
    rows: NDArray[Any],
    centre: NDArray[Any],
    spread: NDArray[np.float32],
    first: NDArray[np.int32],
    places: NDArray[np.uint32],
    counts: NDArray[np.int32],
) -> None:
    """Add a block of rows to the counts of all columns; to be :func:`compiled`.

    Args:
        rows: ``(n, d)`` float32 or float64, C order; NaN is missing, none is infinite.
        centre: ``(d,)`` of the rows' type.
        spread: ``(d,)`` between the smallest and the largest normal float32.
        first: ``(d,)`` the counter of each column's middle bin.
        places: ``(n or more, d)`` to work in.
        counts: ``(d * 510,)``, added to.
    """
    n, d = rows.shape
    for i in range(n):
        row, place = rows[i], places[i]
        undefined = 0
        for j in range(d):
            distance = np.float32(row[j] - centre[j])
            share = distance / (abs(distance) + spread[j])
            undefined |= share != share
            place[j] = first[j] + np.int32(share * HALF)
        if undefined:
            for j in range(d):
                distance = np.float32(row[j] - centre[j])
                share = distance / (abs(distance) + spread[j])
                if row[j] != row[j]:
                    place[j] = first[j] + _MISSING
                elif share != share:
                    # So far out that float32 cannot hold the distance.
                    place[j] = first[j] + (-MIDDLE if row[j] < centre[j] else MIDDLE)
    for start in range(0, d, _TOGETHER):
        for i in range(n):
            place = places[i, start : start + _TOGETHER]
            for j in range(len(place)):
                counts[place[j]] += 1
