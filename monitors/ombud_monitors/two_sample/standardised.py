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

from ombud_monitors.two_sample.windows import Windows

__all__ = ["blocks", "moments", "standardised_rows"]

BLOCK = 512
"""Rows at a time: 2 MB of doubles at 512 columns, about a processor's second-level cache."""


def blocks(windows: Windows) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Where rows lie among the pooled ones, reference first, and the rows."""
    for offset, rows in ((0, windows.reference), (windows.n_reference, windows.current)):
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            yield slice(offset + start, offset + start + len(block)), block


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
    windows: Windows, mean: NDArray[np.float64], deviation: NDArray[np.float64], out: NDArray[Any]
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
