"""Wealth: how payoffs add up when nobody knows the row at which the change came.

A bettor who starts at row ``j`` owns ``L_j = e_j e_(j+1) ... e_t`` after row ``t``. Two ways not to know
``j``:

- Shiryaev and Roberts: one bettor starts at every row, ``R = sum_j L_j``, so ``R <- (1 + R) e``;
- CUSUM: only the best start counts, ``R <- max(1, R) e``, which never exceeds the sum.

Every payoff has expectation 1, so ``R - t`` is a martingale (a supermartingale for CUSUM): whoever stops
when ``R`` reaches ``A`` has waited ``A`` rows on average, less the head start. All scores and bets are
kept in one array, each multiplied by its share.

Source: Shin, Ramdas & Rinaldo, "E-detectors: a nonparametric framework for sequential change detection",
    New England Journal of Statistics in Data Science 2 (2024); Roberts, Technometrics 8 (1966); head start:
    Moustakides, Polunchenko & Tartakovsky, "A numerical approach to performance analysis of quickest
    change-point detection procedures", Statistica Sinica 21 (2011).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

__all__ = ["LARGEST", "CusumWealth", "SummedWealth", "Wealth"]

Matrix = NDArray[np.float64]

LARGEST = 1e100
"""Values are cut back to this now and then while an alarm is not dealt with, so that they stay finite."""


class Wealth(ABC):
    """Wealth of every score and bet, and the time that it took.

    Args:
        shares: ``(k, b)``, summing to 1.
        planes: ``(2, k, b)``: wealth times share, and what the form needs for the time.
    """

    def __init__(self, shares: Matrix, planes: Matrix) -> None:
        self.planes = planes
        self.shares = shares
        self._wealth, self._time = planes
        self._ones = np.ones(shares.shape[1])
        self._totals = np.empty(len(shares))

    @classmethod
    def fresh(cls, shares: Matrix, *, head_start: float) -> Wealth:
        """Before the first row, every bet owns its share of the head start."""
        return cls(shares, np.stack([head_start * shares, np.zeros(shares.shape)]))

    @abstractmethod
    def add(self, payoffs: Matrix) -> None:
        """Take one row's payoffs ``(k, b)``."""

    @abstractmethod
    def age(self, leader: int) -> float:
        """Rows since the change, this one included, in the eyes of score ``leader``."""

    def lead(self) -> tuple[int, float]:
        """The richest score, and its wealth over all bets."""
        totals = self._wealth.dot(self._ones, self._totals)
        leader = int(totals.argmax())
        return leader, totals.item(leader)

    def trim(self) -> None:
        """Bring the richest score back to :data:`LARGEST`, if it is above."""
        _, value = self.lead()
        if value > LARGEST:
            self._scale(LARGEST / value)

    @abstractmethod
    def _scale(self, factor: float) -> None: ...


class SummedWealth(Wealth):
    """Shiryaev and Roberts: a bettor from every row. Time: the bettors' ages, weighted by their wealth.

    Example:
        >>> wealth = SummedWealth.fresh(np.ones((1, 1)), head_start=0.0)
        >>> for payoff in (2.0, 0.5, 3.0):
        ...     wealth.add(np.full((1, 1), payoff))
        >>> wealth.lead(), 2 * 0.5 * 3 + 0.5 * 3 + 3
        ((0, 7.5), 7.5)
        >>> wealth.age(0) == (3 * 3 + 2 * 1.5 + 1 * 3) / 7.5  # the posterior mean, all starts alike likely
        True
    """

    def add(self, payoffs: Matrix) -> None:
        """``R <- (1 + R) e``, and for the sum of ages ``G <- (G + R + 1) e``."""
        self._wealth += self.shares
        self._time += self._wealth
        self._wealth *= payoffs
        self._time *= payoffs

    def age(self, leader: int) -> float:
        """``sum_j L_j (t - j + 1) / sum_j L_j``: posterior mean under a flat prior on the start."""
        return float(self._time[leader].dot(self._ones)) / float(self._wealth[leader].dot(self._ones))

    def _scale(self, factor: float) -> None:
        self.planes *= factor


class CusumWealth(Wealth):
    """CUSUM: the best start only. Time: rows since that start.

    Example:
        >>> wealth = CusumWealth.fresh(np.ones((1, 1)), head_start=0.0)
        >>> for payoff in (2.0, 0.25, 3.0):
        ...     wealth.add(np.full((1, 1), payoff))
        >>> wealth.lead(), wealth.age(0)
        ((0, 3.0), 1.0)
    """

    def add(self, payoffs: Matrix) -> None:
        """``R <- max(1, R) e``; a start below 1 begins again."""
        self._time[self._wealth < self.shares] = 0.0
        self._time += 1.0
        np.maximum(self._wealth, self.shares, self._wealth)
        self._wealth *= payoffs

    def age(self, leader: int) -> float:
        """Rows since the start of the leading score's richest bet."""
        return float(self._time[leader, self._wealth[leader].argmax()])

    def _scale(self, factor: float) -> None:
        self._wealth *= factor
