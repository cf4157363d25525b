"""Monitor page: the chapter on the default monitors, from the document of a study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ombud_monitors.evaluate.monitor_runs import LOOKS, SHIFT
from ombud_monitors.evaluate.tables import markdown_table, share_text

__all__ = ["monitors_text"]


def monitors_text(document: Mapping[str, Any]) -> str:
    """Any alarm over clean windows, and the delay to a shift, under one budget.

    Example:
        >>> monitors_text({"monitors": []}).splitlines()[-1]
        'Not measured.'
    """
    rows = [
        (
            r["n"],
            _counted(r["any_alarm"]),
            f"{r['strength']:g}",
            share_text(r["one_look"]),
            _counted(r["in_time"]),
            *(r["delays"][d] for d in ("1", "2", "3", "None")),
        )
        for r in document["monitors"]
    ]
    columns = [
        "rows",
        f"runs of {LOOKS} clean windows with any alarm",
        "shift, sd",
        "power of one look",
        "shifts alarmed within 3 windows",
        "in the 1st",
        "2nd",
        "3rd",
        "not at all",
    ]
    return (
        "All monitors of text, image and audio, as the product runs them: one budget of 5% over "
        f"{LOOKS} looks, looking back on quiet windows. The shift: {SHIFT}, by an amount that one look of "
        "the aggregated test at a level of 5% sees with the power shown.\n\n" + markdown_table(columns, rows)
    )


def _counted(rate: Mapping[str, Any]) -> str | None:
    return f"{rate['hits']} of {rate['repeats']}" if rate["repeats"] else None
