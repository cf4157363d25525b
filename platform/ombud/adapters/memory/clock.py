"""A clock that stands still until it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["MemoryClock"]


class MemoryClock:
    """Time in the test's hands.

    Example:
        >>> clock = MemoryClock()
        >>> clock.advance(minutes=5)
        >>> clock.now().isoformat()
        '2026-01-01T00:05:00+00:00'
    """

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time it was set to, aware and in UTC."""
        return self._now

    def set(self, moment: datetime) -> None:
        """Stand at ``moment`` (aware)."""
        self._now = moment.astimezone(UTC)

    def advance(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Go forward by the sum of the parts."""
        self._now += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
