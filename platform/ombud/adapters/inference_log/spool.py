"""The spool: where an append is durable, keys are unique and labels are kept."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ombud.adapters.durable import file_lock
from ombud.adapters.inference_log.columns import from_micros, to_batch, to_bytes, to_micros
from ombud.domain.inference import Inference, Label
from ombud.domain.modality import Modality
from ombud.domain.ports.inference_log import AppendReceipt, LabelReceipt, LogQuery
from ombud.errors import NewerSchema, Unavailable

__all__ = ["Spool", "SpooledBatch"]

# batch ids never come back (AUTOINCREMENT): the lake's transaction version is the last id it holds.
_FIRST = """
CREATE TABLE IF NOT EXISTS batch (
    batch_id INTEGER PRIMARY KEY AUTOINCREMENT, rows INTEGER NOT NULL, first_time INTEGER NOT NULL,
    last_time INTEGER NOT NULL, records BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS record_key (
    request_id TEXT NOT NULL, variant TEXT NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL,
    time INTEGER NOT NULL, PRIMARY KEY (request_id, variant)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_key_time ON record_key (model, time);
CREATE TABLE IF NOT EXISTS label (
    request_id TEXT PRIMARY KEY, label TEXT NOT NULL, source TEXT NOT NULL, time INTEGER NOT NULL
    ) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS contradiction (
    request_id TEXT NOT NULL, label TEXT NOT NULL, source TEXT NOT NULL, time INTEGER NOT NULL,
    PRIMARY KEY (request_id, label, source)) WITHOUT ROWID;
PRAGMA user_version = 1;
"""

# What a request carried, so that an id that comes back with something else is noticed.
_SECOND = """
BEGIN;
ALTER TABLE record_key ADD COLUMN payloads TEXT NOT NULL DEFAULT '';
PRAGMA user_version = 2;
COMMIT;
"""

_STEPS = (_FIRST, _SECOND)

_BUSY_SECONDS = 60.0


@dataclass(frozen=True)
class SpooledBatch:
    """One appended batch that is not sealed yet: its id and its Arrow IPC bytes."""

    batch_id: int
    rows: int
    records: bytes


class Spool:
    """One SQLite file in WAL mode, synchronous = FULL: a committed append survives a power cut.

    Any number of processes may use it. Writers of one process take turns at a lock before they take
    turns at SQLite's, because SQLite's own waiting polls and is unfair.

    Raises:
        NewerSchema: The file was written by a newer release.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._write_lock = threading.Lock()
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        with file_lock(path.with_suffix(".lock")):
            connection = self._connection()
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            if found > len(_STEPS):
                raise NewerSchema(
                    f"inference log {path}: expected a schema up to {len(_STEPS)}, found schema {found}: "
                    "a newer release of Ombud wrote it",
                    remedy="Install that release or a later one, or open a backup made before the upgrade.",
                )
            for step in _STEPS[found:]:
                connection.executescript(step)

    def append(self, records: Sequence[Inference]) -> AppendReceipt:
        """Write the records whose ``(request_id, variant)`` is new, all of them or none."""
        fresh, duplicates = [], []
        with self._writing() as connection:
            for record in records:
                # One at a time: the batch may hold the same key twice, and the first one wins.
                inserted = connection.execute(
                    "INSERT OR IGNORE INTO record_key VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        record.request_id,
                        record.variant.value,
                        record.model,
                        record.version,
                        to_micros(record.time),
                        _fingerprint(record.payload_digests),
                    ),
                ).rowcount
                if inserted:
                    fresh.append(record)
                else:
                    duplicates.append(record.request_id)
            if fresh:
                times = [to_micros(record.time) for record in fresh]
                connection.execute(
                    "INSERT INTO batch (rows, first_time, last_time, records) VALUES (?, ?, ?, ?)",
                    (len(fresh), min(times), max(times), to_bytes(to_batch(fresh))),
                )
        return AppendReceipt(len(fresh), tuple(duplicates))

    def known(self, requests: Mapping[str, Mapping[Modality, str]]) -> dict[str, bool]:
        """Requests that are on record: id → whether with the same payloads."""
        connection, found = self._connection(), {}
        for request_id, digests in requests.items():
            row = connection.execute(
                "SELECT payloads FROM record_key WHERE request_id = ? LIMIT 1", (request_id,)
            ).fetchone()
            if row is not None:
                # Records of the first schema do not say what they carried.
                found[request_id] = row[0] in ("", _fingerprint(digests))
        return found

    def label(self, labels: Sequence[Label]) -> LabelReceipt:
        """Write first labels; record later ones that differ; refuse unknown requests."""
        accepted, unknown, contradictions, repeated = 0, [], [], []
        with self._writing() as connection:
            for label in labels:
                row = (label.request_id, label.label, label.source, to_micros(label.time))
                first = connection.execute(
                    "SELECT label FROM label WHERE request_id = ?", (label.request_id,)
                ).fetchone()
                if first is not None and first[0] == label.label:
                    repeated.append(label.request_id)
                elif first is not None:
                    connection.execute("INSERT OR IGNORE INTO contradiction VALUES (?, ?, ?, ?)", row)
                    contradictions.append(label.request_id)
                elif self._knows(connection, label.request_id):
                    connection.execute("INSERT INTO label VALUES (?, ?, ?, ?)", row)
                    accepted += 1
                else:
                    unknown.append(label.request_id)
        return LabelReceipt(accepted, tuple(unknown), tuple(contradictions), tuple(repeated))

    def labels(self, query: LogQuery) -> dict[str, Label]:
        """First labels of the requests that the query matches, by request id."""
        condition, values = _condition(query)
        rows = self._connection().execute(
            "SELECT DISTINCT l.request_id, l.label, l.source, l.time FROM label l "
            f"JOIN record_key k ON k.request_id = l.request_id WHERE {condition}",
            values,
        )
        return {r[0]: Label(r[0], r[1], r[2], from_micros(r[3])) for r in rows}

    def contradictions(self) -> list[Label]:
        """Labels that came later and differ from the first, by request id."""
        rows = self._connection().execute(
            "SELECT request_id, label, source, time FROM contradiction ORDER BY request_id, time"
        )
        return [Label(r[0], r[1], r[2], from_micros(r[3])) for r in rows]

    def count(self, query: LogQuery) -> int:
        """Records that the query matches."""
        condition, values = _condition(query)
        row = self._connection().execute(f"SELECT COUNT(*) FROM record_key k WHERE {condition}", values)
        found = int(row.fetchone()[0])
        return found if query.limit is None else min(found, query.limit)

    def last_time(self, query: LogQuery) -> int | None:
        """Time of the ``limit``-th oldest match in microseconds; None when there are fewer."""
        condition, values = _condition(query)
        row = self._connection().execute(
            f"SELECT k.time FROM record_key k WHERE {condition} ORDER BY k.time LIMIT 1 OFFSET ?",
            (*values, max((query.limit or 1) - 1, 0)),
        )
        found = row.fetchone()
        return None if found is None else int(found[0])

    def batches(
        self, *, after: int = 0, start: int | None = None, end: int | None = None
    ) -> list[SpooledBatch]:
        """Unsealed batches with ``batch_id > after`` that may hold times in ``[start, end]``, by id."""
        rows = self._connection().execute(
            "SELECT batch_id, rows, records FROM batch WHERE batch_id > ? AND last_time >= ? "
            "AND first_time <= ? ORDER BY batch_id",
            (after, -(2**62) if start is None else start, 2**62 if end is None else end),
        )
        return [SpooledBatch(*row) for row in rows]

    def waiting(self, *, after: int) -> int:
        """How many records of batches with ``batch_id > after`` wait to be sealed."""
        row = self._connection().execute(
            "SELECT COALESCE(SUM(rows), 0) FROM batch WHERE batch_id > ?", (after,)
        )
        return int(row.fetchone()[0])

    def through(self, last: int) -> tuple[int, int]:
        """(batches, records) with ``batch_id <= last``: left over from a seal that was cut short."""
        row = self._connection().execute(
            "SELECT COUNT(*), COALESCE(SUM(rows), 0) FROM batch WHERE batch_id <= ?", (last,)
        )
        batches, records = row.fetchone()
        return int(batches), int(records)

    def discard(self, last: int) -> None:
        """Drop batches with ``batch_id <= last``: the lake holds them durably."""
        with self._writing() as connection:
            connection.execute("DELETE FROM batch WHERE batch_id <= ?", (last,))

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    def _knows(self, connection: sqlite3.Connection, request_id: str) -> bool:
        found = connection.execute("SELECT 1 FROM record_key WHERE request_id = ? LIMIT 1", (request_id,))
        return found.fetchone() is not None

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._local.connection = connection
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._write_lock:
            connection = self._connection()
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise Unavailable(
                    f"inference log {self._path}: no write access within {_BUSY_SECONDS:.0f} s ({error})",
                    remedy="Check that the disk is writable and not full, and that no process hangs.",
                ) from error
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")


def _fingerprint(digests: Mapping[Modality, str]) -> str:
    listed = "\n".join(f"{modality} {digests[modality]}" for modality in sorted(digests))
    return hashlib.sha256(listed.encode()).hexdigest()[:32]


def _condition(query: LogQuery) -> tuple[str, list[str | int]]:
    parts, values = ["k.model = ?"], [query.model]  # type: tuple[list[str], list[str | int]]
    if query.version is not None:
        parts.append("k.version = ?")
        values.append(query.version)
    if query.variants is not None:
        parts.append(f"k.variant IN ({', '.join('?' * len(query.variants))})")
        values.extend(variant.value for variant in query.variants)
    if query.start is not None:
        parts.append("k.time >= ?")
        values.append(to_micros(query.start))
    if query.end is not None:
        parts.append("k.time < ?")
        values.append(to_micros(query.end))
    return " AND ".join(parts), values
