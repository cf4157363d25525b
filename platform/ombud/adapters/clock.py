"""The system's clock."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """Wall time of this machine, in UTC (port: :class:`ombud.domain.ports.Clock`).

    Limits: not monotonic; a corrected system clock may step back. Whoever needs order takes it from
    sequence numbers, not from here.

    Example:
        >>> SystemClock().now().tzinfo
        datetime.timezone.utc
    """

    def now(self) -> datetime:
        """The time, aware and in UTC."""
        return datetime.now(UTC)
