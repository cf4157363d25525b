"""Pieces: a study cut into parts that run anywhere, in any order, and once.

A piece names what it measures by codes and numbers only, so it can be sent to another process, and its
key says all that its outcome depends on: a store of outcomes by key makes a study resumable.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from ombud_monitors.evaluate.contestants import contestant
from ombud_monitors.evaluate.rates import Rate
from ombud_monitors.simulate import NULLS, SHIFTS

__all__ = ["PIECE", "Cell", "Outcome", "Piece", "Tally", "WindowPiece", "seed_of", "window_pieces"]

PIECE = 20
"""Pairs of windows in one piece: seconds of work at most, and a few copies of a shifted population."""

Outcome = Mapping[str, Any]
"""What a piece found, as a JSON object."""


class Piece(Protocol):
    """A part of a study."""

    @property
    def key(self) -> str:
        """All that the outcome depends on, the code's version aside."""
        ...

    def run(self) -> Outcome:
        """Measure; the same key gives the same outcome, up to the seconds that it took."""
        ...


@dataclass(frozen=True)
class Cell:
    """One entry of a table: one contestant before one kind of window.

    Args:
        contestant: Its name.
        null: Code of the population.
        n: Rows of a current window.
        n_reference: Rows of a reference window.
        shift: Code of the shift; None for clean windows.
        size: Size of the shift; None for its own.

    Example:
        >>> clean = Cell("ks", "gaussian", n=100, n_reference=500)
        >>> shifted = replace(clean, shift="gaussian.mean-one", size=1.0)
        >>> [Tally.of_json(WindowPiece(cell, 0, 0, 20).run()).alarms for cell in (clean, shifted)]
        [1, 20]
    """

    contestant: str
    null: str
    n: int
    n_reference: int
    shift: str | None = None
    size: float | None = None


@dataclass(frozen=True)
class WindowPiece:
    """Some pairs of windows shown to one contestant.

    Args:
        cell: What is measured.
        seed: Seed of the study.
        number: Which piece of the cell.
        repeats: Pairs of windows.

    Example:
        >>> pieces = window_pieces([(Cell("ks", "gaussian", n=50, n_reference=100), 40)], seed=0)
        >>> kept = {piece.key: piece.run() for piece in pieces}
        >>> next(iter(kept))
        'window/ks/gaussian/clean/None/100/50/0/0/20'
        >>> sum(map(Tally.of_json, kept.values()), Tally()).rate
        Rate(hits=1, repeats=40)
    """

    cell: Cell
    seed: int
    number: int
    repeats: int

    @property
    def key(self) -> str:
        """All that the outcome depends on."""
        c = self.cell
        return (
            f"window/{c.contestant}/{c.null}/{c.shift or 'clean'}/{c.size}/{c.n_reference}/{c.n}/"
            f"{self.seed}/{self.number}/{self.repeats}"
        )

    def run(self) -> Outcome:
        """Draw the pairs and ask.

        Windows depend on the null, their sizes and the seeds, not on the contestant: all of them see the
        same ones, so that differences between contestants are not differences between draws.
        """
        c = self.cell
        asked = contestant(c.contestant)
        shift = None if c.shift is None else SHIFTS[c.shift]
        if shift is not None and c.size is not None:
            shift = shift.at(c.size)
        drawn = seed_of(self.seed, c.null, c.n_reference, c.n, self.number)
        pairs = NULLS[c.null].pairs(c.n, self.repeats, seed=drawn, reference=c.n_reference, shift=shift)
        tally = Tally()
        for position, (reference, current) in enumerate(pairs):
            started = time.process_time()
            p_value, alarmed = asked.alarm(reference, current, seed_of(drawn, "test", position))
            tally = tally.with_one(p_value, alarmed, time.process_time() - started)
        return tally.to_json()


@dataclass(frozen=True)
class Tally:
    """What a contestant answered, counted; tallies of pieces add up.

    Args:
        asked: Windows shown.
        declined: Windows it said nothing about.
        alarms: Windows it fired at.
        p_values: Its p-values, in order; fewer than the answers where it gives none.
        cpu_seconds: What its answers took.

    Example:
        >>> both = Tally().with_one(0.01, True, 0.5) + Tally().with_one(None, None, 0.5)
        >>> both.rate, both.declined
        (Rate(hits=1, repeats=1), 1)
    """

    asked: int = 0
    declined: int = 0
    alarms: int = 0
    p_values: tuple[float, ...] = ()
    cpu_seconds: float = 0.0

    @property
    def rate(self) -> Rate:
        """Alarms among the windows that were answered."""
        return Rate(self.alarms, self.asked - self.declined)

    @property
    def milliseconds(self) -> float | None:
        """CPU milliseconds per window; None before any."""
        return 1000 * self.cpu_seconds / self.asked if self.asked else None

    def with_one(self, p_value: float | None, alarmed: bool | None, cpu_seconds: float) -> Tally:
        """One answer more."""
        return self + Tally(
            1, int(alarmed is None), int(bool(alarmed)), () if p_value is None else (p_value,), cpu_seconds
        )

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.asked + other.asked,
            self.declined + other.declined,
            self.alarms + other.alarms,
            self.p_values + other.p_values,
            self.cpu_seconds + other.cpu_seconds,
        )

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :meth:`of_json` reads back."""
        return {
            "asked": self.asked,
            "declined": self.declined,
            "alarms": self.alarms,
            "p_values": list(self.p_values),
            "cpu_seconds": self.cpu_seconds,
        }

    @classmethod
    def of_json(cls, outcome: Outcome) -> Tally:
        """The tally of a stored outcome."""
        return replace(cls(**outcome), p_values=tuple(outcome["p_values"]))


def seed_of(*parts: object) -> int:
    """A 63-bit seed from the names and numbers of what is drawn; equal parts give equal seeds.

    Example:
        >>> seed_of(0, "gaussian", 500) == seed_of(0, "gaussian", 500) != seed_of(0, "gaussian", 50)
        True
    """
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def window_pieces(cells: Iterable[tuple[Cell, int]], *, seed: int) -> Iterator[WindowPiece]:
    """The pieces of cells, each with its repeats.

    More repeats of the same cell add pieces and keep the ones before, up to the last if that was not full.

    Example:
        >>> cell = Cell("ks", "gaussian", n=50, n_reference=500)
        >>> [piece.repeats for piece in window_pieces([(cell, 50)], seed=0)]
        [20, 20, 10]
    """
    for cell, repeats in cells:
        for number, start in enumerate(range(0, repeats, PIECE)):
            yield WindowPiece(cell, seed, number, min(PIECE, repeats - start))
