"""How numbers, times and outcomes are written on a page."""

from __future__ import annotations

from typing import Any

from ombud.domain.evidence import JsonObject

__all__ = ["explain", "interval", "number_text", "plain", "short", "when", "words"]

_UNSAID = ("", "rows", "fraction", "share", "ratio", "proportion", "probability", "accuracy", "nats")


def plain(value: float | int | bool | None) -> str:
    """A number as a person reads it; "not measured" for None.

    Example:
        >>> plain(12345), plain(0.91234), plain(0.000123), plain(1.0), plain(2.5e-7), plain(None)
        ('12,345', '0.912', '0.000123', '1.000', '2.5e-07', 'not measured')
    """
    if value is None:
        return "not measured"
    if isinstance(value, int):
        return f"{value:,}"
    if value == 0 or 0.001 <= abs(value) < 1000:
        return f"{value:.3f}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def number_text(number: JsonObject) -> str:
    """Value and unit of a number object; the reason where there is no value."""
    if number["value"] is None:
        return "not applicable"
    unit = str(number["unit"])
    value = number["value"]
    if float(value).is_integer() and number["low"] is None and unit in ("", "rows"):
        return f"{int(value):,}"
    return plain(value) if unit in _UNSAID else f"{plain(value)} {unit}"


def interval(number: JsonObject) -> str:
    """The interval of a number object; empty where it has none.

    Example:
        >>> interval({"low": 0.88, "high": 0.94}), interval({"low": None, "high": None})
        ('0.880 to 0.940', '')
    """
    if number["low"] is None or number["high"] is None:
        return ""
    return f"{plain(float(number['low']))} to {plain(float(number['high']))}"


def explain(number: JsonObject) -> str:
    """What a reader learns when resting on a number: n, interval, run, ledger entry."""
    parts = []
    if number["n"] is not None:
        parts.append(f"n = {number['n']:,}")
    if interval(number):
        parts.append(f"interval {interval(number)}")
    if number["reason"]:
        parts.append(str(number["reason"]))
    evidence = number["evidence"]
    parts.append(f"{str(evidence['kind']).replace('_', ' ')} by run {evidence['run_id'] or 'unknown'}")
    seq = number["ledger_seq"]
    parts.append("not in the ledger" if seq is None else f"ledger entry {seq}")
    return "; ".join(parts)


def words(code: Any) -> str:
    """A code with underscores as words.

    Example:
        >>> words("not_applicable")
        'not applicable'
    """
    return str(code).replace("_", " ")


def when(time: str) -> str:
    """An ISO time to the minute, in UTC.

    Example:
        >>> when("2026-03-01T12:30:05+00:00")
        '2026-03-01 12:30 UTC'
    """
    return f"{time[:10]} {time[11:16]} UTC"


def short(digest: str) -> str:
    """The beginning of a digest, enough to tell two apart by eye.

    Example:
        >>> short("sha256:0123456789abcdef0123")
        'sha256:0123456789ab…'
    """
    algorithm, _, value = digest.rpartition(":")
    return f"{algorithm}:{value[:12]}…" if len(value) > 12 else digest
