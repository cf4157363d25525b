"""A plot of accuracy by modality, drawn as SVG on the server: a point and its interval per row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ombud.domain.evidence import JsonObject

__all__ = ["Mark", "Plot", "modality_plot"]

_LEFT, _RIGHT, _WIDTH = 150.0, 90.0, 720.0
_TOP, _ROW, _BOTTOM = 14.0, 26.0, 30.0


@dataclass(frozen=True)
class Mark:
    """One row, already in drawing units.

    Args:
        label: What was measured.
        shape: ``filled`` for outputs that users get or one modality alone, ``hollow`` for ablations.
        y: Height of the row's middle.
        x: Position of the value.
        x_low: Position of the interval's lower end; equal to ``x`` without one.
        x_high: Position of the interval's upper end.
        text: The value as text.
    """

    label: str
    shape: str
    y: float
    x: float
    x_low: float
    x_high: float
    text: str


@dataclass(frozen=True)
class Plot:
    """Everything the template draws.

    Args:
        marks: Rows from top to bottom.
        width: Of the drawing.
        height: Of the drawing.
        left: Where the axis starts.
        right: Where it ends.
        bottom: Height of the axis.
        ticks: (position, label) of its ticks.
        summary: The plot in one sentence, for those who do not see it.
    """

    marks: tuple[Mark, ...]
    width: float
    height: float
    left: float
    right: float
    bottom: float
    ticks: tuple[tuple[float, str], ...]
    summary: str


def modality_plot(table: JsonObject) -> Plot | None:
    """Lay out the table "accuracy and calibration by modality"; None where it has no accuracy.

    The axis always runs from 0 to 1, so that two cards side by side can be compared by eye.
    """
    rows = [row for row in _rows(table["rows"]) if row[2]["value"] is not None]
    if not rows:
        return None
    marks = tuple(_mark(position, *row) for position, row in enumerate(rows))
    bottom = _TOP + _ROW * len(marks)
    ticks = tuple((_x(t / 4), f"{t / 4:g}") for t in range(5))
    summary = "; ".join(f"{m.label} {m.text}" for m in marks)
    return Plot(
        marks, _WIDTH, bottom + _BOTTOM, _LEFT, _WIDTH - _RIGHT, bottom, ticks, f"Accuracy: {summary}."
    )


def _rows(rows: Sequence[Sequence[Any]]) -> list[tuple[str, str, JsonObject]]:
    alone = [(str(r[0]), r[1], r[2]) for r in rows]
    first = [
        (name if without is None and position == 0 else f"{name} alone", "filled", value)
        for position, (name, value, without) in enumerate(alone)
        if value is not None
    ]
    second = [(f"without {name}", "hollow", without) for name, _, without in alone if without is not None]
    return first + second


def _x(value: float) -> float:
    return round(_LEFT + min(max(value, 0.0), 1.0) * (_WIDTH - _LEFT - _RIGHT), 1)


def _mark(position: int, label: str, shape: str, number: JsonObject) -> Mark:
    value = float(number["value"])
    low = value if number["low"] is None else float(number["low"])
    high = value if number["high"] is None else float(number["high"])
    y = _TOP + _ROW * (position + 0.5)
    return Mark(label, shape, y, _x(value), _x(low), _x(high), f"{value:.3f}")
