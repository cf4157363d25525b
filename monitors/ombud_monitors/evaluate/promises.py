"""Promises: what is claimed, what was measured, and whether the measurement contradicts the claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from scipy.stats import binom

from ombud_monitors.evaluate.contestants import LEVEL
from ombud_monitors.evaluate.p_values import uniformity
from ombud_monitors.evaluate.pieces import Tally
from ombud_monitors.evaluate.rates import CONFIDENCE, Rate

__all__ = ["OBVIOUS", "Promise", "at_least", "keeps_level", "sees_something", "valid_p_values"]

OBVIOUS = 0.5
"""Power that a test must reach on at least one of the shifts shown to it. Half is far from what chance
gives a test that keeps its level, and every test has a shift of the catalogue that it is made for."""

_DIGITS = 6


@dataclass(frozen=True)
class Promise:
    """One claim with its measurement.

    Args:
        about: Name of the contestant.
        claim: What is promised, in a sentence.
        measured: The number that decides.
        bound: What ``measured`` may not exceed, or fall below: ``claim`` says which.
        kept: False where these repeats contradict the claim with 99.9% confidence.
        detail: Where it was measured.

    Limits: "kept" means "not contradicted": few repeats contradict little, so read ``measured`` beside it.

    Example:
        >>> alarms = {20: 3, 2000: 300}
        >>> told = [keeps_level("x", {"gaussian": Tally(n, alarms=k)}) for n, k in alarms.items()]
        >>> [(promise.measured, promise.bound, promise.kept) for promise in told]
        [(0.15, 0.25, True), (0.15, 0.0655, False)]
    """

    about: str
    claim: str
    measured: float
    bound: float
    kept: bool
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        told = asdict(self)
        return told | {k: round(told[k], _DIGITS) for k in ("measured", "bound")}


def keeps_level(about: str, tallies: Mapping[str, Tally]) -> Promise | None:
    """Clean windows are called drift at most at the level, on every null.

    All nulls together count as one more, because few repeats of each are many together. They share the
    confidence (Bonferroni), so that a promise is broken by chance once in a thousand times however many
    nulls there are.

    Args:
        about: Name of the contestant.
        tallies: Null → what it answered there. Nulls on which it declined everything do not count.

    Returns:
        The promise where it is nearest to its bound, or farthest beyond; None without answers.

    Example:
        >>> keeps_level("x", {"gaussian": Tally(100, alarms=4), "t3": Tally(100, alarms=100)}).kept
        False
    """
    rates = {null: t.rate for null, t in _with_whole(tallies).items() if t.rate.repeats}
    if not rates:
        return None
    each = 1 - (1 - CONFIDENCE) / len(rates)
    null, worst = max(rates.items(), key=lambda item: _unlikely(item[1]))
    return Promise(
        about,
        f"at most {LEVEL:.0%} of clean windows are called drift, on every null",
        worst.value,
        worst.most(LEVEL, each) / worst.repeats,
        worst.explained_by(LEVEL, each),
        f"nearest to it: {null}, {worst.hits} of {worst.repeats}",
    )


def _with_whole(tallies: Mapping[str, Tally]) -> Mapping[str, Tally]:
    return tallies if len(tallies) < 2 else {**tallies, "all nulls together": sum(tallies.values(), Tally())}


def _unlikely(rate: Rate) -> float:
    """How unlikely so many hits or more are at the level, as ``-log10 p``."""
    return -float(binom.logsf(rate.hits - 1, rate.repeats, LEVEL)) / math.log(10)


def valid_p_values(about: str, tallies: Mapping[str, Tally]) -> Promise | None:
    """P-values of clean windows are uniform or larger, on every null and on all together.

    Example:
        >>> valid_p_values("x", {"gaussian": Tally(200, p_values=(0.5, 1.0) * 100)}).kept
        True
    """
    known = {null: t.p_values for null, t in _with_whole(tallies).items() if t.p_values}
    if not known:
        return None
    each = 1 - (1 - CONFIDENCE) / len(known)
    found = {null: u for null, p in known.items() if (u := uniformity(p, confidence=each)) is not None}
    null, worst = max(found.items(), key=lambda item: item[1].excess - item[1].bound)
    return Promise(
        about,
        "p-values of clean windows are uniform or larger: largest excess of their distribution",
        worst.excess,
        worst.bound,
        worst.valid,
        f"nearest to it: {null}",
    )


def sees_something(about: str, tallies: Mapping[str, Tally]) -> Promise | None:
    """Some shift is seen with power :data:`OBVIOUS`: never firing is no way to keep a level.

    Args:
        about: Name of the contestant.
        tallies: Shift → what it answered there.

    Example:
        >>> sees_something("x", {"gaussian.mean-all": Tally(60, alarms=0)}).kept
        False
    """
    rates = {shift: t.rate for shift, t in tallies.items() if t.rate.repeats}
    if not rates:
        return None
    shift, best = max(rates.items(), key=lambda item: item[1].value)
    return at_least(
        about, f"some shift is seen with power {OBVIOUS} or more", [best], OBVIOUS, f"best: {shift}"
    )


def at_least(about: str, claim: str, rates: Sequence[Rate], goal: float, detail: str = "") -> Promise:
    """A mean of rates reaches a goal, or is not far enough below it for these repeats to deny it.

    The upper end of a mean of rates ``p_i`` over ``n_i`` repeats is taken from Hoeffding's inequality,
    ``sqrt(log(1 / (1 - confidence)) / 2 * sum 1/n_i) / k`` above it; of one rate it is exact.

    Args:
        about: Name of the contestant.
        claim: What is promised.
        rates: One or more, of which the mean is promised.
        goal: What the mean shall reach.
        detail: Where it was measured.

    Source: Hoeffding, JASA 58 (1963); Clopper & Pearson (1934).

    Example:
        >>> at_least("x", "half", [Rate(40, 100), Rate(45, 100)], 0.5).kept
        True
        >>> at_least("x", "half", [Rate(400, 1000), Rate(380, 1000)], 0.5).kept
        False
    """
    mean = sum(r.value for r in rates) / len(rates)
    if len(rates) == 1:
        kept = rates[0].hits >= rates[0].least(goal)
    else:
        spread = math.log(1 / (1 - CONFIDENCE)) / 2 * sum(1 / r.repeats for r in rates)
        kept = mean + math.sqrt(spread) / len(rates) >= goal
    return Promise(about, claim, mean, goal, kept, detail)
