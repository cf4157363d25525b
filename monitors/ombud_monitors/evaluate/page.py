"""Page: the document of a study as Markdown; every number on it comes out of the document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ombud_monitors.evaluate.monitor_page import monitors_text
from ombud_monitors.evaluate.p_values import histogram_text
from ombud_monitors.evaluate.tables import markdown_table, share_text

__all__ = ["HEADINGS", "json_of", "page_of"]

HEADINGS = (
    "Promises",
    "False alarms",
    "P-values of clean windows",
    "Power",
    "Mean power over a list of shifts",
    "Power over the size of a window",
    "Power over the size of a shift",
    "Streams",
    "Default monitors under one budget",
    "What was drawn",
)
"""Chapters of the page, in order."""

_HEAD = """\
# Calibration

Written by `ombud calibrate{full} --page docs/calibration.md`; every number on it stands in
[calibration.json](calibration.json) beside it, and a test keeps the two in step. Seeded: the same code gives
the same counts.

Ours are asked with their default settings, alibi-detect and Evidently as their users run them by default. Two
yardsticks stand beside them, because one number alone can be bought: `always-fires` has perfect power and
`never-fires` no false alarm. Everybody is asked at a level of {level:.0%}; a broken promise is one that the
counts contradict with 99.9% confidence, so few repeats break little. Peers take up to seconds for a window
and were shown fewer of them: look at the intervals.
"""


def page_of(document: Mapping[str, Any]) -> str:
    """The page of one document; see :func:`~ombud_monitors.evaluate.document`.

    Example:
        >>> from ombud_monitors.evaluate import Found, Plan, document
        >>> page_of(document(Plan(only=("never-fires",)), Found())).splitlines()[0]
        '# Calibration'
    """
    chapters = dict(
        zip(
            HEADINGS,
            (
                _promises(document),
                _false_alarms(document),
                _p_values(document),
                _power(document),
                _mean_power(document),
                _over_n(document),
                _over_size(document),
                _streams(document),
                monitors_text(document),
                _drawn(document),
            ),
            strict=True,
        )
    )
    written = "\n".join(f"## {title}\n\n{text}\n" for title, text in chapters.items())
    head = _HEAD.format(level=document["level"], full=" --full" if document["full"] else "")
    return f"{head}\n{_made_with(document)}\n\n{written}"


def json_of(document: Mapping[str, Any]) -> str:
    """The document as JSON with one line for each row of its tables, so that a change can be read.

    Example:
        >>> print(json_of({"seed": 0, "power": [{"n": 50}, {"n": 100}]}))
        {
        "seed": 0,
        "power": [
         {"n": 50},
         {"n": 100}
        ]
        }
    """
    parts = []
    for key, value in document.items():
        if isinstance(value, list) and value:
            rows = ",\n ".join(json.dumps(row, ensure_ascii=False) for row in value)
            parts.append(f"{json.dumps(key)}: [\n {rows}\n]")
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(parts) + "\n}"


def _made_with(document: Mapping[str, Any]) -> str:
    e = document["environment"]
    packages = ", ".join(f"{name} {version}" for name, version in e["packages"].items() if version)
    return (
        f"Seed {document['seed']}; {document['repeats']} clean windows of each null for each of ours. "
        f"Python {e['python']}, {packages}; {e['machine']}, {e['cores']} cores, "
        f"{e['threads'] or 'all'} thread(s) of linear algebra. Code: `{e['code'][:19]}`."
    )


def _promises(document: Mapping[str, Any]) -> str:
    rows = [
        (
            p["about"],
            p["claim"],
            f"{p['measured']:.3f}",
            f"{p['bound']:.3f}",
            "kept" if p["kept"] else "**broken**",
            p["detail"],
        )
        for p in document["promises"]
    ]
    return markdown_table(["about", "claim", "measured", "bound", "", "where"], rows)


def _false_alarms(document: Mapping[str, Any]) -> str:
    rows = document["false_positives"]
    columns = list(dict.fromkeys((r["null"], r["n_reference"], r["n"]) for r in rows))
    told = [f"{null}<br>{reference}/{n}" for null, reference, n in columns]
    cells = {(r["detector"], r["null"], r["n_reference"], r["n"]): r for r in rows}
    lines = [
        [name, *(_alarm_cell(cells.get((name, *column))) for column in columns)]
        for name in dict.fromkeys(r["detector"] for r in rows)
    ]
    return (
        "Share of clean windows called drift, with its exact 99.9% interval in per cent; reference and "
        "current rows below the null's name. Bold: more than a level of 5% explains.\n\n"
        + markdown_table(["detector", *told], lines)
    )


def _alarm_cell(row: Mapping[str, Any] | None) -> str | None:
    if row is None:
        return None
    if not row["rate"]["repeats"]:
        return "declined"
    told = _rate_text(row["rate"])
    return told if row["within_bound"] else f"**{told}**"


def _rate_text(rate: Mapping[str, Any]) -> str:
    low, high = 100 * rate["low"], 100 * rate["high"]
    return f"{rate['hits']}/{rate['repeats']} [{low:.1f}, {high:.1f}]"


def _p_values(document: Mapping[str, Any]) -> str:
    rows = [
        (
            r["detector"],
            r["null"],
            f"`{histogram_text(u['histogram'])}`",
            f"{u['excess']:.3f}",
            f"{u['bound']:.3f}",
            f"{u['shortfall']:.3f}",
            "valid" if u["valid"] else "**not valid**",
        )
        for r in document["false_positives"]
        if (u := r["uniformity"]) is not None and r["usual_rows"]
    ]
    return (
        "Histogram from 0 to 1 in bins of .05. The excess of the distribution of p-values over the uniform "
        "one is what makes a test invalid; a shortfall only costs power (ties, Bonferroni).\n\n"
        + markdown_table(["detector", "null", "p-values", "excess", "bound", "shortfall", ""], rows)
    )


def _power(document: Mapping[str, Any]) -> str:
    usual = [r for r in document["power"] if r["usual_rows"] and r["size"] == _own_size(document, r["shift"])]
    names = list(dict.fromkeys(r["detector"] for r in usual))
    cells = {(r["shift"], r["detector"]): r["rate"] for r in usual}
    lines = [
        [shift, *(share_text(cells.get((shift, name))) for name in names)]
        for shift in dict.fromkeys(r["shift"] for r in usual)
    ]
    times = {r["detector"]: r["cpu_ms"] for r in usual}
    lines.append(["*CPU ms a window*", *(f"*{times[name]:.1f}*" for name in names)])
    note = "Share of windows of 200 rows after the shift that were alarmed, reference 500.\n\n"
    return note + (markdown_table(["shift", *names], lines) if names else "Not measured.")


def _mean_power(document: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{r['shifts']} {r['list']}",
            r["n"],
            r["detector"],
            f"{r['value']:.3f}",
            None if r["goal"] is None else f"{r['goal']:.2f}",
        )
        for r in document["mean_power"]
    ]
    return markdown_table(["list", "n", "detector", "mean power", "promised"], rows)


def _over_n(document: Mapping[str, Any]) -> str:
    own = [r for r in document["power"] if r["size"] == _own_size(document, r["shift"])]
    return _curves(own, along="n", title="n")


def _over_size(document: Mapping[str, Any]) -> str:
    usual = [r for r in document["power"] if r["usual_rows"]]
    return _curves(usual, along="size", title="size")


def _curves(rows: Sequence[Mapping[str, Any]], *, along: str, title: str) -> str:
    """One table for each shift that was measured at more than one value."""
    parts = []
    for shift in dict.fromkeys(r["shift"] for r in rows):
        mine = [r for r in rows if r["shift"] == shift]
        values = sorted({r[along] for r in mine})
        if len(values) < 2:
            continue
        cells = {(r["detector"], r[along]): r["rate"] for r in mine}
        lines = [
            [name, *(share_text(cells.get((name, value))) for value in values)]
            for name in dict.fromkeys(r["detector"] for r in mine)
            if sum((name, value) in cells for value in values) > 1
        ]
        unit = f", {mine[0]['unit']}" if along == "size" else ""
        table = markdown_table(["detector", *(f"{value:g}" for value in values)], lines)
        parts.append(f"`{shift}`, by {title}{unit}:\n\n{table}")
    return "\n\n".join(parts) or "Not measured."


def _streams(document: Mapping[str, Any]) -> str:
    rows = [
        (
            r["stream"],
            r["null"] if r["shift"] is None else f"`{r['shift']}` {r['size']:g}",
            f"{r['alarms']}/{r['runs']}",
            r["early"] or None,
            None if r["mean_rows"] is None else f"{r['mean_rows']:.1f}",
            f"[{r['low']:.1f}, {'∞' if r['high'] is None else format(r['high'], '.1f')}]",
            f"{'≥' if r['shift'] is None else '≤'} {r['goal']:g}",
            r["microseconds_a_row"],
            r["fit_seconds"],
        )
        for r in document["streams"]
    ]
    columns = [
        "detector",
        "stream",
        "alarms",
        "too early",
        "mean rows",
        "99.9%",
        "promised",
        "µs a row",
        "fit, s",
    ]
    return (
        "Without a change: rows to a false alarm (average run length), each run cut at 4,000. With one, "
        "after 200 clean rows: rows to the alarm, cut at 500; runs alarmed too early are left out. Every run "
        "has a reference of its own of 3,000 rows.\n\n" + markdown_table(columns, rows)
    )


def _drawn(document: Mapping[str, Any]) -> str:
    nulls = markdown_table(
        ["null", "what it is"], [(f"`{n['code']}`", n["description"]) for n in document["nulls"]]
    )
    shifts = markdown_table(
        ["shift", "what is done"], [(f"`{s['code']}`", s["what"]) for s in document["shifts"]]
    )
    return f"{nulls}\n\n{shifts}"


def _own_size(document: Mapping[str, Any], code: str) -> float:
    sizes: Iterator[float] = (round(s["size"], 6) for s in document["shifts"] if s["code"] == code)
    return next(sizes)
