"""Portfolio: one bet spread anew over all whitened scores before every row, where money was made lately.

A change may move many scores a little, each far too little to be seen alone. Let ``z_k`` be the normal
scores of the whitened components and ``m_k`` their exponentially weighted sum over the rows before. The
portfolio stakes ``|m_k|`` on "component ``k`` moved by one in the direction of ``m_k``":

    e = sum_k |m_k| exp(sign(m_k) z_k - 1/2) / sum_k |m_k|.

The stakes are fixed before the row is seen, and every single bet has expectation 1, hence so has ``e``,
however the components depend on each other. A learned direction ``m' z`` would bet on a product instead,
and would have to know the joint distribution.

Source: rebalanced portfolios, Cover, "Universal portfolios", Mathematical Finance 1 (1991); stakes and memory
    are ours.
Limits: each component's rank is uniform given *its own* past; that it stays so given the past of all
    components holds exactly if these are independent or the reference is endless, and is measured otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.sequential.streaming.payoffs import NORMAL_SCORES, moved

__all__ = ["MEMORY", "Portfolio"]

Matrix = NDArray[np.float64]

MEMORY = 32
"""Rows of memory. Of 16, 32 and 64 the one that lost least over shifts of 1/8 to 1 standard deviation in all
of 32 components (mean delays 94, 35, 16 and 8 rows); 16 is a row faster on the largest, 14 slower on the
smallest."""

FADE = 1 - 1 / MEMORY

_UP, _DOWN = moved(1.0), moved(-1.0)

TICKETS: Matrix = np.stack([(_UP - _DOWN) / 2, (_UP + _DOWN) / 2], axis=1)
"""``(CELLS, 2)``: half the difference and half the sum of a bet up and a bet down, because
``|m| p(sign(m)) = m (p(1) - p(-1)) / 2 + |m| (p(1) + p(-1)) / 2``."""


@dataclass(eq=False)
class Portfolio:
    """Stakes over ``d`` components.

    Args:
        sums: ``(d,)`` exponentially weighted sums of normal scores; 0 at the start.

    Example:
        >>> portfolio = Portfolio(np.zeros(2))
        >>> row = np.array([4000, 2048])  # the first component is high, the second in its middle
        >>> [round(portfolio.bet(row), 2) for _ in range(3)]
        [1.0, 4.43, 4.43]
    """

    sums: Matrix

    def __post_init__(self) -> None:
        # Stakes in the order of a ticket: m, |m|.
        self._stakes = np.column_stack([self.sums, np.abs(self.sums)])
        self._flat = self._stakes.ravel()
        self._sizes = np.tile([0.0, 1.0], len(self.sums))
        # Room and constants for one row, so that nothing is made anew while a stream runs.
        self._tickets, self._scores = np.empty(self._stakes.shape), np.empty(len(self.sums))
        self._flat_tickets, self._fade = self._tickets.ravel(), np.full(len(self.sums), FADE)
        self.sums, self._magnitudes = self._stakes[:, 0], self._stakes[:, 1]

    def bet(self, cells: NDArray[np.intp]) -> float:
        """Payoff of the stakes as they are; then they learn from the row.

        Args:
            cells: ``(d,)`` cells of the components' ranks.
        """
        flat, sums = self._flat, self.sums
        TICKETS.take(cells, 0, self._tickets, "clip")
        NORMAL_SCORES.take(cells, None, self._scores, "clip")
        won, total = float(flat.dot(self._flat_tickets)), float(flat.dot(self._sizes))
        sums *= self._fade
        sums += self._scores
        np.abs(sums, self._magnitudes)
        return won / total if total else 1.0

    def bet_many(self, cells: NDArray[np.intp]) -> list[float]:
        """The same for rows ``(n, d)``, one after the other, to the last bit."""
        n, d = cells.shape
        sums = np.empty((n + 1, d))
        sums[0] = self.sums
        scores = NORMAL_SCORES.take(cells, None, None, "clip")
        for t in range(n):
            after = np.multiply(sums[t], self._fade, sums[t + 1])
            after += scores[t]
        stakes = np.stack([sums[:-1], np.abs(sums[:-1])], axis=2).reshape(n, 1, 2 * d)
        tickets = TICKETS.take(cells, 0, None, "clip").reshape(n, 2 * d, 1)
        won, total = np.matmul(stakes, tickets)[:, 0, 0], np.matmul(stakes, self._sizes[:, None])[:, 0, 0]
        self.sums[:] = sums[n]
        np.abs(self.sums, self._magnitudes)
        payoffs: list[float] = np.divide(won, total, out=np.ones(n), where=total > 0).tolist()
        return payoffs
