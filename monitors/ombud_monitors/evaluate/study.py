"""Study: the outcomes of all pieces as one document, tables first and promises last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ombud_monitors.evaluate.contestants import LEVEL, Camp
from ombud_monitors.evaluate.monitor_runs import MonitorRun, OneLook
from ombud_monitors.evaluate.monitor_study import (
    MONITORS,
    Monitored,
    monitor_pieces,
    monitor_promises,
    monitor_rows,
    monitored,
)
from ombud_monitors.evaluate.p_values import uniformity
from ombud_monitors.evaluate.pieces import Cell, Outcome, Piece, Tally, WindowPiece, window_pieces
from ombud_monitors.evaluate.plan import DEFAULT_TEST, REFERENCE, ROWS, Plan
from ombud_monitors.evaluate.powers import default_test_promises, mean_powers
from ombud_monitors.evaluate.promises import Promise, keeps_level, sees_something, valid_p_values
from ombud_monitors.evaluate.provenance import environment
from ombud_monitors.evaluate.stream_promises import stream_promises, stream_rows
from ombud_monitors.evaluate.streams import StreamCell, StreamPiece, StreamTally, stream_cells, stream_pieces
from ombud_monitors.evaluate.watchers import stream_camps
from ombud_monitors.simulate import NULLS, SHIFTS

__all__ = ["Found", "document", "pieces_of", "promises_of", "tallied"]

_DIGITS = 3


@dataclass(frozen=True)
class Found:
    """All that was answered.

    Args:
        windows: By cell.
        streams: By cell.
        monitors: By piece: the default monitors together.

    Example:
        >>> plan = Plan(repeats=20, only=("always-fires",))
        >>> few = [p for p in pieces_of(plan) if p.key.startswith("window/always-fires/gaussian/")]
        >>> found = tallied((piece, piece.run()) for piece in few)
        >>> {tally.rate.value for tally in found.windows.values()}, found.streams
        ({1.0}, {})
    """

    windows: Mapping[Cell, Tally] = field(default_factory=dict)
    streams: Mapping[StreamCell, StreamTally] = field(default_factory=dict)
    monitors: Monitored = field(default_factory=dict)


def pieces_of(plan: Plan) -> Sequence[WindowPiece | StreamPiece | MonitorRun | OneLook]:
    """Everything that a plan asks for, in the order of its tables.

    Example:
        >>> fewer, more = (
        ...     {piece.key for piece in pieces_of(Plan(repeats=repeats, only=("ks", "cusum")))}
        ...     for repeats in (20, 40)
        ... )
        >>> fewer < more  # what has been run is not run again
        True
    """
    return (
        *window_pieces(plan.cells(), seed=plan.seed),
        *stream_pieces(list(stream_cells(plan.streams)), runs=plan.runs, seed=plan.seed),
        *monitor_pieces(plan.panel_runs, seed=plan.seed),
    )


def tallied(outcomes: Iterable[tuple[Piece, Outcome]]) -> Found:
    """Outcomes added up by cell; in any order, with p-values in the order of the pieces.

    Example:
        >>> piece, other = window_pieces([(Cell("ks", "gaussian", n=20, n_reference=40), 40)], seed=0)
        >>> found = tallied([(other, other.run()), (piece, piece.run())])
        >>> found.windows[piece.cell].asked
        40
    """
    windows: dict[Cell, Tally] = {}
    streams: dict[StreamCell, StreamTally] = {}
    told = list(outcomes)
    done = [(piece, outcome) for piece, outcome in told if isinstance(piece, WindowPiece | StreamPiece)]
    for piece, outcome in sorted(done, key=lambda pair: pair[0].number):
        if isinstance(piece, WindowPiece):
            windows[piece.cell] = windows.get(piece.cell, Tally()) + Tally.of_json(outcome)
        else:
            streams[piece.cell] = streams.get(piece.cell, StreamTally()) + StreamTally.of_json(outcome)
    return Found(windows, streams, monitored(told))


def document(plan: Plan, found: Found) -> dict[str, Any]:
    """One JSON document: environment, tables, promises.

    Args:
        plan: What was asked for.
        found: What was answered.

    Example:
        >>> plan = Plan(repeats=20, only=("never-fires",))
        >>> few = [p for p in pieces_of(plan) if p.key.startswith("window/never-fires/gaussian/clean")]
        >>> told = document(plan, tallied((piece, piece.run()) for piece in few))
        >>> {row["rate"]["hits"] for row in told["false_positives"]}, told["kept"]
        ({0}, True)
        >>> [row["name"] for row in told["contestants"]]
        ['never-fires']
    """
    tallies, chosen = found.windows, plan.chosen
    promises, camps = promises_of(chosen, found), {**chosen, **stream_camps(), MONITORS: Camp.OURS}
    return {
        "environment": environment(),
        "seed": plan.seed,
        "repeats": plan.repeats,
        "full": plan.full,
        "level": LEVEL,
        "contestants": [{"name": name, "camp": camp.value} for name, camp in chosen.items()],
        "nulls": [
            {"code": code, "title": null.title, "description": null.description}
            for code, null in NULLS.items()
            if any(cell.null == code for cell in tallies)
        ],
        "shifts": [
            {
                "code": code,
                "title": s.title,
                "null": s.null,
                "size": s.size,
                "unit": s.unit,
                "what": s.description,
            }
            for code, s in SHIFTS.items()
            if any(cell.shift == code for cell in tallies)
        ],
        "false_positives": [_clean_row(c, t) for c, t in tallies.items() if c.shift is None],
        "power": [_shift_row(c, t) for c, t in tallies.items() if c.shift is not None],
        "mean_power": mean_powers(chosen, tallies),
        "streams": stream_rows(found.streams),
        "monitors": monitor_rows(found.monitors),
        "promises": [{**promise.to_json(), "camp": camps[promise.about].value} for promise in promises],
        "kept": all(p.kept for p in promises if camps[p.about] is Camp.OURS),
    }


def promises_of(chosen: Mapping[str, Camp], found: Found) -> Sequence[Promise]:
    """Every promise that the outcomes can decide, for everybody: peers and yardsticks are judged alike.

    Example:
        >>> fired, x = Tally(20, alarms=20), ("always-fires", "gaussian", 500, 500)
        >>> found = Found({Cell(*x): fired, Cell(*x, "gaussian.mean-all"): fired})
        >>> for promise in promises_of({"always-fires": Camp.YARDSTICK}, found):
        ...     print(promise.kept, promise.claim)
        False at most 5% of clean windows are called drift, on every null
        True some shift is seen with power 0.5 or more
    """
    return (
        *_promises(chosen, found.windows),
        *stream_promises(found.streams),
        *monitor_promises(found.monitors),
    )


def _promises(chosen: Mapping[str, Camp], tallies: Mapping[Cell, Tally]) -> Iterator[Promise]:
    for name in chosen:
        clean = {
            f"{c.null}, {c.n_reference}/{c.n} rows": t
            for c, t in tallies.items()
            if c.contestant == name and c.shift is None
        }
        shifted = {
            f"{c.shift}, {c.n_reference}/{c.n} rows": t
            for c, t in tallies.items()
            if c.contestant == name and c.shift is not None
        }
        for promise in (keeps_level(name, clean), valid_p_values(name, clean), sees_something(name, shifted)):
            if promise is not None:
                yield promise
    if DEFAULT_TEST in chosen:
        yield from default_test_promises(chosen, tallies)


def _clean_row(cell: Cell, tally: Tally) -> dict[str, Any]:
    shape = uniformity(tally.p_values)
    return {
        **_row(cell, tally),
        "within_bound": tally.rate.explained_by(LEVEL) if tally.rate.repeats else None,
        "uniformity": None if shape is None else shape.to_json(),
    }


def _shift_row(cell: Cell, tally: Tally) -> dict[str, Any]:
    assert cell.shift is not None
    shift = SHIFTS[cell.shift]
    size = shift.size if cell.size is None else cell.size
    return {**_row(cell, tally), "shift": cell.shift, "size": round(size, 6), "unit": shift.unit}


def _row(cell: Cell, tally: Tally) -> dict[str, Any]:
    return {
        "detector": cell.contestant,
        "null": cell.null,
        "n_reference": cell.n_reference,
        "n": cell.n,
        "usual_rows": (cell.n_reference, cell.n) == (REFERENCE, ROWS),
        "rate": tally.rate.to_json(),
        "declined": tally.declined,
        "cpu_ms": None if tally.milliseconds is None else round(tally.milliseconds, _DIGITS),
    }
