"""Canonical JSON: the same document is the same bytes, so a digest can name it.

Digests bind approvals to cards and ledger entries to events; they are worthless if key order,
number spelling or a time zone can change the bytes. RFC 8785 fixes the first two, and
:func:`jsonable` fixes the rest: one spelling of a time, values instead of enumeration members.

Source: RFC 8785, JSON Canonicalization Scheme; sections 3.2.2 (numbers, strings) and 3.2.3 (keys).
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from enum import Enum
from typing import Literal

import numpy as np
import rfc8785

from ombud.errors import BadInput

__all__ = ["Json", "canonical", "digest", "digest_of_bytes", "expect_digest", "jsonable", "utc_text"]

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What :func:`jsonable` returns."""

NonFinite = Literal["refuse", "text"]

_LARGEST_EXACT = 2**53 - 1
"""JSON numbers are doubles: the largest integer of which every smaller one is exact too."""


def canonical(obj: object) -> bytes:
    """RFC 8785 bytes of ``obj`` after :func:`jsonable`.

    Law: ``canonical(json.loads(canonical(x))) == canonical(x)``.

    Raises:
        BadInput: ``obj`` holds something JSON cannot say (NaN, bytes, a naive time, ...); the
            message gives the path to it.

    Example:
        >>> canonical({"b": 1.0, "a": ("x", None)})
        b'{"a":["x",null],"b":1}'
    """
    content: bytes = rfc8785.dumps(jsonable(obj))
    return content


def digest(obj: object) -> str:
    """``sha256:<hex>`` of the canonical bytes of ``obj``.

    Raises:
        BadInput: As :func:`canonical`.

    Example:
        >>> digest({"a": 1, "b": 2}) == digest({"b": 2.0, "a": 1})
        True
    """
    return digest_of_bytes(canonical(obj))


def digest_of_bytes(content: bytes) -> str:
    """``sha256:<hex>`` of bytes that are already canonical (or of any file).

    Example:
        >>> digest_of_bytes(b"")[:19]
        'sha256:e3b0c44298fc'
    """
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def utc_text(time: datetime) -> str:
    """ISO 8601 in UTC with six decimals and ``Z``; texts sort as the times do.

    Raises:
        BadInput: ``time`` is naive: it names no instant.

    Example:
        >>> utc_text(datetime(2026, 11, 21, 6, 30, tzinfo=UTC))
        '2026-11-21T06:30:00.000000Z'
    """
    if time.tzinfo is None:
        raise BadInput(
            f"time {time.isoformat()}: expected a time zone, got none",
            remedy="Pass aware datetimes; Clock.now() returns them in UTC.",
        )
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def jsonable(obj: object, *, nonfinite: NonFinite = "refuse") -> Json:
    """``obj`` as plain JSON values.

    Times become UTC text, enumeration members their values, dataclasses objects of their fields,
    tuples arrays, sets sorted arrays, numpy scalars and arrays numbers and arrays.

    Args:
        obj: Anything built from the above.
        nonfinite: What happens to NaN and infinities: ``"refuse"``, or ``"text"`` which spells
            them ``"NaN"``, ``"Infinity"``, ``"-Infinity"`` for fields that
            :func:`ombud.governance.structure.structure` reads back as numbers.

    Raises:
        BadInput: Something in it has no JSON form; the message gives the path to it.

    Example:
        >>> jsonable({"labels": frozenset({"b", "a"}), "share": np.float32(0.5)})
        {'labels': ['a', 'b'], 'share': 0.5}
    """
    return _convert(obj, "document", nonfinite)


def _convert(obj: object, path: str, nonfinite: NonFinite) -> Json:
    if isinstance(obj, Enum):
        return _convert(obj.value, path, nonfinite)
    if obj is None or isinstance(obj, bool):
        return obj
    if isinstance(obj, str):
        return _text(obj, path)
    if isinstance(obj, int):
        return _integer(int(obj), path)
    if isinstance(obj, float):
        return _number(float(obj), path, nonfinite)
    if isinstance(obj, datetime):
        return utc_text(obj)
    if dataclasses.is_dataclass(obj) and not isinstance(obj, type):
        return {
            f.name: _convert(getattr(obj, f.name), f"{path}.{f.name}", nonfinite)
            for f in dataclasses.fields(obj)
        }
    if isinstance(obj, Mapping):
        return {_key(k, path): _convert(v, f"{path}.{k}", nonfinite) for k, v in obj.items()}
    return _convert_many(obj, path, nonfinite)


def _convert_many(obj: object, path: str, nonfinite: NonFinite) -> Json:
    if isinstance(obj, np.ndarray | np.generic):
        return _convert(obj.tolist(), path, nonfinite)
    if isinstance(obj, AbstractSet):
        # A set has no order of its own, so one must be chosen for the bytes to be the same each time.
        return sorted((_convert(v, path, nonfinite) for v in obj), key=rfc8785.dumps)
    if isinstance(obj, Sequence) and not isinstance(obj, bytes | bytearray | memoryview):
        return [_convert(v, f"{path}[{i}]", nonfinite) for i, v in enumerate(obj)]
    raise BadInput(
        f"{path}: expected a JSON value, got {type(obj).__name__}",
        remedy="Store bytes in the artifact store and put their digest here; convert other objects first.",
    )


def _key(key: object, path: str) -> str:
    value = key.value if isinstance(key, Enum) else key
    if not isinstance(value, str):
        raise BadInput(
            f"{path}: expected strings as keys, got {key!r}", remedy="Spell the keys of objects as strings."
        )
    return _text(value, path)


def _text(value: str, path: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadInput(
            f"{path}: expected Unicode text, got a lone surrogate in {ascii(value)[:80]}",
            remedy="Decode the bytes with errors='replace' before they come here.",
        ) from None
    return str(value)


def _integer(value: int, path: str) -> int | float:
    if abs(value) <= _LARGEST_EXACT:
        return value
    # RFC 8785 writes the double 1e17 as the integer 100000000000000000; reading it back must not fail.
    if abs(value) < 10**21 and rfc8785.dumps(float(value)) == str(value).encode():
        return float(value)
    raise BadInput(
        f"{path}: the integer {str(value)[:40]} is not exact as a JSON number (largest: 2^53 - 1)",
        remedy="Write it as a string.",
    )


def _number(value: float, path: str, nonfinite: NonFinite) -> float | str:
    if math.isfinite(value):
        return value
    if nonfinite == "text":
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    raise BadInput(
        f"{path}: expected a finite number, got {value}",
        remedy="Write null and say why in a 'reason' beside it.",
    )


def expect_digest(name: str, claimed: str, content: object) -> None:
    """Make sure that a content-addressed document carries its own digest.

    Raises:
        BadInput: ``claimed`` is not the digest of ``content``.

    Example:
        >>> expect_digest("sheet", digest({"n": 1}), {"n": 1})
    """
    actual = digest(content)
    if actual != claimed:
        raise BadInput(
            f"{name}: expected digest {actual}, got {claimed}",
            remedy="Compute it with ombud.governance.canonical.digest from the document as stored.",
        )
