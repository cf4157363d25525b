"""Open Inference Protocol v2 over JSON: reading requests into rows.

Tensors ``text``, ``image`` and ``audio`` (or whatever modalities the model reads) are BYTES of shape
``[n]`` or ``[n, 1]``; text is a JSON string, everything else is base64, ``null`` means absent. An
empty payload is refused, because nobody could tell whether it was meant to be absent. Request parameters:

* ``attributes`` — a list with one object of strings per row (groups, cluster ids);
* ``event_time`` — ISO 8601 with zone, one or a list; for replayed traffic, default now;
* ``request_ids`` — one per row; default ``<id>-<row>``;
* ``session`` — sticky routing key, one or a list; default the request id.

Source: Open Inference Protocol v2, KServe, "Inference REST"; limits below are ours.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import msgspec

from ombud.domain.modality import TEXT, Modality, Payload
from ombud.errors import BadInput

__all__ = ["InferenceRequest", "Row", "read_request"]

MAX_ROWS = 256
"""Rows in one request; a batch client sends several requests."""

_SHAPE = "Send shape [n] or [n, 1] with one element per row; null where a row lacks the modality."

_ABSENT = "Send null where the modality is absent."


class _Tensor(msgspec.Struct):
    name: str
    shape: list[int]
    data: list[Any]
    datatype: str = "BYTES"


class _Body(msgspec.Struct):
    inputs: list[_Tensor]
    id: str = ""
    parameters: dict[str, Any] = {}


_DECODER = msgspec.json.Decoder(_Body)


@dataclass(frozen=True)
class Row:
    """One request of a batch.

    Args:
        request_id: Its idempotency key.
        session: Sticky routing key.
        payloads: Present modalities only; at least one.
        attributes: Groups and cluster ids.
        time: When it happened (aware, UTC).
    """

    request_id: str
    session: str
    payloads: Mapping[Modality, Payload]
    attributes: Mapping[str, str]
    time: datetime

    @cached_property
    def digests(self) -> Mapping[Modality, str]:
        """``sha256:<hex>`` of each payload."""
        return {m: f"sha256:{hashlib.sha256(_raw(p)).hexdigest()}" for m, p in self.payloads.items()}


@dataclass(frozen=True)
class InferenceRequest:
    """A request as it was read.

    Args:
        id: As the client gave it, or made by the gateway.
        rows: At least one.
    """

    id: str
    rows: tuple[Row, ...]


def read_request(
    body: bytes, *, modalities: Sequence[Modality], now: datetime, new_id: str
) -> InferenceRequest:
    """Read and check a request; nothing is half-accepted.

    Args:
        body: Raw JSON.
        modalities: What the model reads; other tensor names are refused.
        now: Time of rows that bring none.
        new_id: Id used when the client gives none.

    Raises:
        BadInput: Malformed; the message names the tensor, the row and the remedy.
    """
    try:
        read = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(
            f"request body: {error}",
            remedy='Send JSON such as {"inputs": [{"name": "text", "shape": [1, 1], "datatype": "BYTES", '
            '"data": ["..."]}]}.',
        ) from None
    n = _rows(read)
    columns = {Modality(t.name): _column(t, n, modalities) for t in read.inputs}
    if len(columns) < len(read.inputs):
        raise BadInput("inputs: a tensor is given twice", remedy="Send each modality once.")
    payloads = [{m: p for m, column in columns.items() if (p := column[i]) is not None} for i in range(n)]
    for i, row in enumerate(payloads):
        if not row:
            raise BadInput(
                f"row {i}: all modalities are missing",
                remedy=f"Give at least one of {', '.join(modalities)} in every row.",
            )
    prefix = read.id or new_id
    ids = _per_row(read.parameters.get("request_ids"), n, "request_ids", [f"{prefix}-{i}" for i in range(n)])
    if len(set(ids)) < n or not all(ids):
        raise BadInput(
            "parameters.request_ids: an id is empty or given twice", remedy="Give each row its own id."
        )
    sessions = _per_row(read.parameters.get("session"), n, "session", ids)
    times = _times(read.parameters.get("event_time"), n, now)
    attributes = _attributes(read.parameters.get("attributes"), n)
    rows = zip(ids, sessions, payloads, attributes, times, strict=True)
    return InferenceRequest(prefix, tuple(Row(*row) for row in rows))


def _rows(body: _Body) -> int:
    if not body.inputs:
        raise BadInput("inputs: expected at least one tensor, got none", remedy=_SHAPE)
    sizes = {tensor.name: tensor.shape[0] if tensor.shape else 0 for tensor in body.inputs}
    n = next(iter(sizes.values()))
    if len(set(sizes.values())) > 1 or not 1 <= n <= MAX_ROWS:
        raise BadInput(
            f"inputs: expected the same number of rows in every tensor, 1 to {MAX_ROWS}, got {sizes}",
            remedy=_SHAPE,
        )
    return n


def _column(tensor: _Tensor, n: int, modalities: Sequence[Modality]) -> list[Payload | None]:
    name = Modality(tensor.name)
    if name not in modalities:
        raise BadInput(
            f"inputs: unknown tensor {tensor.name!r}", remedy=f"The model reads {', '.join(modalities)}."
        )
    if tensor.datatype != "BYTES":
        raise BadInput(f"{name}: expected datatype BYTES, got {tensor.datatype}", remedy="Send BYTES.")
    nested = [x[0] if isinstance(x, list) and len(x) == 1 else x for x in tensor.data]
    if tensor.shape not in ([n], [n, 1]) or len(nested) != n:
        raise BadInput(
            f"{name}: expected shape [{n}] or [{n}, 1] with {n} elements, got shape {tensor.shape} "
            f"with {len(nested)}",
            remedy=_SHAPE,
        )
    return [_payload(name, i, value) for i, value in enumerate(nested)]


def _payload(modality: Modality, row: int, value: object) -> Payload | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadInput(
            f"row {row}, {modality}: expected a string or null, got {type(value).__name__}",
            remedy="Send text as it is, everything else as base64.",
        )
    if modality == TEXT:
        if value.strip():
            return value
        raise BadInput(f"row {row}, {modality}: the text is empty", remedy=_ABSENT)
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(
            f"row {row}, {modality}: not valid base64", remedy="Encode the file's bytes as base64."
        ) from None
    if not raw:
        raise BadInput(f"row {row}, {modality}: zero bytes", remedy=_ABSENT)
    return raw


def _raw(payload: Payload) -> bytes:
    return payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload


def _per_row(given: object, n: int, name: str, default: Sequence[str]) -> Sequence[str]:
    if given is None:
        return default
    values = given if isinstance(given, list) else [given] * n
    if len(values) != n or not all(isinstance(v, str | int) for v in values):
        raise BadInput(
            f"parameters.{name}: expected {n} strings, got {given!r:.80}", remedy="Give one per row."
        )
    return [str(v) for v in values]


def _times(given: object, n: int, now: datetime) -> list[datetime]:
    times = []
    for value in _per_row(given, n, "event_time", [now.isoformat()] * n):
        try:
            time = datetime.fromisoformat(value)
        except ValueError:
            time = None
        if time is None or time.tzinfo is None:
            raise BadInput(
                f"parameters.event_time: expected ISO 8601 with a zone, got {value!r:.80}",
                remedy="Send e.g. 2026-11-03T12:00:00Z, or leave it out.",
            )
        times.append(time.astimezone(UTC))
    return times


def _attributes(given: object, n: int) -> list[Mapping[str, str]]:
    if given is None:
        return [{} for _ in range(n)]
    rows: list[Any] = given if isinstance(given, list) else [given] * n
    if len(rows) != n or not all(isinstance(row, dict) for row in rows):
        raise BadInput(
            f"parameters.attributes: expected {n} objects, got {given!r:.80}",
            remedy='Give one per row, such as {"speaker_id": "s1"}.',
        )
    # Names starting with "ombud." are the platform's own (the trial a record belongs to): a client
    # that could set them could forge evidence.
    return [
        {str(k): str(v) for k, v in row.items() if v is not None and not str(k).startswith("ombud.")}
        for row in rows
    ]
