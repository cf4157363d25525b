"""Columns: the middle, the spread and the shape of every column's distribution."""

from __future__ import annotations

import numpy as np

from ombud_monitors.two_sample.aggregated.view import Reduction, Statistic, View, standardised
from ombud_monitors.two_sample.ranked_rows import RankedRows

__all__ = ["column_view"]

SHAPED = 32
"""Columns up to which their shapes are looked at too. With more, one odd shape among so many is rarely told
from chance, and looking costs every other statistic power."""


def column_view(rows: RankedRows) -> View:
    """Ranks along every column and Legendre polynomials of them.

    Degree 1 is the middle, 2 the spread, 3 and 4 the shape. A change of one column stands out as the largest
    difference, a small shift of all columns in the sum of squares of the first degree.

    Args:
        rows: The pooled rows, ranked.

    Source: Neyman, "Smooth test for goodness of fit" (1937); Janic-Wróblewska & Ledwina, "Data driven rank
        test for two-sample problem", Scand. J. Stat. 27 (2000).
    Limits: fine detail of one column is for :class:`~ombud_monitors.two_sample.KS`.
    """
    r = rows.ranks
    k = r.shape[1]
    squares = r * r
    degrees = {"middle": r, "spread": squares}
    statistics = [
        Statistic("single columns", Reduction.LARGEST, 3.0, 0, 2 * k),
        Statistic("all columns together", Reduction.SUM, 1.0, 0, k, "squared standard deviations"),
    ]
    if k <= SHAPED:
        degrees |= {"skewness": r * (5 * squares - 3), "tails": squares * (35 * squares - 30)}
        statistics.append(Statistic("the shape of single columns", Reduction.LARGEST, 0.5, 2 * k, 4 * k))
    return View(
        np.concatenate([standardised(values) for values in degrees.values()], axis=1),
        [f"{what} of column {j}" for what in degrees for j in rows.columns],
        tuple(statistics),
    )
