"""A notifier that keeps what it was told."""

from __future__ import annotations

from ombud.domain.alert import Alert
from ombud.errors import Unavailable

__all__ = ["MemoryNotifier"]


class MemoryNotifier:
    """Twin of the notifiers: one delivery per idempotency key, or none while it is ``down``.

    Example:
        >>> MemoryNotifier("console").route
        'console'
    """

    def __init__(self, route: str = "memory") -> None:
        self._route = route
        self.down = False
        self.delivered: dict[str, tuple[str, Alert]] = {}
        """Idempotency key → (event, alert), in order of arrival."""

    @property
    def route(self) -> str:
        """As given."""
        return self._route

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        """Keep it; the same key again changes nothing. Raises Unavailable while down."""
        if self.down:
            raise Unavailable(f"{self._route} is down", remedy="Set down to False.")
        self.delivered.setdefault(idempotency_key, (event, alert))
