"""Evidence that adds up over looks: two sums that stay below 1 / level, however long one looks.

Judging each look on its own forgets: three windows with p = 0.01 each are stronger evidence together
than any one of them, and no level that is split over looks sees that. Both classes here turn the looks'
e-values into one running number that may be compared with ``1 / level`` at every look.

* :class:`SpentEvidence` is ``sum_k w_k e_k`` with spending parts w_k. Its expectation at the last look
  is at most 1 and it never falls, so by Markov's inequality the chance that it *ever* reaches
  ``1 / level`` is at most ``level``, under **any** dependence between the looks. With
  ``e_k = all_or_nothing(p_k, level=level * w_k)`` it reaches ``1 / level`` exactly when some
  ``p_k <= level * w_k``: alpha spending is this sum with that calibrator, and another calibrator buys
  memory at the price of some power at a single look.
* :class:`RestartingEvidence` is ``sum_k w_k e_k e_(k+1) ... e_t``: a bet placed at each look on "it begins
  now", every bet multiplying from there on. It is an e-process where the e-values are sequential (see
  :mod:`~ombud_monitors.multiplicity.merging`), and only there; Ville's inequality bounds it. What was
  paid for quiet looks before a change costs little: only the parts that are left matter.

Both are frozen: ``after(e)`` gives the next state, ``to_json`` and ``from_json`` keep it between runs.

Source: Vovk & Wang, Annals of Statistics 49 (2021); Grünwald, de Heide & Koolen, "Safe testing", JRSS B
    86 (2024); Shin, Ramdas & Rinaldo, "E-detectors" (2024), whose sum over starting times this is, with
    weights that bound the chance of any false alarm instead of the run length.
Limits: the sum grows linearly in evidence, the product exponentially. Four looks at a shift of 2.65
    standard deviations under an eighth of .05: each look on its own finds it with chance .83, the product
    with .94, the sum with .54. So the sum is for weak evidence in many looks that depend on each other,
    not a replacement for levels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from ombud.errors import BadInput, Corrupted
from ombud_monitors.multiplicity import values
from ombud_monitors.multiplicity.spending import Spending

__all__ = ["RestartingEvidence", "SpentEvidence"]


@dataclass(frozen=True)
class SpentEvidence:
    """``sum_k w_k e_k``: valid whatever the dependence between the looks.

    Args:
        looks: How many were taken.
        value: The sum so far.

    Example:
        >>> from ombud_monitors.multiplicity import PlannedLooks, mixture
        >>> plan, evidence = PlannedLooks(4), SpentEvidence()
        >>> for p in (0.4, 0.001, 0.0005):
        ...     evidence = evidence.after(float(mixture(p)), plan)
        >>> round(evidence.value, 2), evidence.reached(0.05)
        (13.99, False)
        >>> SpentEvidence.from_json(evidence.to_json()) == evidence
        True
    """

    looks: int = 0
    value: float = 0.0

    def after(self, e: float, spending: Spending) -> SpentEvidence:
        """The state after one more look.

        Args:
            e: E-value of the look; 0 where it was not applicable.
            spending: The same at every look, fixed before the first.

        Raises:
            BadInput: ``e`` is no e-value.
        """
        look = self.looks + 1
        gained = float(spending.part(look)) * float(values.e_values(e))
        return SpentEvidence(look, min(self.value + gained, values.LARGEST))

    def reached(self, level: float) -> bool:
        """Whether the sum has reached ``1 / level``. Raises BadInput for a level outside (0, 1)."""
        return self.value * values.level(level) >= 1

    def to_json(self) -> dict[str, float]:
        """The state as a JSON object."""
        return {"looks": self.looks, "value": self.value}

    @classmethod
    def from_json(cls, state: Mapping[str, float]) -> SpentEvidence:
        """The state that :meth:`to_json` wrote.

        Raises:
            Corrupted: It is none.
        """
        looks, value = _numbers(state, "looks", "value")
        return cls(int(looks), value)


@dataclass(frozen=True)
class RestartingEvidence:
    """``sum_(k <= t) w_k e_k ... e_t``, plus the parts not yet spent: an e-process for sequential e-values.

    Args:
        looks: How many were taken.
        running: The running bets.
        unspent: What the spending has left for later looks: the sum of its later parts, at most.

    Example:
        >>> from ombud_monitors.multiplicity import PlannedLooks
        >>> plan, evidence = PlannedLooks(200), RestartingEvidence()
        >>> for e in [0.5] * 100 + [12.0] * 3:
        ...     evidence = evidence.after(e, plan)
        >>> round(evidence.value, 2), evidence.reached(0.05)
        (18.54, False)
        >>> evidence.after(12.0, plan).reached(0.05)
        True
    """

    looks: int = 0
    running: float = 0.0
    unspent: Fraction = Fraction(1)

    @property
    def value(self) -> float:
        """The e-process now."""
        return min(self.running + float(self.unspent), values.LARGEST)

    def after(self, e: float, spending: Spending) -> RestartingEvidence:
        """The state after one more look.

        Args:
            e: E-value of the look, one given all looks before it; 1 where it was not applicable.
            spending: The same at every look, fixed before the first.

        Raises:
            BadInput: ``e`` is no e-value.
        """
        look = self.looks + 1
        part = spending.part(look)
        running = (self.running + float(part)) * float(values.e_values(e))
        return RestartingEvidence(look, min(running, values.LARGEST), self.unspent - part)

    def reached(self, level: float) -> bool:
        """Whether the e-process stands at ``1 / level`` or above now.

        Raises:
            BadInput: The level is not in (0, 1).
        """
        return self.value * values.level(level) >= 1

    def to_json(self) -> dict[str, float]:
        """The state as a JSON object; what is unspent follows from the looks."""
        return {"looks": self.looks, "running": self.running}

    @classmethod
    def from_json(cls, state: Mapping[str, float], spending: Spending) -> RestartingEvidence:
        """The state that :meth:`to_json` wrote, under the same spending.

        Raises:
            Corrupted: It is none.
        """
        looks, running = _numbers(state, "looks", "running")
        spent = sum((spending.part(look) for look in range(1, int(looks) + 1)), Fraction(0))
        return cls(int(looks), running, 1 - spent)


def _numbers(state: Mapping[str, float], first: str, second: str) -> tuple[float, float]:
    try:
        looks, value = float(state[first]), float(state[second])
        values.e_values([looks, value])
    except (KeyError, TypeError, ValueError, BadInput):
        looks, value = math.nan, math.nan
    if set(state) != {first, second} or not looks.is_integer():
        raise Corrupted(
            f"evidence: expected a count {first!r} and a number {second!r}, got {dict(state)!r}",
            remedy="Start a new period, or restore the state from a backup.",
        )
    return looks, value
