"""Contingency: the tables of windows against categories, for any split of the units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud.domain.verdict import Contribution
from ombud_monitors.two_sample.contrasts import contrasts, unit_averages
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.unit_means import intraclass_correlation
from ombud_monitors.two_sample.windows import Windows

__all__ = ["ROWS_PER_CATEGORY", "Tables"]

ROWS_PER_CATEGORY = 2
"""Below this many rows per category of a column there is nothing to count: its values are measurements."""
_SHOWN = 5


@dataclass(frozen=True, eq=False)
class Tables:
    """The 2 × K tables of all columns, for any split of the units.

    Args:
        units: The units.
        values: Per column its ``(K,)`` categories.
        shares: ``(u, sum K)`` share of each category among a unit's rows.
        pooled: ``(sum K,)`` share among all rows.
        starts: ``(d,)`` where each column begins.
        rho: Intra-class correlation of the categories' indicators.
    """

    units: Exchangeable
    values: tuple[NDArray[Any], ...]
    shares: NDArray[np.float64]
    pooled: NDArray[np.float64]
    starts: NDArray[np.int64]
    rho: float

    @classmethod
    def of(cls, windows: Windows) -> Tables:
        """Tables of two windows of codes ``(n, d)``."""
        values, indicators = [], []
        pooled = windows.pooled
        for column in pooled.T:
            distinct, code = np.unique(column, return_inverse=True)
            values.append(distinct)
            # Too many categories are refused from their number alone, before any table is made.
            kept = len(distinct) if len(distinct) * ROWS_PER_CATEGORY <= len(column) else 1
            indicators.append((code[:, None] == np.arange(kept)).astype(np.float64))
        rows = np.concatenate(indicators, axis=1)
        starts = np.cumsum([0, *(part.shape[1] for part in indicators[:-1])])
        rho = intraclass_correlation(rows, windows.units)
        return cls(
            windows.units,
            tuple(values),
            unit_averages(rows, windows.units),
            rows.mean(axis=0),
            starts,
            rho,
        )

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """``(d,)`` categories of each column."""
        return np.array([len(values) for values in self.values])

    @property
    def rarest(self) -> float:
        """Smallest pooled share of any category."""
        return float(self.pooled.min())

    @cached_property
    def divisor(self) -> float:
        """Variance of a difference of shares, over ``p (1 - p)``, at the observed split."""
        return float(contrasts(self.units, self.units.in_current[None], self.rho)[1][0])

    def squares(self, splits: NDArray[np.bool_]) -> NDArray[np.float64]:
        """``(p, d)`` Pearson's statistics of ``(p, u)`` splits."""
        weights, divisor = contrasts(self.units, splits, self.rho)
        terms = np.square(weights @ self.shares) / self.pooled
        return np.asarray(np.add.reduceat(terms, self.starts, axis=1) / divisor[:, None])

    def scores(self, squares: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(p, d)`` about standard normal scores of statistics; of a column with one category, none."""
        freedom = np.maximum(self.sizes - 1, 1)
        spread = 2 / (9 * freedom)
        scores = (np.cbrt(squares / freedom) - (1 - spread)) / np.sqrt(spread)
        return np.where(self.sizes > 1, scores, -np.inf)

    def square_of(self, score: float, j: int) -> float:
        """The statistic of column ``j`` with this score, at least 0."""
        freedom = int(self.sizes[j]) - 1
        spread = 2 / (9 * freedom)
        return float(freedom * max(score * math.sqrt(spread) + 1 - spread, 0.0) ** 3)

    def differences(self, j: int) -> NDArray[np.float64]:
        """``(K,)`` current minus reference shares of column ``j``."""
        weights, _ = contrasts(self.units, self.units.in_current[None], self.rho)
        return np.asarray((weights @ self.shares)[0, self._columns(j)])

    def causes(self, j: int) -> tuple[Contribution, ...]:
        """The categories of column ``j`` that add most to its statistic."""
        columns = self._columns(j)
        window = self.units.in_current
        weight = self.units.rows[:, None] * self.shares[:, columns]
        reference, current = (weight[side].sum(axis=0) / weight[side].sum() for side in (~window, window))
        pooled, apart = self.pooled[columns], self.differences(j)
        return tuple(
            Contribution(
                name=f"column {j}: category {self.values[j][k]:g}",
                reference=float(reference[k]),
                current=float(current[k]),
                effect=float(apart[k] / math.sqrt(pooled[k] * (1 - pooled[k]) or 1.0)),
            )
            for k in np.argsort(-np.square(apart) / pooled, kind="stable")[:_SHOWN]
        )

    def _columns(self, j: int) -> slice:
        return slice(int(self.starts[j]), int(self.starts[j] + self.sizes[j]))
