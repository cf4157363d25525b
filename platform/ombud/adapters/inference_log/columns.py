"""Inference records as Arrow columns, and back.

Maps keep the modalities and descriptors open sets; embeddings are lists, not fixed-size vectors,
because versions differ in width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ombud.domain.inference import Inference, Variant
from ombud.domain.modality import Modality

__all__ = ["SCHEMA", "from_bytes", "from_table", "to_batch", "to_bytes"]

_VECTORS = pa.map_(pa.string(), pa.list_(pa.float32()))
_NUMBERS = pa.map_(pa.string(), pa.float64())
_STRINGS = pa.map_(pa.string(), pa.string())

SCHEMA = pa.schema(
    [
        ("request_id", pa.string()),
        ("model", pa.string()),
        ("version", pa.int32()),
        ("variant", pa.string()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("present", pa.list_(pa.string())),
        ("probabilities", pa.list_(pa.float32())),
        ("prediction", pa.string()),
        ("confidence", pa.float64()),
        ("unimodal", _VECTORS),
        ("embeddings", _VECTORS),
        ("descriptors", _NUMBERS),
        ("attributes", _STRINGS),
        ("latency_ms", _NUMBERS),
        ("payload_digests", _STRINGS),
        ("error", pa.string()),
    ]
)
"""Columns of one record; the Delta table adds ``batch_id``."""


def to_batch(records: Sequence[Inference]) -> pa.RecordBatch:
    """Records as one Arrow batch, in the order given."""
    columns = [
        pa.array([r.request_id for r in records], pa.string()),
        pa.array([r.model for r in records], pa.string()),
        pa.array([r.version for r in records], pa.int32()),
        pa.array([r.variant.value for r in records], pa.string()),
        pa.array([r.time for r in records], pa.timestamp("us", tz="UTC")),
        pa.array([list(r.present) for r in records], pa.list_(pa.string())),
        _vector_list([r.probabilities for r in records]),
        pa.array([r.prediction for r in records], pa.string()),
        pa.array([r.confidence for r in records], pa.float64()),
        _vector_map([r.unimodal for r in records]),
        _vector_map([r.embeddings for r in records]),
        _map([r.descriptors for r in records], pa.float64(), _NUMBERS),
        _map([r.attributes for r in records], pa.string(), _STRINGS),
        _map([r.latency_ms for r in records], pa.float64(), _NUMBERS),
        _map([r.payload_digests for r in records], pa.string(), _STRINGS),
        pa.array([r.error for r in records], pa.string()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def to_bytes(batch: pa.RecordBatch) -> bytes:
    """One Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def from_bytes(blob: bytes) -> pa.Table:
    """Inverse of :func:`to_bytes`."""
    with pa.ipc.open_stream(blob) as reader:
        return reader.read_all()


def from_table(table: pa.Table) -> list[Inference]:
    """Records of a table with the columns of :data:`SCHEMA`, in order.

    Arrays of one column share memory; they are read-only.
    """
    if table.num_rows == 0:
        return []
    column = {name: _one_chunk(table[name]) for name in SCHEMA.names}
    plain = {
        name: column[name].to_pylist()
        for name in (
            "request_id",
            "model",
            "version",
            "variant",
            "present",
            "prediction",
            "confidence",
            "error",
        )
    }
    micros = column["time"].cast(pa.int64()).to_numpy(zero_copy_only=False)
    probabilities = _vectors(column["probabilities"])
    unimodal = _read_map(column["unimodal"], _vectors)
    embeddings = _read_map(column["embeddings"], _vectors)
    descriptors = _read_map(column["descriptors"], pa.Array.to_pylist)
    attributes = _read_map(column["attributes"], pa.Array.to_pylist)
    latency = _read_map(column["latency_ms"], pa.Array.to_pylist)
    digests = _read_map(column["payload_digests"], pa.Array.to_pylist)
    return [
        Inference(
            request_id=plain["request_id"][i],
            model=plain["model"][i],
            version=plain["version"][i],
            variant=Variant(plain["variant"][i]),
            time=from_micros(int(micros[i])),
            present=tuple(Modality(m) for m in plain["present"][i]),
            probabilities=probabilities[i],
            prediction=plain["prediction"][i],
            confidence=plain["confidence"][i],
            unimodal=unimodal[i],
            embeddings=embeddings[i],
            descriptors=descriptors[i],
            attributes=attributes[i],
            latency_ms=latency[i],
            payload_digests=digests[i],
            error=plain["error"][i],
        )
        for i in range(table.num_rows)
    ]


def from_micros(micros: int) -> datetime:
    """Microseconds since 1970 as an aware datetime, without going through a float."""
    return datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)


def to_micros(moment: datetime) -> int:
    """Inverse of :func:`from_micros`; ``moment`` is aware."""
    whole = moment.astimezone(UTC)
    return int(whole.replace(microsecond=0).timestamp()) * 1_000_000 + whole.microsecond


def _vector_list(vectors: Sequence[NDArray[np.float32] | None]) -> pa.Array:
    offsets = np.zeros(len(vectors) + 1, np.int32)
    np.cumsum([0 if v is None else len(v) for v in vectors], out=offsets[1:])
    there = [np.asarray(v, np.float32) for v in vectors if v is not None]
    values = np.concatenate(there) if there else np.empty(0, np.float32)
    missing = pa.array([v is None for v in vectors], pa.bool_())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values), mask=missing)


def _vector_map(rows: Sequence[Mapping[Modality, NDArray[np.float32]]]) -> pa.Array:
    items = _vector_list([row[key] for row in rows for key in row])
    return _assemble(rows, items, _VECTORS)


def _map(rows: Sequence[Mapping[Any, Any]], item: pa.DataType, type_: pa.DataType) -> pa.Array:
    return _assemble(rows, pa.array([value for row in rows for value in row.values()], item), type_)


def _assemble(rows: Sequence[Mapping[Any, Any]], items: pa.Array, type_: pa.DataType) -> pa.Array:
    offsets = np.zeros(len(rows) + 1, np.int32)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    keys = pa.array([key for row in rows for key in row], pa.string())
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, items).cast(type_)


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def _vectors(lists: pa.Array) -> list[NDArray[np.float32] | None]:
    offsets = lists.offsets.to_numpy()
    values = lists.values.to_numpy(zero_copy_only=False)
    valid = lists.is_valid().to_numpy(zero_copy_only=False)
    return [values[a:b] if ok else None for a, b, ok in zip(offsets[:-1], offsets[1:], valid, strict=True)]


def _read_map(maps: pa.Array, read: Callable[[pa.Array], Sequence[Any]]) -> list[dict[Any, Any]]:
    offsets = maps.offsets.to_numpy()
    first, last = int(offsets[0]), int(offsets[-1])
    keys = maps.keys[first:last].to_pylist()
    items = read(maps.items[first:last])
    return [
        dict(zip(keys[a:b], items[a:b], strict=True))
        for a, b in zip(offsets[:-1] - first, offsets[1:] - first, strict=True)
    ]
