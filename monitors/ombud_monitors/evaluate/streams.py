"""Streams: how long a stream detector runs without a change, and how soon it calls one.

Runs are played by :func:`~ombud_monitors.sequential.streaming.average_run_length` and
:func:`~ombud_monitors.sequential.streaming.mean_delay`; here they are cut into pieces, added up, and held
against what is promised, yardsticks beside ours.
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
from ombud_monitors.evaluate.promises import Promise
from ombud_monitors.evaluate.rates import CONFIDENCE
from ombud_monitors.evaluate.watchers import ARL, STREAMS, Timed
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
    "stream_promises",
    "stream_rows",
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


def stream_rows(tallies: Mapping[StreamCell, StreamTally]) -> list[dict[str, Any]]:
    """One JSON object for each cell."""
    return [_row(cell, tally) for cell, tally in tallies.items()]


def stream_promises(tallies: Mapping[StreamCell, StreamTally]) -> Iterator[Promise]:
    """Run lengths without a change and delays to one, for every stream detector that was run.

    Broken is a promise whose bound lies outside of the 99.9% interval of what was measured.
    """
    for cell, tally in tallies.items():
        runs = len(tally.lengths)
        if cell.shift is None:
            high = tally.run_length_interval()[1]
            yield Promise(
                cell.stream,
                f"average run length of at least {ARL:.0f} rows without a change",
                sum(tally.lengths) / max(tally.alarms, 1),
                ARL,
                high is None or high >= ARL,
                f"{cell.null}: {tally.alarms} alarms in {sum(tally.lengths)} rows",
            )
        elif runs > 1 and cell.size is not None and (cell.shift, cell.size) in DELAY_GOALS:
            goal = DELAY_GOALS[cell.shift, cell.size]
            yield Promise(
                cell.stream,
                f"mean delay of at most {goal:g} rows",
                sum(tally.lengths) / runs,
                goal,
                tally.delay_interval()[0] <= goal,
                f"{cell.shift} of {cell.size:g}: {tally.alarms} of {runs} runs alarmed",
            )


def _row(cell: StreamCell, tally: StreamTally) -> dict[str, Any]:
    runs = len(tally.lengths)
    if cell.shift is None:
        mean, goal, (low, high) = tally.mean, ARL, tally.run_length_interval()
    else:
        mean, goal = sum(tally.lengths) / runs if runs else None, DELAY_GOALS[cell.shift, cell.size or 0.0]
        low, high = tally.delay_interval() if runs > 1 else (1.0, None)
    return {
        "stream": cell.stream,
        "null": cell.null,
        "shift": cell.shift,
        "size": cell.size,
        "runs": runs,
        "early": tally.early,
        "alarms": tally.alarms,
        "mean_rows": None if mean is None else round(mean, 2),
        "low": round(low, 2),
        "high": None if high is None else round(high, 2),
        "goal": goal,
        "microseconds_a_row": round(1e6 * tally.cpu_seconds / tally.watched, 2) if tally.watched else None,
        "fit_seconds": round(tally.fit_seconds / (runs + tally.early), 4) if runs + tally.early else None,
    }
