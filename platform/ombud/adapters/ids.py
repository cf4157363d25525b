"""Ids that sort by the time of their making."""

from __future__ import annotations

import secrets
import threading
import time

__all__ = ["TimeOrderedIds"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_BITS = 80


class TimeOrderedIds:
    """ULID: 48 bits of milliseconds, then 80 random bits, in Crockford's base 32.

    Ids of one instance rise strictly, also within a millisecond and when the clock steps back; ids
    of different processes are ordered to the millisecond.

    Source: https://github.com/ulid/spec

    Example:
        >>> ids = TimeOrderedIds()
        >>> first, second = ids.new("r"), ids.new("r")
        >>> first < second, len(first), first[:2]
        (True, 28, 'r-')
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def new(self, prefix: str) -> str:
        """``<prefix>-<26 characters>``."""
        with self._lock:
            fresh = (time.time_ns() // 1_000_000) << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
            self._last = value = max(fresh, self._last + 1)
        return f"{prefix}-{_base32(value)}"


def _base32(value: int) -> str:
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
