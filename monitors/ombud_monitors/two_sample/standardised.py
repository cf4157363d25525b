"""Standardised rows: both windows in one array, every column with mean 0 and variance 1 over the two.

Centre and scale come from the pooled rows, so they do not change when rows change windows: a permutation
test of whatever is computed from these rows is exact. Sums are taken in double precision over blocks that
stay in the processor's cache, and the rows are written once, in the precision asked for; no second copy of
the windows exists.

Source: Chan, Golub & LeVeque, "Algorithms for computing the sample variance", Am. Stat. 37 (1983), for
    sums about a row instead of about 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.unit_means import intraclass_correlation
from ombud_monitors.two_sample.windows import Windows

__all__ = ["BLOCK", "blocks", "moments", "resemblance", "standardised_rows"]

BLOCK = 256
"""Rows at a time: 1 MB of doubles at 512 columns, about a processor's second-level cache."""
COLUMNS = 64
"""Columns that resemblance is measured by, at most."""


def blocks(windows: Windows, order: NDArray[np.int64] | None = None) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Some rows at a time, never of both windows, with their places.

    Args:
        windows: The windows.
        order: ``(n,)`` numbers of pooled rows, all of the reference first; None for the order they are in.
    """
    n = windows.n_reference
    for offset, end, rows in ((0, n, windows.reference), (n, n + windows.n_current, windows.current)):
        for start in range(offset, end, BLOCK):
            place = slice(start, min(start + BLOCK, end))
            drawn = slice(start - offset, place.stop - offset) if order is None else order[place] - offset
            yield place, rows[drawn]


def moments(windows: Windows) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of every column over both windows.

    Returns:
        ``(d,)`` means and ``(d,)`` standard deviations; exactly 0 for a constant column.

    Example:
        >>> mean, deviation = moments(Windows.of(np.array([[1.0, 5.0]]), np.array([[3.0, 5.0]])))
        >>> mean.tolist(), deviation.tolist()
        ([2.0, 5.0], [1.0, 0.0])
    """
    # About the first row: a constant column leaves exact zeros, and a large common value cancels.
    first = windows.reference[0].astype(np.float64)
    total, squares = np.zeros((2, len(first)))
    for _, block in blocks(windows):
        centred = block - first
        total += centred.sum(axis=0)
        squares += np.einsum("ij,ij->j", centred, centred)
    n = windows.n_reference + windows.n_current
    mean = total / n
    return first + mean, np.sqrt(np.maximum(squares / n - mean**2, 0.0))


def standardised_rows(
    windows: Windows,
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    out: NDArray[Any],
) -> None:
    """Write centred and scaled rows.

    Args:
        windows: The windows.
        mean: ``(d,)`` what to take off each column.
        deviation: ``(d,)`` what to divide it by; 0 leaves the column as it is, which is all zeros.
        out: ``(n, d)``, reference first; float32 or float64.
    """
    scale = 1 / np.where(deviation > 0, deviation, 1.0)
    for place, block in blocks(windows):
        centred = block - mean
        np.multiply(centred, scale, out=out[place], casting="same_kind")


def resemblance(windows: Windows, deviation: NDArray[np.float64]) -> float:
    """Intra-class correlation of the rows of a unit, in [0, 1]; 0 for independent rows.

    Args:
        windows: The windows.
        deviation: ``(d,)`` what columns are divided by. Of many columns :data:`COLUMNS` at even distances
            are asked: the number only weighs large clusters against small ones.
    """
    if not windows.units.clustered:
        return 0.0
    asked = slice(None, None, -(-len(deviation) // COLUMNS))
    some = np.concatenate([windows.reference[:, asked], windows.current[:, asked]]).astype(np.float64)
    return intraclass_correlation(some / np.where(deviation[asked] > 0, deviation[asked], 1.0), windows.units)
