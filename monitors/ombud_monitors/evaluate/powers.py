"""Powers: mean power over the lists of shifts that the default test is promised for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ombud_monitors.evaluate.contestants import LEVEL, Camp
from ombud_monitors.evaluate.pieces import Cell, Tally
from ombud_monitors.evaluate.plan import (
    CURVE_ROWS,
    DEFAULT_TEST,
    GOAL_SHIFTS,
    IMAGE_CORRUPTIONS,
    NORM_ROWS,
    NORM_SHIFTS,
    REFERENCE,
    ROWS,
)
from ombud_monitors.evaluate.promises import Promise, at_least
from ombud_monitors.evaluate.rates import CONFIDENCE, Rate
from ombud_monitors.simulate import SHIFTS

__all__ = ["LISTS", "MARGIN", "default_test_promises", "mean_powers"]

MARGIN = 0.02
"""How far the default test's mean power may lie under the best single test's."""

LISTS: Mapping[str, tuple[Sequence[str], Mapping[int, float | None]]] = MappingProxyType(
    {
        # Goals measured on a prototype of the aggregated test over these shifts; what it must not fall below.
        "shifts of load_digits": (GOAL_SHIFTS, {50: 0.50, 100: 0.52, 200: 0.61, 500: 0.73, 1000: 0.76}),
        "mild image corruptions": (IMAGE_CORRUPTIONS, {ROWS: 0.80}),
        "10% change of norm": (NORM_SHIFTS, {NORM_ROWS: 0.70}),
    }
)
"""Title → shifts, and rows → mean power that is promised."""


def mean_powers(chosen: Mapping[str, Camp], tallies: Mapping[Cell, Tally]) -> list[dict[str, Any]]:
    """Mean power of everybody who was shown a whole list, as JSON objects.

    Args:
        chosen: Who was measured.
        tallies: What was answered.
    """
    rows = []
    for title, (shifts, goals) in LISTS.items():
        for n in CURVE_ROWS:
            for name in chosen:
                if rates := _rates(name, shifts, n, tallies):
                    rows.append(
                        {
                            "list": title,
                            "shifts": len(shifts),
                            "detector": name,
                            "n": n,
                            "value": round(_mean(rates), 6),
                            "goal": goals.get(n) if name == DEFAULT_TEST else None,
                        }
                    )
    return rows


def default_test_promises(chosen: Mapping[str, Camp], tallies: Mapping[Cell, Tally]) -> Iterator[Promise]:
    """What the default test promises beyond its level."""
    clean = tallies.get(Cell(DEFAULT_TEST, "digits", ROWS, REFERENCE))
    if clean is not None and clean.rate.repeats:
        rate = clean.rate
        yield Promise(
            DEFAULT_TEST,
            f"no fewer false alarms on load_digits than a level of {LEVEL:.0%} explains: none is wasted",
            rate.value,
            rate.least(LEVEL) / rate.repeats,
            rate.hits >= rate.least(LEVEL),
            f"{rate.hits} of {rate.repeats}",
        )
    for title, (shifts, goals) in LISTS.items():
        for n, goal in goals.items():
            rates = _rates(DEFAULT_TEST, shifts, n, tallies)
            if rates and goal is not None:
                claim = f"mean power of at least {goal:.2f} over {len(shifts)} {title}, n = {n}"
                yield at_least(DEFAULT_TEST, claim, rates, goal)
    for n in CURVE_ROWS:
        if (promise := _beside_the_best(chosen, tallies, n)) is not None:
            yield promise


def _beside_the_best(chosen: Mapping[str, Camp], tallies: Mapping[Cell, Tally], n: int) -> Promise | None:
    """Never more than :data:`MARGIN` under the best single test of ours, over the shifts of load_digits."""
    ours = {
        name: rates
        for name, camp in chosen.items()
        if camp is Camp.OURS and (rates := _rates(name, GOAL_SHIFTS, n, tallies))
    }
    whole = ours.pop(DEFAULT_TEST, None)
    if whole is None or not ours:
        return None
    best = max(ours, key=lambda name: _mean(ours[name]))
    gap = _mean(whole) - _mean(ours[best])
    # Hoeffding's inequality for the difference of two means of the same windows; they are positively
    # dependent, which only makes it wider than it need be.
    terms = sum(4 / r.repeats for r in whole)
    slack = math.sqrt(math.log(1 / (1 - CONFIDENCE)) / 2 * terms) / len(whole)
    return Promise(
        DEFAULT_TEST,
        f"mean power over shifts of load_digits at most {MARGIN:.0%} under the best single test's, n = {n}",
        gap,
        -MARGIN,
        gap + slack >= -MARGIN,
        f"best single test: {best}",
    )


def _rates(name: str, shifts: Sequence[str], n: int, tallies: Mapping[Cell, Tally]) -> list[Rate]:
    """One rate for each shift of the list, or none where one is missing."""
    found = [tallies.get(Cell(name, SHIFTS[s].null, n, REFERENCE, s)) for s in shifts]
    rates = [t.rate for t in found if t is not None and t.rate.repeats]
    return rates if len(rates) == len(shifts) else []


def _mean(rates: Sequence[Rate]) -> float:
    return sum(r.value for r in rates) / len(rates)
