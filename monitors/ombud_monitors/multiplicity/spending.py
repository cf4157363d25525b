"""How a budget is spent over time: which part of it the k-th look may use.

The parts are exact fractions whose sum over all looks is at most 1, so "at most 5% in the period" is
arithmetic, not rounding.

:class:`PlannedLooks` gives each of n looks the n-th part and nothing to look n + 1: right for a period
with a calendar. :class:`OpenEnded` never runs out: half of the budget over the looks that are
expected, a sixth over the next twice as many, a twelfth over the next four times as many, and so on.
Within the plan it costs exactly a factor of 2; beyond it the k-th look's part falls like 1 / (k log² k),
the slowest pace at which a sum without end can stay finite (but for further logarithms).

Source: Lan & DeMets, Biometrika 70 (1983), alpha spending; the sequence in octaves is
    ``1 / ((j + 1)(j + 2)) = 1 / (j + 1) - 1 / (j + 2)``, which telescopes to 1.
Limits: Spending by looks, not by information: a look at a small window costs as much as one at a large.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from ombud.errors import BadInput

__all__ = ["OpenEnded", "PlannedLooks", "Spending"]


class Spending(Protocol):
    """Parts of a budget by look; over all looks they sum to at most 1."""

    def part(self, look: int) -> Fraction:
        """Part that the look may use; looks are counted from 1."""
        ...


@dataclass(frozen=True)
class PlannedLooks:
    """Every planned look the same part; later ones nothing.

    Args:
        looks: How many are planned in a period.

    Raises:
        BadInput: None is planned.

    Example:
        >>> spending = PlannedLooks(4)
        >>> spending.part(4), spending.part(5)
        (Fraction(1, 4), Fraction(0, 1))
    """

    looks: int

    def __post_init__(self) -> None:
        _planned(self.looks)

    def part(self, look: int) -> Fraction:
        """``1 / looks`` within the plan, 0 beyond it.

        Raises:
            BadInput: ``look`` is below 1.
        """
        return Fraction(1, self.looks) if _counted(look) <= self.looks else Fraction(0)


@dataclass(frozen=True)
class OpenEnded:
    """For any number of looks: octave j holds ``expected * 2^j`` looks and ``1 / ((j + 1)(j + 2))``.

    Args:
        expected: Looks that the first half of the budget is meant for.

    Raises:
        BadInput: None is expected.

    Example:
        >>> spending = OpenEnded(expected=30)
        >>> [str(spending.part(look)) for look in (1, 30, 31, 90, 91, 1000)]
        ['1/60', '1/60', '1/360', '1/360', '1/1440', '1/40320']
    """

    expected: int

    def __post_init__(self) -> None:
        _planned(self.expected)

    def part(self, look: int) -> Fraction:
        """Its octave's part of the budget, evenly over the octave's looks.

        Raises:
            BadInput: ``look`` is below 1.
        """
        # Octave j begins after expected * (2^j - 1) looks.
        octave = ((_counted(look) - 1) // self.expected + 1).bit_length() - 1
        return Fraction(1, (octave + 1) * (octave + 2) * self.expected * 2**octave)


def _planned(looks: int) -> None:
    if looks < 1:
        raise BadInput(
            f"budget: at least one look must be planned, got {looks}",
            remedy="Set budget.looks to the number of windows per period.",
        )


def _counted(look: int) -> int:
    if look < 1:
        raise BadInput(f"budget: looks are counted from 1, got {look}", remedy="Start at look 1.")
    return look
