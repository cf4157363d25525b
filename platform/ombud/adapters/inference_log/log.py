"""The inference log: spool and lake behind one port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from ombud.adapters.durable import file_lock
from ombud.adapters.inference_log.columns import SCHEMA, from_bytes, from_micros, from_table, to_micros
from ombud.adapters.inference_log.lake import Lake
from ombud.adapters.inference_log.spool import Spool
from ombud.domain.inference import Inference, Label, LabelledInference
from ombud.domain.modality import Modality
from ombud.domain.ports.inference_log import AppendReceipt, LabelReceipt, LogQuery
from ombud.errors import BadInput, Corrupted

__all__ = ["SpooledInferenceLog"]

_COMMIT_ROWS = 50_000


class SpooledInferenceLog:
    """Answered requests on local disk: durable on append, columnar once sealed.

    Any number of processes may append, label, read and seal the same directory at once. A record is
    in the spool, or in the lake, or for a moment in both; a reader looks at the spool first and drops
    from the lake what it has seen there, so it counts every record once.

    Args:
        root: Directory of the log; made when absent.
        seal_minimum: :meth:`seal` leaves fewer waiting records than this in the spool: every commit
            makes a file, and thousands of small files make every read slow.

    Raises:
        NewerSchema: The directory was written by a newer release.

    Limits: the idempotency keys of all requests ever logged stay in one SQLite table (about 100 bytes
    each).

    Example:
        >>> import tempfile
        >>> from ombud.domain.ports import LogQuery
        >>> log = SpooledInferenceLog(Path(tempfile.mkdtemp()))
        >>> log.count(LogQuery("digits"))
        0
    """

    def __init__(self, root: Path, *, seal_minimum: int = 1000) -> None:
        self._root = root
        self._seal_minimum = seal_minimum
        self._spool = Spool(root / "spool.db")
        self._lake = Lake(root / "records")

    def append(self, records: Sequence[Inference]) -> AppendReceipt:
        """Write records; durable on return. Known ``(request_id, variant)`` pairs are refused.

        Raises:
            BadInput: A record has no request id or a time without a zone; nothing was written.
            Unavailable: The disk did not take it; nothing was written.
        """
        for row, record in enumerate(records):
            if not record.request_id or record.time.tzinfo is None:
                raise BadInput(
                    f"inference record {row} ({record.request_id!r}): expected a request id and a time "
                    f"with a zone, got {record.time.isoformat()}",
                    remedy="Give every record a request id and an aware UTC time.",
                )
        return self._spool.append(records)

    def known(self, requests: Mapping[str, Mapping[Modality, str]]) -> Mapping[str, bool]:
        """Which requests are on record: id → whether with the same payloads."""
        return self._spool.known(requests)

    def label(self, labels: Sequence[Label]) -> LabelReceipt:
        """Write labels; the first one of a request wins. Durable on return."""
        return self._spool.label(labels)

    def contradictions(self) -> Sequence[Label]:
        """Later labels that differ from the first of their request; recorded, never judged."""
        return self._spool.contradictions()

    def count(self, query: LogQuery) -> int:
        """How many records the query matches."""
        return self._spool.count(query)

    def read(self, query: LogQuery) -> Sequence[LabelledInference]:
        """Records joined with their first labels, by time, then request id, then variant."""
        if query.limit is not None:
            if query.limit <= 0:
                return []
            query = self._cut(query)
        start = None if query.start is None else to_micros(query.start)
        end = None if query.end is None else to_micros(query.end)
        keep = _expression(query)
        spooled = self._spool.batches(start=start, end=end)
        tables = [from_bytes(batch.records).filter(keep) for batch in spooled]
        # The spool comes first. The other way round, a seal in between would hide its records.
        sealed = self._lake.read(keep, without=[batch.batch_id for batch in spooled])
        table = pa.concat_tables([*tables, sealed.select(SCHEMA.names)])
        order = [("time", "ascending"), ("request_id", "ascending"), ("variant", "ascending")]
        table = table.take(pc.sort_indices(table, sort_keys=order)).slice(0, query.limit)
        labels = self._spool.labels(query)
        return [LabelledInference(i, labels.get(i.request_id)) for i in from_table(table)]

    def seal(self) -> int:
        """Move spooled batches into the lake; returns how many records moved.

        Killed at any point it loses nothing and moves nothing twice: rows and the id of their last
        batch are one commit, and the spool lets go only of what was read back after a crash, or
        forced to disk before.

        Raises:
            Corrupted: The lake claims batches that it does not hold; the spool keeps them.
        """
        moved = 0
        with file_lock(self._root / "seal.lock"):
            done = self._lake.sealed_through()
            moved += self._finish(done)
            while (waiting := self._spool.waiting(after=done)) and waiting >= self._seal_minimum:
                rows, last = self._gather(done)
                self._lake.commit(rows, last)
                self._spool.discard(last)
                moved, done = moved + rows.num_rows, last
            if moved:
                self._lake.compact()
        return moved

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._spool.close()

    def _finish(self, done: int) -> int:
        batches, records = self._spool.through(done)
        if not batches:
            return 0
        first = self._spool.batches()[0].batch_id
        try:
            held = self._lake.rows_of(first, done)
        except (OSError, pa.ArrowInvalid):
            held = 0
        if held != records:
            raise Corrupted(
                f"inference log {self._root}: batches {first} to {done} should hold {records} records, "
                f"the sealed table holds {held}",
                remedy="Keep the spool; restore the folder 'records' from a backup, then seal again.",
            )
        self._lake.sync()
        self._spool.discard(done)
        return records

    def _gather(self, after: int) -> tuple[pa.Table, int]:
        tables: list[pa.Table] = []
        size, last = 0, after
        for batch in self._spool.batches(after=after):
            if size and size + batch.rows > _COMMIT_ROWS:
                break
            table = from_bytes(batch.records)
            identity = pa.array([batch.batch_id] * batch.rows, pa.int64())
            tables.append(table.append_column("batch_id", identity))
            size, last = size + batch.rows, batch.batch_id
        rows = pa.concat_tables(tables)
        return rows.sort_by([("model", "ascending"), ("time", "ascending")]), last

    def _cut(self, query: LogQuery) -> LogQuery:
        last = self._spool.last_time(query)
        return query if last is None else replace(query, end=from_micros(last) + timedelta(microseconds=1))


def _expression(query: LogQuery) -> ds.Expression:
    kind = pa.timestamp("us", tz="UTC")
    keep = pc.field("model") == query.model
    if query.version is not None:
        keep = keep & (pc.field("version") == query.version)
    if query.variants is not None:
        keep = keep & pc.field("variant").isin(
            pa.array([variant.value for variant in query.variants], pa.string())
        )
    if query.start is not None:
        keep = keep & (pc.field("time") >= pa.scalar(query.start, kind))
    if query.end is not None:
        keep = keep & (pc.field("time") < pa.scalar(query.end, kind))
    return keep
