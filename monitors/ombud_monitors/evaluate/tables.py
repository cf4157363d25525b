"""Tables: rows as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["markdown_table", "share_text"]


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; None is a dash, and no row at all a sentence.

    Example:
        >>> print(markdown_table(["a", "b"], [[1, None]]))
        | a | b |
        |---|---|
        | 1 | – |
    """
    lines = [
        "| " + " | ".join("–" if c is None else str(c).replace("|", "\\|") for c in row) + " |"
        for row in rows
    ]
    if not lines:
        return "Not measured."
    return "\n".join(["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns), *lines])


def share_text(rate: Mapping[str, Any] | None) -> str | None:
    """A rate's share with two decimals; None without repeats.

    Example:
        >>> share_text({"value": 0.5})
        '0.50'
    """
    return None if rate is None or rate["value"] is None else f"{rate['value']:.2f}"
