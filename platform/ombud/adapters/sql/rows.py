"""Between a domain dataclass and its row: columns carry the names of the fields."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import rfc8785
from sqlalchemy import Table

from ombud.errors import Corrupted
from ombud.governance.canonical import NonFinite, digest_of_bytes, jsonable
from ombud.governance.structure import structure

__all__ = ["checked", "from_row", "to_row"]

T = TypeVar("T")
Row = dict[str, Any]


def to_row(table: Table, noun: object, *, nonfinite: NonFinite = "refuse") -> Row:
    """Column values of ``noun``; columns it has no field for (``position``) are left out.

    Raises:
        BadInput: A field cannot be written as canonical JSON.
    """
    fields = jsonable(noun, nonfinite=nonfinite)
    if not isinstance(fields, dict):
        raise TypeError(f"expected a dataclass instance, got {type(noun).__name__}")
    return {
        column.name: rfc8785.dumps(fields[column.name]).decode()
        if column.info.get("document")
        else fields[column.name]
        for column in table.columns
        if column.name in fields
    }


def from_row(kind: type[T], table: Table, row: Mapping[str, Any]) -> T:
    """The ``kind`` that :func:`to_row` wrote.

    Raises:
        Corrupted: The row does not have its shape.
    """
    documents = {c.name for c in table.columns if c.info.get("document")}
    try:
        fields = {k: json.loads(v) if k in documents else v for k, v in row.items()}
    except ValueError as problem:
        raise Corrupted(
            f"{table.name}: expected JSON in {sorted(documents)}, got {str(dict(row))[:200]}",
            remedy="Restore the row from a backup.",
        ) from problem
    return structure(kind, fields)


def checked(table: Table, row: Mapping[str, Any], column: str, expected: str) -> None:
    """Make sure that the stored bytes of a document still have their digest.

    Raises:
        Corrupted: They do not.
    """
    found = digest_of_bytes(row[column].encode())
    if found != expected:
        raise Corrupted(
            f"{table.name} {expected}: its {column} now hashes to {found}: it was changed in the database",
            remedy="Restore the row from a backup and run the ledger verification.",
        )
