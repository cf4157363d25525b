"""The shape of a card: sections of fields, each saying where its value comes from.

A field is *machine* (read out of evidence or the registry), *person* (somebody stated it, and the card
says where), or *missing* (nobody did, and the card says who must and which clause asks). There is no
fourth kind: nothing is padded, guessed or left blank without a name under it.

Everything here turns into plain JSON whose arrays keep the reading order, because canonical JSON sorts
the keys of objects.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Cell", "Citation", "Clause", "Field", "Kind", "Number", "Section", "Source", "Table", "finite"]


class Source(StrEnum):
    """Who filled a field."""

    MACHINE = "machine"
    PERSON = "person"
    MISSING = "missing"


class Kind(StrEnum):
    """How a field's value is laid out in JSON.

    ``text`` is a string, ``list`` an array of strings, ``number`` a :class:`Number`, ``record`` an array
    of ``[title, cell]`` pairs, ``tables`` an array of :class:`Table`.
    """

    TEXT = "text"
    LIST = "list"
    NUMBER = "number"
    RECORD = "record"
    TABLES = "tables"


@dataclass(frozen=True)
class Citation:
    """Where a value stands, so that anybody can look.

    Args:
        digest: ``sha256:<hex>`` of the evidence document.
        kind: What the document proves (``evaluation``, ``bias_audit``, ...).
        pointer: RFC 6901 JSON pointer into the document's content; empty for the whole of it.
        run_id: Run that made the document.
        ledger_seq: Ledger entry that recorded the document; None where none did.

    Source: RFC 6901 (JSON pointer).
    """

    digest: str
    kind: str
    pointer: str
    run_id: str
    ledger_seq: int | None

    def to_json(self) -> dict[str, Any]:
        """``{digest, kind, pointer, run_id}``; the ledger entry stands beside it in the JSON."""
        return {"digest": self.digest, "kind": self.kind, "pointer": self.pointer, "run_id": self.run_id}


@dataclass(frozen=True)
class Number:
    """A number with its uncertainty and its proof.

    Args:
        value: The number; None where it could not be computed, and then ``reason`` says why.
        low: Lower end of its interval; None where it has none (counts, thresholds).
        high: Upper end of its interval.
        n: How many rows it rests on; None where that means nothing.
        unit: Unit; empty for a bare ratio.
        citation: Where it stands.
        reason: Why ``value`` is None, or what was assumed.
        better: ``higher`` or ``lower`` where one direction is better; empty otherwise. Diffs read it.
    """

    value: float | None
    citation: Citation
    low: float | None = None
    high: float | None = None
    n: int | None = None
    unit: str = ""
    reason: str = ""
    better: str = ""

    def to_json(self) -> dict[str, Any]:
        """The JSON object; no NaN and no infinity ever enters it."""
        return {
            "value": finite(self.value),
            "low": finite(self.low),
            "high": finite(self.high),
            "n": self.n,
            "unit": self.unit,
            "reason": self.reason,
            "better": self.better,
            "evidence": self.citation.to_json(),
            "ledger_seq": self.citation.ledger_seq,
        }


Cell = str | bool | Number | None
"""What stands in one cell of a table or record; ``None`` means that nothing belongs there."""


@dataclass(frozen=True)
class Table:
    """A table as it is read: first column names the row.

    Args:
        caption: What it shows.
        columns: Column titles.
        rows: One tuple of cells per row, as long as ``columns``.
        synthetic: True when the numbers were measured on generated data; shown in the caption.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    synthetic: bool = False

    def to_json(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "caption": self.caption,
            "columns": list(self.columns),
            "rows": [[_cell(c) for c in row] for row in self.rows],
            "synthetic": self.synthetic,
        }


@dataclass(frozen=True)
class Clause:
    """A clause of a regulation or standard that asks for a field.

    Args:
        regulation: Short name, e.g. ``EU AI Act``.
        reference: Where in it, e.g. ``Annex IV(1)(a)``.
        asks: What it asks for, in one sentence.
    """

    regulation: str
    reference: str
    asks: str = ""

    def to_json(self) -> dict[str, str]:
        """The JSON object."""
        return {"regulation": self.regulation, "reference": self.reference, "asks": self.asks}


@dataclass(frozen=True)
class Field:
    """One field of a card.

    Args:
        key: ``section.name``.
        title: What a reader sees.
        kind: How ``value`` is laid out.
        value: JSON value; None when missing.
        source: Who filled it.
        who: Who fills it: a role, or the job that measures it.
        ask: What to state, or what would measure it.
        origin: Where the value was given (``ombud.yaml: governance.owners``, ``registry``).
        author: Who stated it; empty where unknown.
        date: When it was stated, ISO 8601; empty where unknown.
        citation: Where a machine-filled value stands; None where it stands in the registry.
        clauses: Clauses that ask for it.
        counted: False for fields that completeness leaves out.
    """

    key: str
    title: str
    kind: Kind
    value: Any
    source: Source
    who: str
    ask: str
    origin: str = ""
    author: str = ""
    date: str = ""
    citation: Citation | None = None
    clauses: tuple[Clause, ...] = ()
    counted: bool = True

    def to_json(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "key": self.key,
            "title": self.title,
            "kind": self.kind.value,
            "value": self.value,
            "source": self.source.value,
            "who": self.who,
            "ask": self.ask,
            "origin": self.origin,
            "author": self.author,
            "date": self.date,
            "evidence": self.citation.to_json() if self.citation else None,
            "ledger_seq": self.citation.ledger_seq if self.citation else None,
            "clauses": [c.to_json() for c in self.clauses],
            "counted": self.counted,
        }


@dataclass(frozen=True)
class Section:
    """A section of a card.

    Args:
        key: Short name, the first part of its fields' keys.
        title: What a reader sees.
        fields: Its fields in reading order.
    """

    key: str
    title: str
    fields: Sequence[Field]

    def to_json(self) -> dict[str, Any]:
        """The JSON object."""
        return {"key": self.key, "title": self.title, "fields": [f.to_json() for f in self.fields]}


def finite(value: float | int | None) -> float | int | None:
    """``value``, or None where it is NaN or infinite and so has no place in JSON.

    Example:
        >>> finite(0.5), finite(float("nan")), finite(float("inf")), finite(None)
        (0.5, None, None, None)
    """
    if value is None or not math.isfinite(value):
        return None
    return value


def _cell(cell: Cell) -> Any:
    return cell.to_json() if isinstance(cell, Number) else cell
