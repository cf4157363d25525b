"""Small plots and tables for the Dagster UI."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

__all__ = ["interval_plot", "number", "table"]


def number(value: Mapping[str, Any]) -> str:
    """A Number with its interval, or the reason why there is none.

    Example:
        >>> number({"value": 0.5, "low": 0.4, "high": 0.6, "n": 10, "unit": "share", "reason": ""})
        '0.500 [0.400, 0.600], n = 10'
    """
    if value.get("value") is None:
        return f"not applicable: {value.get('reason', '')}"
    interval = f" [{value['low']:.3f}, {value['high']:.3f}]" if value.get("low") is not None else ""
    return f"{value['value']:.3f}{interval}, n = {value['n']}"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> dg.MarkdownMetadataValue:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return dg.MetadataValue.md("\n".join(lines))


def interval_plot(values: Mapping[str, Mapping[str, Any]], *, unit: str) -> dg.MarkdownMetadataValue:
    """One dot with its interval per named Number, as an embedded PNG."""
    # Imported here: matplotlib costs a second that runs without plots should not pay.
    from matplotlib.figure import Figure

    shown = {name: v for name, v in values.items() if v.get("value") is not None}
    figure = Figure(figsize=(5, 0.5 + 0.32 * len(shown)))
    axes = figure.subplots()
    for row, value in enumerate(reversed(list(shown.values()))):
        low, high = value.get("low"), value.get("high")
        if low is not None and high is not None:
            axes.plot([low, high], [row, row], color="0.6", linewidth=2)
        axes.plot([value["value"]], [row], "o", color="tab:blue", markersize=4)
    axes.set_yticks(range(len(shown)), list(reversed(shown)))
    axes.set_xlabel(unit)
    axes.grid(axis="x", alpha=0.3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90, bbox_inches="tight")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return dg.MetadataValue.md(f"![intervals](data:image/png;base64,{encoded})")
