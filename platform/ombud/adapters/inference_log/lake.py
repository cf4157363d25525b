"""The lake: sealed batches in one Delta table."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from deltalake import (
    ColumnProperties,
    CommitProperties,
    DeltaTable,
    Transaction,
    WriterProperties,
    write_deltalake,
)

from ombud.adapters.durable import sync_directory, sync_file
from ombud.adapters.inference_log.columns import SCHEMA

__all__ = ["Lake"]

_APPLICATION = "ombud.inference_log"
_SCHEMA = SCHEMA.append(pa.field("batch_id", pa.int64()))
# Dictionary pages made files of float vectors 1.6 times larger than none.
_WRITER = WriterProperties(
    compression="ZSTD", default_column_properties=ColumnProperties(dictionary_enabled=False)
)
_COMPACT_ABOVE = 50


class Lake:
    """A Delta table with the columns of one record and the id of the batch that brought it.

    The id of the last batch is the table's application transaction version, committed together with
    the rows: that is how a sealer knows after a crash what is already in.

    Source: Delta protocol, "Transaction identifiers".
    Limits: one sealer at a time (the caller holds a lock): delta-rs accepts the same application
    transaction twice. Files that compaction replaced stay on disk until somebody vacuums the table.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def sealed_through(self) -> int:
        """Id of the last batch in the table; 0 before the first."""
        table = self._open()
        return 0 if table is None else int(table.transaction_version(_APPLICATION) or 0)

    def commit(self, rows: pa.Table, last: int) -> None:
        """Append rows (with ``batch_id``) and record ``last``, in one commit; durable on return."""
        write_deltalake(
            self._path,
            rows.cast(_SCHEMA),
            mode="append",
            writer_properties=_WRITER,
            commit_properties=CommitProperties(
                app_transactions=[Transaction(_APPLICATION, last)], max_commit_retries=100
            ),
        )
        self.sync()

    def sync(self) -> None:
        """Force the newest commit and the files it added to disk; delta-rs itself never does."""
        log = self._path / "_delta_log"
        entry = log / f"{DeltaTable(self._path).version():020d}.json"
        for line in entry.read_text("utf-8").splitlines():
            added = json.loads(line).get("add")
            if added:
                sync_file(self._path / unquote(added["path"]))
        sync_file(entry)
        sync_directory(log)
        sync_directory(self._path)

    def compact(self) -> None:
        """Rewrite many small files into few once there are more than a read should open."""
        table = self._open()
        if table is not None and len(table.file_uris()) > _COMPACT_ABOVE:
            table.optimize.compact(writer_properties=_WRITER)
            self.sync()
            table.create_checkpoint()

    def rows_of(self, first: int, last: int) -> int:
        """How many rows the batches ``first..last`` brought; reads them back."""
        table = self._open()
        if table is None:
            return 0
        wanted = (ds.field("batch_id") >= first) & (ds.field("batch_id") <= last)
        return int(table.to_pyarrow_dataset().scanner(columns=["batch_id"], filter=wanted).count_rows())

    def read(self, keep: ds.Expression, *, without: Collection[int]) -> pa.Table:
        """Rows that ``keep`` matches, except those of the batches in ``without``."""
        table = self._open()
        if table is None:
            return _SCHEMA.empty_table()
        if without:
            keep = keep & ~pc.field("batch_id").isin(pa.array(sorted(without), pa.int64()))
        return table.to_pyarrow_dataset().to_table(filter=keep, columns=_SCHEMA.names).cast(_SCHEMA)

    def _open(self) -> DeltaTable | None:
        return DeltaTable(self._path) if DeltaTable.is_deltatable(str(self._path)) else None
