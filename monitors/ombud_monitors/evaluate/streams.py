"""Streams: how long a stream detector runs without a change, and how soon it calls one.

Runs are played by :func:`~ombud_monitors.sequential.streaming.average_run_length` and
:func:`~ombud_monitors.sequential.streaming.mean_delay`; here they are cut into pieces and added up.
:mod:`~ombud_monitors.evaluate.stream_promises` holds them against what is promised.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from ombud.errors import BadInput
from ombud_monitors.evaluate.pieces import Outcome, seed_of
from ombud_monitors.evaluate.rates import CONFIDENCE
from ombud_monitors.evaluate.watchers import STREAMS, Timed
from ombud_monitors.sequential.streaming import (
    Delays,
    RunLengths,
    average_run_length,
    mean_delay,
)
from ombud_monitors.simulate import (
    SHIFTS,
    Table,
    embedding_rows,
    equicorrelated_rows,
    normal_rows,
    t_rows,
)

__all__ = [
    "DELAY_GOALS",
    "StreamCell",
    "StreamPiece",
    "StreamTally",
    "stream_cells",
    "stream_pieces",
]

HORIZON = 4000
"""Rows after which a clean run is cut: four times the promise."""
BEFORE = 200
"""Clean rows before a change: a delay from a cold start would flatter."""
PATIENCE = 500
"""Rows after a change at which a run is cut; half the run length without one."""
RUNS = 5
"""Runs in one piece."""

Rows = NDArray[np.float64]
_Draw = Callable[[int, np.random.Generator], Table]

POPULATIONS: Mapping[str, _Draw] = MappingProxyType(
    {
        "gaussian": normal_rows,
        "equicorrelated": equicorrelated_rows,
        "t3": t_rows,
        "embedding": embedding_rows,
    }
)
"""Null → rows without end."""

DELAY_GOALS: Mapping[tuple[str, float], float] = MappingProxyType(
    {
        ("gaussian.mean-all", 0.25): 20,
        ("gaussian.mean-all", 0.5): 6,
        ("gaussian.mean-all", 1.0): 3,
        ("gaussian.mean-one", 0.5): 75,
        ("gaussian.mean-one", 1.0): 22,
    }
)
"""Shift of independent normal rows and its size → mean delay that is promised at most."""


@dataclass(frozen=True)
class StreamCell:
    """One stream detector on one kind of stream.

    Args:
        stream: Its name.
        null: Code of the population.
        shift: Code of the shift; None for a stream without a change.
        size: Size of the shift.

    Example:
        >>> moved = StreamCell("shiryaev_roberts", "gaussian", "gaussian.mean-all", 1.0)
        >>> found = StreamTally.of_json(StreamPiece(moved, seed=0, number=0, runs=2).run())
        >>> found.alarms, found.early, found.mean <= DELAY_GOALS[moved.shift, moved.size]
        (2, 0, True)
    """

    stream: str
    null: str
    shift: str | None = None
    size: float | None = None


@dataclass(frozen=True)
class StreamTally:
    """What several runs came to; tallies of pieces add up.

    Args:
        lengths: Rows of each run to its alarm, after the change where there is one, or to the cut.
        alarms: Runs that ended in an alarm.
        early: Runs with a change that were alarmed before it; they have no length.
        cpu_seconds: What watching took, the fit aside.
        watched: Rows read in that time.
        fit_seconds: CPU seconds of all fits.

    Example:
        >>> found = StreamTally(lengths=(20, 31), alarms=2) + StreamTally(lengths=(500,), early=1)
        >>> found.mean, found.delay_interval()[1] is None
        (275.5, True)
    """

    lengths: tuple[int, ...] = ()
    alarms: int = 0
    early: int = 0
    cpu_seconds: float = 0.0
    watched: int = 0
    fit_seconds: float = 0.0

    def __add__(self, other: StreamTally) -> StreamTally:
        mine, theirs = asdict(self), asdict(other)
        return StreamTally(**{k: mine[k] + theirs[k] for k in mine})

    @property
    def mean(self) -> float | None:
        """Rows over alarms: the mean run length where alarms come at a constant rate; None without one."""
        return sum(self.lengths) / self.alarms if self.alarms else None

    def run_length_interval(self) -> tuple[float, float | None]:
        """Lower end of the average run length, whatever its distribution; upper end for a constant rate.

        Without an alarm there is no upper end.

        Source: :meth:`RunLengths.lower`; Epstein & Sobel, "Life testing", JASA 48 (1953): twice the rows over
            the mean is chi-squared.

        Example:
            >>> low, high = StreamTally(lengths=(1000,) * 40, alarms=40).run_length_interval()
            >>> low < 1000, round(high)
            (True, 1720)
        """
        lengths = np.array(self.lengths)
        alarmed = lengths < HORIZON
        low = RunLengths(lengths, alarmed, HORIZON).lower(CONFIDENCE)
        tail = float(chi2.ppf(1 - CONFIDENCE, 2 * self.alarms)) if self.alarms else 0.0
        return low, 2 * float(lengths.sum()) / tail if tail else None

    def delay_interval(self) -> tuple[float, float | None]:
        """Both ends of the mean delay; no upper end where an alarm never came."""
        missed = len(self.lengths) - self.alarms
        low, high = Delays(np.array(self.lengths), missed, self.early, PATIENCE).interval(CONFIDENCE)
        return max(low, 1.0), high if math.isfinite(high) else None

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :meth:`of_json` reads back."""
        return asdict(self) | {"lengths": list(self.lengths)}

    @classmethod
    def of_json(cls, outcome: Outcome) -> StreamTally:
        """The tally of a stored outcome."""
        return replace(cls(**outcome), lengths=tuple(outcome["lengths"]))


