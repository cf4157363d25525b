"""Columns of a Parquet data file: read with their types checked, refused with row and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ombud.domain.modality import TEXT, Modality, Payload
from ombud.errors import BadInput, NotFound

__all__ = ["RESERVED", "attribute", "check_ids", "payloads", "read", "splits", "strings"]

RESERVED = ("id", "split", "label")
"""Columns with a meaning of their own; no attribute may be called like one of them."""


def read(path: Path, *, only: Sequence[str] | None = None) -> pa.Table:
    """The whole table, or those of the columns ``only`` that it has.

    Raises:
        NotFound: No such file.
        BadInput: Not a readable Parquet file.
    """
    if not path.is_file():
        raise NotFound(
            f"data file {path}: no such file", remedy="Correct data.training or put the file there."
        )
    try:
        known = set(pq.read_schema(path).names)
        # partitioning=None: a folder named like ``x=1`` must not add a column.
        wanted = None if only is None else [name for name in only if name in known]
        return pq.read_table(path, columns=wanted, partitioning=None)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        raise BadInput(
            f"data file {path}: not a readable Parquet file ({error})",
            remedy="Write it again, e.g. with pyarrow.parquet.write_table.",
        ) from error


def _column(table: pa.Table, name: str, path: Path) -> pa.ChunkedArray:
    if table.column_names.count(name) != 1:
        found = "missing" if name not in table.column_names else "there more than once"
        raise BadInput(
            f"{path}: column {name!r} is {found}; the file has {table.column_names}",
            remedy=f"Add one column {name!r}: needed are id, split, label and the declared modalities.",
        )
    column = table.column(name)
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _wrong_type(name: str, got: pa.DataType, expected: str, path: Path) -> BadInput:
    return BadInput(
        f"{path}: column {name!r} has type {got} from row 0 on, expected {expected}",
        remedy=f"Convert column {name!r} to {expected}.",
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def strings(table: pa.Table, name: str, path: Path) -> list[str | None]:
    """A string or integer column as ``n`` strings; raises BadInput for any other type."""
    column = _column(table, name, path)
    kind = column.type
    if pa.types.is_null(kind):
        return [None] * len(column)
    if not (_is_text(kind) or pa.types.is_integer(kind)):
        raise _wrong_type(name, kind, "string or integer", path)
    return _as_strings(column)


def splits(table: pa.Table, path: Path) -> list[str]:
    """The column ``split`` as ``n`` non-empty strings; raises BadInput where one is empty."""
    values = strings(table, "split", path)
    for row, value in enumerate(values):
        if not value:
            raise BadInput(
                f"{path}: column 'split', row {row}: no split is named",
                remedy="Write train, val, test or another name there.",
            )
    return [value or "" for value in values]


def check_ids(ids: Sequence[str | None], path: Path) -> None:
    """Raises BadInput at the first empty or repeated id."""
    seen: dict[str, int] = {}
    for row, value in enumerate(ids):
        if not value:
            raise BadInput(f"{path}: column 'id', row {row}: the id is empty", remedy="Give every row an id.")
        first = seen.setdefault(value, row)
        if first != row:
            raise BadInput(
                f"{path}: column 'id', row {row}: {value!r} already stands in row {first}",
                remedy="Give every row an id of its own.",
            )


def payloads(table: pa.Table, modality: Modality, path: Path) -> list[Payload | None]:
    """``n`` payloads of one modality: strings for text, bytes otherwise; raises BadInput."""
    column = _column(table, modality, path)
    kind = column.type
    if not pa.types.is_null(kind):
        if modality == TEXT and not _is_text(kind):
            raise _wrong_type(modality, kind, "string", path)
        if modality != TEXT and not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
            raise _wrong_type(modality, kind, "binary (the encoded file's bytes)", path)
    values: list[Payload | None] = column.to_pylist()
    return values


def attribute(table: pa.Table, name: str, path: Path) -> list[str | None]:
    """Any plain column as ``n`` strings; raises BadInput for nested or binary columns."""
    column = _column(table, name, path)
    kind = column.type
    if pa.types.is_null(kind):
        return [None] * len(column)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise _wrong_type(name, kind, "a plain type that can be written as a string", path)
    try:
        return _as_strings(column)
    except pa.ArrowNotImplementedError as error:
        raise _wrong_type(name, kind, "a plain type that can be written as a string", path) from error


def _as_strings(column: pa.ChunkedArray) -> list[str | None]:
    values: list[str | None] = pc.cast(column, pa.string()).to_pylist()
    return values
