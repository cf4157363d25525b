"""The error budget of one model for one period, split over monitors and looks.

Alpha spending in its plainest form: a monitor with share ``s`` of the shares' sum ``S`` judges each
of ``L`` planned looks at ``probability * s / S / L``. By the union bound the chance of any false alarm
in the period is at most ``probability``, whatever the dependence between modalities, detectors and
overlapping windows. A look beyond the plan has level 0: monitors answer "the budget of this period is
spent" until a new period opens. That is a visible refusal, not silence taken for health; who looks
daily plans 30 looks.

Source: Lan & DeMets, Biometrika 70 (1983); Bonferroni.
Limits: a level that a monitor could not use (too few rows, no labels) lapses and is not handed on:
    reuse would need the reason to be independent of the data that is tested.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ombud.errors import BadInput

__all__ = ["Budget", "Split", "SplitRow"]


@dataclass(frozen=True)
class SplitRow:
    """One monitor's line in the split.

    Args:
        monitor: Its code.
        share: Its share of the budget, in (0, 1].
        level: What one planned look may spend.
        total: What all its planned looks may spend together.
    """

    monitor: str
    share: float
    level: float
    total: float


@dataclass(frozen=True)
class Budget:
    """At most this chance of any false alarm in one period.

    Args:
        probability: The chance, in (0, 1).
        looks: Planned looks per period.

    Raises:
        BadInput: The chance is not strictly between 0 and 1, or no look is planned.

    Example:
        >>> split = Budget(0.05, looks=4).split({"audio.harm": 2.0, "text.harm": 1.0})
        >>> round(split.level("audio.harm", look=1), 5), split.level("audio.harm", look=5)
        (0.00833, 0.0)
    """

    probability: float = 0.05
    looks: int = 4

    def __post_init__(self) -> None:
        if not 0 < self.probability < 1:
            raise BadInput(
                f"budget: probability must lie strictly between 0 and 1, got {self.probability}",
                remedy="Use a chance such as 0.05.",
            )
        if self.looks < 1:
            raise BadInput(
                f"budget: at least one look must be planned, got {self.looks}",
                remedy="Set budget.looks to the number of windows per period.",
            )

    def split(self, monitors: Mapping[str, float]) -> Split:
        """Share the budget out.

        Args:
            monitors: Code → share, any positive numbers; only their proportions matter.

        Raises:
            BadInput: No monitor, or a share that is not a positive finite number.
        """
        wrong = {code: share for code, share in monitors.items() if not 0 < share < math.inf}
        if wrong or not monitors:
            raise BadInput(
                f"budget: expected at least one monitor with a positive share, got {wrong or 'none'}",
                remedy="Give every monitor a share above 0, or leave it out.",
            )
        return Split(self, dict(monitors))


@dataclass(frozen=True)
class Split:
    """Who may spend what, and when.

    Args:
        budget: What is split.
        shares: Code → share, as given.
    """

    budget: Budget
    shares: Mapping[str, float]

    def level(self, code: str, look: int) -> float:
        """Level at which this monitor judges this look of the period.

        Args:
            code: Monitor code.
            look: 1 for the period's first look.

        Returns:
            The level; 0.0 beyond the planned looks. The exact sum over all monitors and looks is at
            most the budget: every level is rounded down.

        Raises:
            BadInput: The monitor has no share here, or ``look`` is below 1.
        """
        if code not in self.shares:
            raise BadInput(
                f"budget: {code!r} has no share, only {sorted(self.shares)}",
                remedy="Split the budget over every monitor that judges.",
            )
        if look < 1:
            raise BadInput(f"budget: looks are counted from 1, got {look}", remedy="Start at look 1.")
        return _rounded_down(self._exact(code)) if look <= self.budget.looks else 0.0

    def table(self) -> tuple[SplitRow, ...]:
        """One row per monitor, largest share first, then by code."""
        rows = [
            SplitRow(
                monitor=code,
                share=float(self._share(code)),
                level=self.level(code, 1),
                total=_rounded_down(self._exact(code) * self.budget.looks),
            )
            for code in self.shares
        ]
        return tuple(sorted(rows, key=lambda row: (-row.share, row.monitor)))

    def _share(self, code: str) -> Fraction:
        return Fraction(self.shares[code]) / sum(map(Fraction, self.shares.values()))

    def _exact(self, code: str) -> Fraction:
        return Fraction(self.budget.probability) * self._share(code) / self.budget.looks


def _rounded_down(exact: Fraction) -> float:
    nearest = float(exact)
    return nearest if Fraction(nearest) <= exact else math.nextafter(nearest, 0.0)
