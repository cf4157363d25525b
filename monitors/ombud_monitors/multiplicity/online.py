"""Online FDR: hypotheses that arrive one by one and are answered at once, such as a model's slices.

Nobody knows how many slices (a site, a dialect, a device) will ever be asked about, and each wants its
answer now. Testing each at .05 floods people with false ones; splitting .05 over all that may ever come
leaves none a chance. These rules pay for later tests out of discoveries: the expected share of false
ones among all discoveries so far (FDR) stays at most ``level`` at every time.

* :class:`LordPlusPlus` takes p-values that are **independent** of each other under the null. Disjoint
  slices tested on disjoint rows are; overlapping ones (women, women over 60) are not.
* :class:`ELond` takes e-values under **any** dependence: overlapping slices, the same reference, the
  same window.

The state (:class:`OnlineState`) is a count and the places of the discoveries, nothing else, so that it can be
kept between runs and replayed.

Source: Ramdas, Yang, Wainwright & Jordan, "Online control of the false discovery rate with decaying
    memory" (2017), LORD++; Javanmard & Montanari, Annals of Statistics 46 (2018); Xu & Ramdas, "Online
    multiple testing with e-values" (2024), e-LOND.
Limits: FDR is an average over repetitions of the whole stream. LORD++ under dependence loses the
    guarantee on FDR; use e-LOND, calibrating p-values if need be, at a price in power.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scipy.special import zeta

from ombud.errors import Corrupted
from ombud_monitors.multiplicity import values

__all__ = ["ELond", "LordPlusPlus", "OnlineState"]

_DECAY = 1.6
"""Tests k places after their payment get a part that falls like k^-1.6, which sums to 1 when divided by
zeta(1.6): the pace that Ramdas, Zrnic, Wainwright & Jordan ("SAFFRON", 2018) found to serve both early
and late discoveries."""


@dataclass(frozen=True)
class OnlineState:
    """What has been tested so far, in order.

    Args:
        count: Hypotheses tested.
        discoveries: Places (1 for the first) of those that were rejected, ascending.

    Example:
        >>> OnlineState.from_json(OnlineState(5, (2, 4)).to_json())
        OnlineState(count=5, discoveries=(2, 4))
    """

    count: int = 0
    discoveries: tuple[int, ...] = ()

    def then(self, *, rejected: bool) -> OnlineState:
        """The state after one more hypothesis."""
        place = self.count + 1
        return OnlineState(place, (*self.discoveries, place) if rejected else self.discoveries)

    def to_json(self) -> dict[str, Any]:
        """The state as a JSON object."""
        return {"count": self.count, "discoveries": list(self.discoveries)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> OnlineState:
        """The state that :meth:`to_json` wrote.

        Raises:
            Corrupted: It is none: a key is missing or unknown, or places are not ascending within the count.
        """
        count: Any = state.get("count")
        places: Any = state.get("discoveries")
        if (
            set(state) != {"count", "discoveries"}
            or not _whole(count)
            or not isinstance(places, Sequence)
            or not all(map(_whole, places))
            or any(a >= b for a, b in zip([0, *places], [*places, count + 1], strict=True))
        ):
            raise Corrupted(
                f"online tests: expected a count and ascending places up to it, got {dict(state)!r}",
                remedy="Restore the state from a backup; the verdicts on record say what was rejected.",
            )
        return cls(count, tuple(places))


@dataclass(frozen=True)
class LordPlusPlus:
    """LORD++ for independent p-values.

    The t-th level is ``g(t) w + (level - w) g(t - d_1) + level (g(t - d_2) + g(t - d_3) + ...)``, where
    d_i are the places of earlier discoveries, ``g(k) = k^-1.6 / zeta(1.6)`` sums to 1 and w is the starting
    wealth ``level / 2``.

    Args:
        bound: Bound on the false discovery rate, in (0, 1).

    Raises:
        BadInput: The bound is none.

    Example:
        >>> rule, seen = LordPlusPlus(0.05), OnlineState()
        >>> for p in (0.3, 0.001, 0.02, 0.004):
        ...     seen = rule.test(p, seen)
        >>> seen.discoveries, round(rule.level(seen), 4)
        ((2, 4), 0.0246)
    """

    bound: float = 0.05

    def __post_init__(self) -> None:
        values.level(self.bound)

    def level(self, seen: OnlineState) -> float:
        """Level of the next hypothesis; at least 0, at most the bound."""
        place, start = seen.count + 1, self.bound / 2
        level = _part(place) * start
        for number, discovery in enumerate(seen.discoveries):
            level += _part(place - discovery) * (self.bound if number else self.bound - start)
        return level

    def test(self, p: float, seen: OnlineState) -> OnlineState:
        """Reject if ``p <= level(seen)``; raises BadInput for what is no p-value."""
        return seen.then(rejected=float(values.p_values(p)) <= self.level(seen))


@dataclass(frozen=True)
class ELond:
    """e-LOND for e-values under any dependence.

    The t-th level is ``level g(t) (D + 1)`` after D discoveries, and the hypothesis is rejected when its
    e-value reaches the inverse. Proof in one line: a false rejection counts ``1 / D_end`` of the share, at
    most ``1 / (D_(t-1) + 1)``, and ``1{e >= 1/a} <= a e``, so the expected share is at most
    ``sum_t level g(t) E[e_t] <= level``.

    Args:
        bound: Bound on the false discovery rate, in (0, 1).

    Raises:
        BadInput: The bound is none.

    Example:
        >>> rule, seen = ELond(0.05), OnlineState()
        >>> for e in (60.0, 2.0, 200.0):
        ...     seen = rule.test(e, seen)
        >>> seen.discoveries, round(rule.level(seen), 4)
        ((1, 3), 0.0071)
    """

    bound: float = 0.05

    def __post_init__(self) -> None:
        values.level(self.bound)

    def level(self, seen: OnlineState) -> float:
        """Level of the next hypothesis: its e-value must reach the inverse."""
        return self.bound * _part(seen.count + 1) * (len(seen.discoveries) + 1)

    def test(self, e: float, seen: OnlineState) -> OnlineState:
        """Reject if ``e >= 1 / level(seen)``; raises BadInput for what is no e-value."""
        return seen.then(rejected=float(values.e_values(e)) * self.level(seen) >= 1)


@lru_cache(maxsize=1)
def _whole_sum() -> float:
    return float(zeta(_DECAY))


def _part(place: int) -> float:
    return float(place**-_DECAY / _whole_sum())


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
