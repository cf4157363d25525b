"""Ranked rows: both windows' rows as ranks along columns, and their principal components.

Ranks are taken over both windows together. They know no unit of measurement, no outlier can outweigh all
other rows, and a column that hardly ever differs from one value counts as little as it says: the mid-ranks
of tied values lie close together. Everything here is a function of the pooled rows, so a permutation test
of whatever is computed from it is exact.

Source: Conover & Iman, "Rank transformations as a bridge between parametric and nonparametric statistics",
    Am. Stat. 35 (1981); Halko, Martinsson & Tropp, "Finding structure with randomness", SIAM Rev. 53 (2011).
Limits: beyond :data:`DENSE` columns only the :data:`LEADING` leading components are found, and those of
    nearly equal variance among them roughly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RIDGE", "RankedRows"]

RIDGE = 0.1
"""Added to every component's variance before it is divided by, as a share of their mean. Components whose
variance is a tenth of the mean then still count half; those of nearly constant columns, which are mostly
rounding, do not count."""
LEADING = 64
"""Components kept: their products of pairs are what a second moment has to hold."""
DENSE = 128
"""Columns up to which all components are computed exactly: an eigenvalue problem of a millisecond."""
_SPARE = 16
_POWERS = 2
"""Spare directions and powers of Halko et al.: the error of a leading component's variance is then below 1%
for spectra like those of embeddings."""


@dataclass(frozen=True, eq=False)
class RankedRows:
    """Ranks and principal components of pooled rows.

    Args:
        ranks: ``(n, k)`` float32, centred mid-ranks between -1 and 1 of the columns that vary.
        columns: ``(k,)`` which columns those are.
        components: ``(n, q)`` float32, their coordinates along the leading principal components.
        variances: ``(q,)`` variance of each, largest first.
    """

    ranks: NDArray[np.float32]
    columns: NDArray[np.int64]
    components: NDArray[np.float32]
    variances: NDArray[np.float64]

    @classmethod
    def of(cls, pooled: NDArray[Any], rng: np.random.Generator) -> RankedRows:
        """Rank pooled rows.

        Args:
            pooled: ``(n, d)`` rows without NaN, at least one column of which varies.
            rng: Starts the search for leading components.

        Example:
            >>> pooled = np.array([[1.0, 7.0], [5.0, 7.0], [5.0, 7.0], [900.0, 7.0]])
            >>> rows = RankedRows.of(pooled, np.random.default_rng(0))
            >>> rows.ranks.tolist(), rows.columns.tolist(), rows.variances.round(3).tolist()
            ([[-0.75], [0.0], [0.0], [0.75]], [0], [0.281])
        """
        columns = np.flatnonzero((pooled != pooled[0]).any(axis=0))
        ranks = _mid_ranks(pooled[:, columns])
        ranks -= np.float32((len(pooled) - 1) / 2)
        ranks *= np.float32(2 / len(pooled))
        directions, variances = _principal(ranks, rng)
        return cls(ranks, columns, ranks @ directions, variances)

    def whitened(self, ridge: float = RIDGE) -> NDArray[np.float32]:
        """``(n, q)`` components divided by the root of their variance plus a share of the mean variance."""
        scale = np.sqrt(self.variances + ridge * self.variances.mean()).astype(np.float32)
        return np.asarray(self.components / scale)


def _mid_ranks(values: NDArray[Any]) -> NDArray[np.float32]:
    """``(n, k)`` ranks along columns from 0; tied values share the mean of theirs.

    scipy's ``rankdata`` takes twice as long, which with hundreds of columns is most of a test's time.
    """
    by_column = np.ascontiguousarray(values.T)
    order = by_column.argsort(axis=1)
    ordered = np.take_along_axis(by_column, order, axis=1)
    rank = np.broadcast_to(np.arange(len(values), dtype=np.float32), ordered.shape)
    begins = np.ones(ordered.shape, dtype=np.bool_)
    begins[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    if not begins.all():
        ends = np.roll(begins, -1, axis=1)
        first = np.maximum.accumulate(np.where(begins, rank, 0), axis=1)
        last = np.minimum.accumulate(np.where(ends, rank, len(values))[:, ::-1], axis=1)[:, ::-1]
        rank = (first + last) / 2
    ranks = np.empty(ordered.shape, dtype=np.float32)
    np.put_along_axis(ranks, order, rank, axis=1)
    return np.ascontiguousarray(ranks.T)


def _principal(
    ranks: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Leading directions ``(k, q)`` and their variances."""
    n, k = ranks.shape
    basis = np.eye(k, dtype=np.float32)
    if k > DENSE:
        basis = rng.normal(size=(k, LEADING + _SPARE)).astype(np.float32)
        for _ in range(_POWERS):
            basis = np.linalg.qr(ranks.T @ (ranks @ basis))[0]
    inside = ranks @ basis
    values, vectors = np.linalg.eigh((inside.T @ inside).astype(np.float64) / n)
    largest = np.argsort(-values)[:LEADING]
    # Directions in which nothing varies come out as rounding errors.
    largest = largest[values[largest] > 1e-6 * values.max()]
    return basis @ vectors[:, largest].astype(np.float32), values[largest]
