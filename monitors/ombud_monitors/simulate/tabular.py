"""Changes of rows of numbers: what the shifts of digits and of Gaussian rows are made of.

Each function takes ``(rows, size, rng)`` and returns as many rows in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ombud.errors import BadInput
from ombud_monitors.simulate.rows import Index, Table
from ombud_monitors.simulate.shift import some_rows

__all__ = [
    "blended",
    "contaminated",
    "correlated",
    "displaced",
    "heavy_tailed",
    "kept_after_knock_out",
    "mean_moved",
    "noisy_rows",
    "scaled",
    "unchanged",
]

Values = NDArray[np.float64]


def unchanged(rows: Table, _size: float, _rng: np.random.Generator) -> Table:
    """The same rows, for shifts that only remove some."""
    return rows


def noisy_rows(rows: Table, share: float, rng: np.random.Generator, *, deviation: float) -> Table:
    """Gaussian noise of standard deviation ``deviation`` on every column of a share of rows.

    Source: Rabanser et al. (2019), "Gaussian noise shift" on a fraction delta of samples.
    """
    chosen = some_rows(len(rows), share, rng)
    values = rows.values.copy()
    values[chosen] += rng.normal(0, deviation, (len(chosen), values.shape[1]))
    return replace(rows, values=values)


def kept_after_knock_out(rows: Table, share: float, rng: np.random.Generator, *, label: int) -> Index:
    """Which rows stay when a share of one class is removed.

    Source: Rabanser et al. (2019), "knock-out shift".

    Raises:
        BadInput: The rows have no labels.
    """
    if rows.labels is None:
        raise BadInput("knock-out: expected rows with labels, got none", remedy="Give Table(values, labels).")
    members = np.flatnonzero(rows.labels == label)
    removed = members[some_rows(len(members), share, rng)]
    kept: Index = np.setdiff1d(np.arange(len(rows)), removed)
    return kept


def contaminated(
    rows: Table, share: float, rng: np.random.Generator, *, foreign: Callable[[Values], Values]
) -> Table:
    """A share of rows is replaced by rows of another distribution.

    Args:
        rows: The rows.
        share: Share of rows that is replaced, in [0, 1].
        rng: Chooses them.
        foreign: ``(k, d) -> (k, d)``: makes a row of the other distribution from the row it replaces.

    Source: Huber, "Robust estimation of a location parameter" (1964): ``(1 - share) F + share G``.
    """
    chosen = some_rows(len(rows), share, rng)
    values = rows.values.copy()
    values[chosen] = foreign(values[chosen])
    return replace(rows, values=values)


def blended(rows: Table, weight: float, rng: np.random.Generator) -> Table:
    """Every row is blended with another: ``(1 - weight) x_i + weight x_j``, ``j`` random.

    Source: Zhang et al., "mixup: beyond empirical risk minimization" (ICLR 2018), with fixed weight.
    """
    other = rows.values[rng.permutation(len(rows))]
    return replace(rows, values=(1 - weight) * rows.values + weight * other)


def scaled(rows: Table, size: float, _rng: np.random.Generator) -> Table:
    """Every row is multiplied by ``1 + size``: norms grow by that share, directions stay."""
    return replace(rows, values=rows.values * (1 + size))


def mean_moved(rows: Table, size: float, _rng: np.random.Generator, *, columns: int | None = None) -> Table:
    """``size`` is added to the first ``columns`` columns; to all of them for None."""
    values = rows.values.copy()
    values[:, :columns] += size
    return replace(rows, values=values)


def correlated(rows: Table, size: float, rng: np.random.Generator) -> Table:
    """A factor shared by all columns: ``sqrt(1 - size) x + sqrt(size) z``, ``z`` standard normal a row.

    Independent standard normal columns stay standard normal, with correlation ``size`` in all pairs.
    """
    factor = rng.normal(size=(len(rows), 1))
    return replace(rows, values=np.sqrt(1 - size) * rows.values + np.sqrt(size) * factor)


def heavy_tailed(rows: Table, size: float, rng: np.random.Generator) -> Table:
    """Standard normal rows become multivariate t with ``1 / size`` degrees of freedom and unit variance.

    Source: ``x sqrt((v - 2) / w)``, ``w`` chi-squared with ``v`` degrees of freedom, one a row.
    """
    freedom = 1 / size
    stretch = np.sqrt((freedom - 2) / rng.chisquare(freedom, (len(rows), 1)))
    return replace(rows, values=rows.values * stretch)


def displaced(rows: Table, share: float, rng: np.random.Generator, *, by: float) -> Table:
    """A second component: ``by`` is added to every column of a share of rows."""
    return contaminated(rows, share, rng, foreign=lambda values: values + by)
