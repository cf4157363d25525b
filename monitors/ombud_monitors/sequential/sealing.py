"""Sealed states: a process as a dictionary of plain numbers that notices when it was altered.

No pickle: a sealed state is JSON, numbers come back bit for bit (Python prints the shortest decimal
that reads back as the same double), and a restored process continues exactly as the original would.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ombud.errors import BadInput, Corrupted

__all__ = ["State", "seal", "unseal"]

State = dict[str, Any]
"""Numbers, strings, lists and dictionaries with string keys; fit for ``json.dumps``."""

VERSION = 1


def seal(kind: str, fields: Mapping[str, Any]) -> State:
    """Add kind, version and digest.

    Args:
        kind: Name of the class whose state this is.
        fields: What it needs to continue.

    Example:
        >>> unseal(seal("Coin", {"heads": 3}), "Coin")["heads"]
        3
    """
    named = {**fields, "kind": kind, "version": VERSION}
    return {**named, "digest": _digest(named)}


def unseal(state: Mapping[str, Any], kind: str) -> State:
    """The fields again, checked.

    Raises:
        BadInput: The state belongs to another class or another version.
        Corrupted: Its content does not match its digest.
    """
    found = state.get("kind"), state.get("version")
    if found != (kind, VERSION):
        raise BadInput(
            f"saved state: expected {kind} version {VERSION}, got {found[0]} version {found[1]}",
            remedy="Restore it with the class and the release that saved it, or start afresh.",
        )
    named = {name: value for name, value in state.items() if name != "digest"}
    if state.get("digest") != _digest(named):
        raise Corrupted(
            f"saved state of {kind}: its content does not match its digest",
            remedy="Restore it from a copy, or start afresh.",
        )
    return named


def _digest(fields: Mapping[str, Any]) -> str:
    text = json.dumps(fields, sort_keys=True, allow_nan=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