@dataclass(frozen=True)
class StreamPiece:
    """Some runs of one stream detector.

    Args:
        cell: What is measured.
        seed: Seed of the study.
        number: Which piece of the cell.
        runs: Runs.

    Example:
        >>> piece, _ = stream_pieces([StreamCell("always-fires", "gaussian")], runs=6, seed=0)
        >>> piece.key, piece.run()["lengths"]
        ('stream/always-fires/gaussian/clean/None/0/0/5', [1, 1, 1, 1, 1])
    """

    cell: StreamCell
    seed: int
    number: int
    runs: int

    @property
    def key(self) -> str:
        """All that the outcome depends on."""
        c = self.cell
        return (
            f"stream/{c.stream}/{c.null}/{c.shift or 'clean'}/{c.size}/{self.seed}/{self.number}/{self.runs}"
        )

    def run(self) -> Outcome:
        """Play the runs; every run has a reference of its own."""
        c = self.cell
        draw = POPULATIONS[c.null]
        timed = Timed(STREAMS[c.stream])
        seed = seed_of(self.seed, "stream", c.null, self.number)

        def clean(rng: np.random.Generator, n: int) -> Rows:
            return draw(n, rng).values

        if c.shift is None:
            runs = average_run_length(timed, clean, repeats=self.runs, seed=seed, horizon=HORIZON)
            found = StreamTally(tuple(runs.lengths.tolist()), int(runs.alarmed.sum()))
        else:
            shift = SHIFTS[c.shift].at(float(c.size or 0.0))

            def changed(rng: np.random.Generator, n: int) -> Rows:
                moved: Rows = shift.apply(draw(n, rng), rng).values
                return moved

            try:
                delays = mean_delay(
                    timed, clean, changed, repeats=self.runs, seed=seed, horizon=PATIENCE, before=BEFORE
                )
                lengths = tuple(delays.delays.tolist())
                found = StreamTally(lengths, len(lengths) - delays.missed, delays.early)
            except BadInput:  # all of them alarmed before the change
                found = StreamTally(early=self.runs)
        return replace(
            found, cpu_seconds=timed.seconds, watched=timed.rows, fit_seconds=timed.fit_seconds
        ).to_json()


def stream_cells(streams: Sequence[str]) -> Iterator[StreamCell]:
    """Every population without a change, and every promised delay.

    Example:
        >>> len(list(stream_cells(["cusum"])))
        9
    """
    for name in streams:
        yield from (StreamCell(name, null) for null in POPULATIONS)
        yield from (StreamCell(name, "gaussian", shift, size) for shift, size in DELAY_GOALS)


def stream_pieces(cells: Sequence[StreamCell], *, runs: int, seed: int) -> Iterator[StreamPiece]:
    """The pieces of cells, ``runs`` runs each."""
    for cell in cells:
        for number, start in enumerate(range(0, runs, RUNS)):
            yield StreamPiece(cell, seed, number, min(RUNS, runs - start))
