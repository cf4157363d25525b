"""Study: the outcomes of all pieces as one document, tables first and promises last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ombud_monitors.evaluate.contestants import LEVEL, Camp
from ombud_monitors.evaluate.p_values import uniformity
from ombud_monitors.evaluate.pieces import Cell, Outcome, Tally, WindowPiece, window_pieces
from ombud_monitors.evaluate.plan import DEFAULT_TEST, REFERENCE, ROWS, Plan
from ombud_monitors.evaluate.powers import default_test_promises, mean_powers
from ombud_monitors.evaluate.promises import Promise, keeps_level, sees_something, valid_p_values
from ombud_monitors.evaluate.provenance import environment
from ombud_monitors.simulate import NULLS, SHIFTS

__all__ = ["Tallies", "document", "pieces_of", "promises_of", "tallied"]

Tallies = Mapping[Cell, Tally]
"""What was answered, by cell."""

_DIGITS = 3


def pieces_of(plan: Plan) -> Sequence[WindowPiece]:
    """Everything that a plan asks for, in the order of its tables."""
    return tuple(window_pieces(plan.cells(), seed=plan.seed))


def tallied(outcomes: Iterable[tuple[WindowPiece, Outcome]]) -> dict[Cell, Tally]:
    """Outcomes added up by cell; in any order, with p-values in the order of the pieces."""
    total: dict[Cell, Tally] = {}
    for piece, outcome in sorted(outcomes, key=lambda pair: pair[0].number):
        total[piece.cell] = total.get(piece.cell, Tally()) + Tally.of_json(outcome)
    return total


def document(plan: Plan, tallies: Tallies) -> dict[str, Any]:
    """One JSON document: environment, tables, promises.

    Args:
        plan: What was asked for.
        tallies: What was answered.
    """
    chosen = plan.chosen
    promises = promises_of(chosen, tallies)
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
        "promises": [
            {**promise.to_json(), "camp": chosen.get(promise.about, Camp.OURS).value} for promise in promises
        ],
        "kept": all(p.kept for p in promises if chosen.get(p.about, Camp.OURS) is Camp.OURS),
    }


def promises_of(chosen: Mapping[str, Camp], tallies: Tallies) -> Sequence[Promise]:
    """Every promise that the tallies can decide, for everybody: peers and yardsticks are judged alike."""
    return tuple(_promises(chosen, tallies))


def _promises(chosen: Mapping[str, Camp], tallies: Tallies) -> Iterator[Promise]:
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
