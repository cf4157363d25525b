"""Every registered detector keeps its promises; a detector that always or never fires is found out.

Small windows and modest repeats: `ombud calibrate` makes the same counts at full size. What is not yet in
the registry is not here, and what enters it is tested without a line added.
"""

from __future__ import annotations

from functools import cache

import pytest

from ombud_monitors.evaluate import (
    Cell,
    Tally,
    keeps_level,
    sees_something,
    tallied,
    valid_p_values,
    window_pieces,
)
from ombud_monitors.simulate import SHIFTS
from ombud_monitors.two_sample.registry import DETECTORS

REPEATS = 40
NULLS = ("gaussian", "rounded", "embedding")
OBVIOUS = {
    "gaussian.mean-all": 1.0,
    "gaussian.norm-10": 0.6,
    "gaussian.correlation": 0.6,
    "digits.noise-10": 1.0,
}
"""Shifts and sizes, one for every kind of change that a test may be made for."""


@cache
def clean(name: str) -> dict[str, Tally]:
    cells = [Cell(name, null, n=60, n_reference=120) for null in NULLS]
    found = tallied((p, p.run()) for p in window_pieces([(c, REPEATS) for c in cells], seed=11))
    return {cell.null: tally for cell, tally in found.windows.items()}


@cache
def shifted(name: str) -> dict[str, Tally]:
    cells = [Cell(name, SHIFTS[s].null, 60, 120, s, size) for s, size in OBVIOUS.items()]
    found = tallied((p, p.run()) for p in window_pieces([(c, 20) for c in cells], seed=12))
    return {cell.shift or "": tally for cell, tally in found.windows.items()}


@pytest.mark.parametrize("name", list(DETECTORS))
def test_clean_windows_are_quiet(name: str) -> None:
    promise = keeps_level(name, clean(name))
    assert promise is not None, "it declined every clean window"
    print(promise)
    assert promise.kept


@pytest.mark.parametrize("name", list(DETECTORS))
def test_p_values_of_clean_windows_are_uniform_or_larger(name: str) -> None:
    promise = valid_p_values(name, clean(name))
    assert promise is not None
    print(promise)
    assert promise.kept


@pytest.mark.parametrize("name", list(DETECTORS))
def test_something_obvious_is_seen(name: str) -> None:
    promise = sees_something(name, shifted(name))
    assert promise is not None
    print(promise)
    assert promise.kept


def test_who_always_fires_breaks_its_level_and_who_never_fires_sees_nothing() -> None:
    loud, blind = keeps_level("", clean("always-fires")), sees_something("", shifted("never-fires"))
    assert loud is not None
    assert blind is not None
    assert not loud.kept
    assert not blind.kept


def test_p_values_that_are_too_small_are_found_out() -> None:
    """The bounds are not so wide that anything passes."""
    rows = {
        null: Tally(t.asked, t.declined, sum(p <= 0.3 for p in t.p_values), tuple(p / 6 for p in t.p_values))
        for null, t in clean("mmd").items()
    }
    level, p_values = keeps_level("", rows), valid_p_values("", rows)
    assert level is not None
    assert p_values is not None
    assert not level.kept
    assert not p_values.kept
