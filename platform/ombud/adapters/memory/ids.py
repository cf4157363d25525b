"""Ids that count."""

from __future__ import annotations

import threading

__all__ = ["MemoryIds"]


class MemoryIds:
    """``a-000001``, ``a-000002``, ...: one counter for all prefixes, so ids sort by time of making.

    Example:
        >>> ids = MemoryIds()
        >>> ids.new("r"), ids.new("a")
        ('r-000001', 'a-000002')
    """

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def new(self, prefix: str) -> str:
        """The next id."""
        with self._lock:
            self._count += 1
            return f"{prefix}-{self._count:06d}"
