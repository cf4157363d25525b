"""Cells: random handfuls of independent rows that move together, so that large windows permute cheaply.

Permutations of 20,000 rows are drawn and multiplied at ten times the cost of permutations of 2,000 cells of
ten, and say the same: where rows are exchangeable so are cells of equal size, whichever rows of a window
were put together blind to their values, and any group of permutations gives an exact test. The observed
statistic does not change at all, its null distribution by a part in the number of cells.

Source: Hemerik & Goeman, "Exact testing with random permutations", TEST 27 (2018), theorem 1: a subgroup of
    the permutations will do.
Limits: for rows taken as independent only; clusters are units already.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["MOST", "cells"]

MOST = 2000
"""Cells wanted at most over both windows."""
FEWEST = 500
"""Cells left in the smaller window at least: the null's spread then differs by about a part in 500."""


def cells(units: Exchangeable, rng: np.random.Generator) -> Exchangeable:
    """Units to permute: cells where rows are independent and many, else the units as they are.

    Args:
        units: The units of two pooled windows, reference first.
        rng: Draws which rows share a cell.

    Returns:
        Units; rows that fill no cell of their window, fewer than a cell, move among their like.

    Example:
        >>> few = Exchangeable.of(300, 200)
        >>> cells(few, np.random.default_rng(0)) is few
        True
        >>> many = cells(Exchangeable.of(6001, 4000), np.random.default_rng(0))
        >>> many.size, many.rows.max(), int(many.in_current.sum())
        (1671, 6, 670)
    """
    n = len(units.of_row)
    size = min(-(-n // MOST), min(units.n_reference, units.n_current) // FEWEST)
    if units.clustered or size <= 1:
        return units
    of_row = np.empty(n, np.int64)
    in_current: list[NDArray[np.bool_]] = []
    named: list[NDArray[np.bool_]] = []
    start = first = 0
    for current, count in ((False, units.n_reference), (True, units.n_current)):
        whole, left = divmod(count, size)
        members = np.concatenate([np.repeat(np.arange(whole), size), whole + np.arange(left)])
        of_row[start : start + count] = first + rng.permutation(members)
        in_current.append(np.full(whole + left, current))
        named.append(np.arange(whole + left) < whole)
        start, first = start + count, first + whole + left
    kinds = np.concatenate(named)
    return Exchangeable(of_row, np.concatenate(in_current), np.full(first, -1), kinds, clustered=False)
