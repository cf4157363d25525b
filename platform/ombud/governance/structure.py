"""From a JSON document back to the domain's dataclasses, guided by their annotations."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, NewType, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from ombud.errors import Corrupted

__all__ = ["structure"]

T = TypeVar("T")


def structure(kind: type[T], document: object) -> T:
    """The ``kind`` that :func:`ombud.governance.canonical.jsonable` turned into ``document``.

    Law: for a domain dataclass ``x``, ``structure(type(x), jsonable(x)) == x``. Fields missing from
    the document take their defaults, unknown ones are ignored, so that an older record stays
    readable after a field was added.

    Raises:
        Corrupted: The document does not have the shape of ``kind``.

    Limits:
        Knows what the domain uses: dataclasses, enumerations, aware times, ``NewType`` names,
        ``Mapping``, ``tuple[X, ...]``, ``frozenset``, unions with None. Values annotated
        ``object`` or ``Any`` come back as plain JSON.

    Example:
        >>> from ombud.domain.rollout import Step
        >>> structure(Step, {"weight": 0.5, "min_requests": 10})
        Step(weight=0.5, min_requests=10)
    """
    try:
        return cast(T, _read(kind, document))
    except (KeyError, TypeError, ValueError) as problem:
        raise Corrupted(
            f"stored {kind.__name__}: expected its fields, got {str(document)[:200]} ({problem!r})",
            remedy="Restore the record from a backup; it was not written by this release.",
        ) from problem


@lru_cache(maxsize=256)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, value: Any) -> Any:
    if kind is Any or kind is object:
        return value
    if isinstance(kind, NewType):
        return _read(kind.__supertype__, value)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind), value)
    if origin is not None:
        return _read_container(origin, get_args(kind), value)
    if dataclasses.is_dataclass(kind):
        return _read_dataclass(cast(type, kind), value)
    if kind is datetime:
        return datetime.fromisoformat(_expect(str, value))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float:
        # Also reads "NaN" and "Infinity", the spelling of jsonable(nonfinite="text").
        return float(value)
    return _expect(kind, value)


def _read_dataclass(kind: type, value: Any) -> Any:
    hints = _hints(kind)
    present = _expect(Mapping, value)
    return kind(**{name: _read(hint, present[name]) for name, hint in hints.items() if name in present})


def _read_union(options: tuple[Any, ...], value: Any) -> Any:
    if value is None and type(None) in options:
        return None
    return _read(next(option for option in options if option is not type(None)), value)


def _read_container(origin: Any, arguments: tuple[Any, ...], value: Any) -> Any:
    if issubclass(origin, Mapping):
        key, item = arguments
        return {_read(key, k): _read(item, v) for k, v in _expect(Mapping, value).items()}
    return origin(_read(arguments[0], item) for item in _expect(Sequence, value))


def _expect(kind: Any, value: Any) -> Any:
    # True is an int to isinstance, but not to a reader of the record.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
    return value
