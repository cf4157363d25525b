"""The error budget of one model for one period, split over monitors, slices and looks.

A budget is split by weights, and what a weight got may be split again: over purposes, modalities,
detectors, slices. A leaf with the fraction ``s`` of the whole judges the k-th look at
``probability * s * part(k)``, the parts coming from :mod:`~ombud_monitors.multiplicity.spending`. By
the union bound the chance of any false alarm in the period is at most ``probability``, whatever the
dependence between modalities, detectors and overlapping windows. Where looks are planned, a look
beyond the plan has level 0: monitors answer "the budget of this period is spent" until a new period
opens. That is a visible refusal, not silence taken for health; who looks daily plans 30 looks, and who
cannot plan says ``open_ended``.

A level is what a p-value must not exceed, and its inverse is what an e-value must reach.

Source: Lan & DeMets, Biometrika 70 (1983); Bonferroni; for e-values Vovk & Wang, Annals of Statistics
    49 (2021).
Limits: a level that a monitor could not use (too few rows, no labels) lapses and is not handed on:
    reuse would need the reason to be independent of the data that is tested.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from ombud.errors import BadInput
from ombud_monitors.multiplicity.spending import OpenEnded, PlannedLooks, Spending

__all__ = ["Branch", "Budget", "Split", "SplitRow", "Weights"]

SEPARATOR = "/"
"""Between the names of a path, as in ``audio.harm/site_b``."""


@dataclass(frozen=True)
class Branch:
    """A weight that is split again.

    Args:
        weight: Beside its siblings, positive; only proportions matter.
        parts: What it is split over.

    Example:
        >>> harm = Branch(2.0, {"all": 1.0, "site_b": 1.0})
        >>> split = Budget(0.06, looks=1).split({"audio.harm": harm, "text.harm": 1.0})
        >>> round(split.level("audio.harm/site_b", look=1), 9)
        0.02
    """

    weight: float
    parts: Weights


Weights: TypeAlias = Mapping[str, "float | Branch"]
"""Name → weight, or a branch of further weights."""


@dataclass(frozen=True)
class SplitRow:
    """One leaf's line in the split.

    Args:
        monitor: Its path: a monitor's code, with the names of branches above and slices below it.
        share: Its share of the whole budget, in (0, 1].
        level: What the first look may spend.
        total: What all looks of a period may spend together.

    Example:
        >>> harm = Branch(3.0, {"all": 3.0, "site_b": 1.0})
        >>> for row in Budget(0.05, looks=5).split({"audio.harm": harm, "text.harm": 1.0}).table():
        ...     print(f"{row.monitor:18} {row.share:.1%} of the budget, {row.level:.5f} a look")
        audio.harm/all     56.2% of the budget, 0.00562 a look
        text.harm          25.0% of the budget, 0.00250 a look
        audio.harm/site_b  18.8% of the budget, 0.00187 a look
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
        looks: Looks per period: planned ones, or with ``open_ended`` the ones that are expected.
        open_ended: Whether looks beyond ``looks`` get a level too, paid for by half of the first ones'.

    Raises:
        BadInput: The chance is not strictly between 0 and 1, or no look is planned.

    Example:
        >>> split = Budget(0.05, looks=4).split({"audio.harm": 2.0, "text.harm": 1.0})
        >>> round(split.level("audio.harm", look=1), 5), split.level("audio.harm", look=5)
        (0.00833, 0.0)
        >>> without_end = Budget(0.05, looks=4, open_ended=True).split({"audio.harm": 2.0, "text.harm": 1.0})
        >>> [round(without_end.level("audio.harm", look), 6) for look in (1, 5, 400)]
        [0.004167, 0.000694, 2e-06]
    """

    probability: float = 0.05
    looks: int = 4
    open_ended: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.probability < 1:
            raise BadInput(
                f"budget: probability must lie strictly between 0 and 1, got {self.probability}",
                remedy="Use a chance such as 0.05.",
            )
        # A plan without looks is refused here and not at the first look.
        self.spending.part(1)

    @property
    def spending(self) -> Spending:
        """Parts of the budget by look."""
        return OpenEnded(self.looks) if self.open_ended else PlannedLooks(self.looks)

    def split(self, weights: Weights) -> Split:
        """Share the budget out.

        Args:
            weights: Name → any positive number, or a branch; only proportions among siblings matter.

        Raises:
            BadInput: Nothing to split over, a weight that is not a positive finite number, or a name with
                a slash in it.
        """
        return Split(self, dict(_leaves(weights, Fraction(1))))


@dataclass(frozen=True)
class Split:
    """Who may spend what, and when.

    Args:
        budget: What is split.
        shares: Path → exact share of the whole; they sum to 1.

    Limits: bounds the chance of any false alarm, not the share of false ones among the alarms.

    Example:
        >>> split = Budget(0.05, looks=30).split({"audio.harm": 2.0, "text.harm": 1.0})
        >>> today = {"audio.harm": 0.001, "text.harm": 0.001}
        >>> [code for code, p_value in today.items() if p_value <= split.level(code, look=7)]
        ['audio.harm']
        >>> sum(30 * Fraction(split.level(code, look=7)) for code in today) <= Fraction(0.05)
        True
    """

    budget: Budget
    shares: Mapping[str, Fraction]

    def level(self, code: str, look: int) -> float:
        """Level at which this monitor judges this look of the period.

        Args:
            code: Path of the leaf: a monitor's code, or ``branch/code/slice``.
            look: 1 for the period's first look.

        Returns:
            The level; 0.0 beyond the planned looks. The exact sum over all leaves and looks is at most
            the budget: every level is rounded down.

        Raises:
            BadInput: The monitor has no share here, or ``look`` is below 1.
        """
        return _rounded_down(self._whole(code) * self.budget.spending.part(look))

    def total(self, code: str) -> float:
        """What all looks of a period may spend together. Raises as :meth:`level`."""
        return _rounded_down(self._whole(code))

    def table(self, look: int = 1) -> tuple[SplitRow, ...]:
        """One row per leaf, largest share first, then by path.

        Args:
            look: The look whose level is shown.
        """
        rows = [
            SplitRow(code, float(share), self.level(code, look), self.total(code))
            for code, share in self.shares.items()
        ]
        return tuple(sorted(rows, key=lambda row: (-row.share, row.monitor)))

    def _whole(self, code: str) -> Fraction:
        if code not in self.shares:
            raise BadInput(
                f"budget: {code!r} has no share, only {sorted(self.shares)}",
                remedy="Split the budget over every monitor that judges.",
            )
        return Fraction(self.budget.probability) * self.shares[code]


def _leaves(weights: Weights, whole: Fraction, above: str = "") -> Iterator[tuple[str, Fraction]]:
    plain = {name: part.weight if isinstance(part, Branch) else part for name, part in weights.items()}
    wrong = {name: weight for name, weight in plain.items() if not 0 < weight < math.inf}
    if wrong or not plain:
        raise BadInput(
            f"budget: expected at least one monitor with a positive share{f' in {above}' if above else ''}, "
            f"got {wrong or 'none'}",
            remedy="Give every monitor a share above 0, or leave it out.",
        )
    total = sum(map(Fraction, plain.values()))
    for name, part in weights.items():
        if SEPARATOR in name:
            raise BadInput(f"budget: a name may hold no slash, got {name!r}", remedy="Nest a branch instead.")
        share = whole * Fraction(plain[name]) / total
        path = f"{above}{SEPARATOR}{name}" if above else name
        if isinstance(part, Branch):
            yield from _leaves(part.parts, share, path)
        else:
            yield path, share


def _rounded_down(exact: Fraction) -> float:
    nearest = float(exact)
    return nearest if Fraction(nearest) <= exact else math.nextafter(nearest, 0.0)
