"""Confidence sequence for the difference of two error rates, arms side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ombud_monitors.sequential.bounds import check_alpha
from ombud_monitors.sequential.evidence import Interval
from ombud_monitors.sequential.mixture import half_cauchy
from ombud_monitors.sequential.sealing import State, seal, unseal
from ombud_monitors.sequential.two_arm import Block, gains

__all__ = ["GAPS", "DifferenceSequence"]

GAPS = np.sinh(np.linspace(-5, 5, 241)[1:-1]) / np.sinh(5)
"""Differences that are tested: .0006 apart around 0, further out 4% of their own size."""

SIZES = half_cauchy(0.35, smallest=0.03, largest=30.0, count=16)
"""As in :data:`~ombud_monitors.sequential.two_arm.BETS`, in coarser steps: the best size is missed by at
most a quarter, which costs at most 6% of its growth."""

CHUNK = 32
"""Blocks taken at once, which bounds the memory of an update to a few MB."""


class DifferenceSequence:
    """Confidence sequence for "challenger's error rate minus control's".

    Formula: the differences ``d`` that neither the e-process against "at most ``d``" nor the one against
    "at least ``d``" (:mod:`~ombud_monitors.sequential.two_arm`) has rejected, each at ``alpha / 2``. A
    difference between two tested ones belongs to the interval unless all the tested ones from it to the
    end of the scale are rejected, so limits are rounded outward to :data:`GAPS`.

    Differences that are ruled out are dropped: the longer it runs, the smaller and faster it gets.

    Args:
        alpha: Chance, at most, that the difference is ever outside.

    Raises:
        BadInput: Impossible level.

    Source: Turner, Ly & Grünwald, JSPI 230 (2024); Howard et al., "Time-uniform, nonparametric,
        nonasymptotic confidence sequences", Annals of Statistics 49 (2021), section 2.
    Limits: assumes that the difference is the same in every block; the base rate may move at will. If
        the difference moves, the lower limit says that it has been higher than this at some time, the
        upper one that it has been lower. The estimate weights blocks by ``n_a n_b / (n_a + n_b)``
        (Mantel-Haenszel).

    Example:
        >>> from ombud_monitors.sequential.two_arm import Blocks
        >>> made = Blocks()
        >>> looks = [made.add((50, 50), (5, 14), stratum="noon") for _ in range(20)]
        >>> seen = DifferenceSequence().add([look for look in looks if look])
        >>> round(seen.estimate, 3), seen.covers(0.18), seen.covers(0.0)
        (0.18, True, False)
    """

    def __init__(self, *, alpha: float = 0.05) -> None:
        check_alpha(alpha)
        self.alpha = alpha
        self._gaps = GAPS
        # Axis 0: evidence above a gap, evidence below it.
        self._wealth = np.zeros((2, len(GAPS), len(SIZES.sizes)))
        self._rejected = np.zeros((2, len(GAPS)), dtype=np.bool_)
        self._lower, self._upper = -1.0, 1.0
        self._n = 0
        self._weight = self._weighted = 0.0

    def add(self, made: Sequence[Block]) -> Interval:
        """Take blocks of outcomes; the interval is read after each."""
        for start in range(0, len(made), CHUNK):
            self._invert(made[start : start + CHUNK])
        for block in made:
            (n_a, n_b), (e_a, e_b) = block.requests, block.errors
            weight = n_a * n_b / (n_a + n_b)
            self._n += n_a + n_b
            self._weight += weight
            self._weighted += weight * (e_b / n_b - e_a / n_a)
        return self.interval

    @property
    def interval(self) -> Interval:
        """Where it stands."""
        return Interval(
            n=self._n,
            estimate=self._weighted / self._weight if self._n else math.nan,
            lower=self._lower,
            upper=self._upper,
            alpha=self.alpha,
        )

    def _invert(self, made: Sequence[Block]) -> None:
        for side, toward in enumerate((1, -1)):
            path = self._wealth[side] + np.cumsum(
                gains(made, SIZES.sizes, gaps=self._gaps, toward=toward), axis=0
            )
            self._wealth[side] = path[-1]
            self._rejected[side] |= (SIZES.blend(path) >= math.log(2 / self.alpha)).any(axis=0)
        above, below = self._rejected
        passed = int(np.logical_and.accumulate(above).sum())
        left = int(np.logical_and.accumulate(below[::-1]).sum())
        if passed:
            self._lower = float(self._gaps[passed - 1])
        if left:
            self._upper = float(self._gaps[-left])
        # One difference beyond each limit stays, so that limits can cross and show an empty interval.
        first, last = max(passed - 2, 0), len(self._gaps) - max(left - 2, 0)
        kept = slice(first, last if self._lower <= self._upper else first)
        self._gaps, self._wealth, self._rejected = (
            self._gaps[kept],
            self._wealth[:, kept],
            self._rejected[:, kept],
        )

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        return seal(
            "DifferenceSequence",
            {
                "alpha": self.alpha,
                "gaps": self._gaps.tolist(),
                "wealth": self._wealth.tolist(),
                "rejected": self._rejected.tolist(),
                "lower": self._lower,
                "upper": self._upper,
                "n": self._n,
                "weight": self._weight,
                "weighted": self._weighted,
            },
        )

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> DifferenceSequence:
        """A sequence that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "DifferenceSequence")
        sequence = cls(alpha=kept["alpha"])
        gaps = len(kept["gaps"])
        sequence._gaps = np.array(kept["gaps"], dtype=np.float64)
        sequence._wealth = np.array(kept["wealth"], dtype=np.float64).reshape(2, gaps, len(SIZES.sizes))
        sequence._rejected = np.array(kept["rejected"], dtype=np.bool_).reshape(2, gaps)
        sequence._lower, sequence._upper, sequence._n = kept["lower"], kept["upper"], kept["n"]
        sequence._weight, sequence._weighted = kept["weight"], kept["weighted"]
        return sequence
