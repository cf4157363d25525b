"""Routing: one promise per route, kept by the outbox worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ombud.domain.alert import Alert
from ombud.domain.rollout import OutboxItem

__all__ = ["notifications"]


def notifications(
    alert: Alert, routes: Sequence[str], *, at: datetime, event: str = "opened"
) -> tuple[OutboxItem, ...]:
    """Outbox items with the effect ``notify``, one per route.

    The key ``alert:<id>:<route>`` (with ``:<event>`` for later events) is also the idempotency key
    that the other side sees: adding or delivering it twice tells nobody twice.

    Args:
        alert: The alert.
        routes: Names of the notifiers.
        at: Aware, UTC.
        event: ``opened`` or ``resolved``.
    """
    suffix = "" if event == "opened" else f":{event}"
    return tuple(
        OutboxItem(
            key=f"alert:{alert.alert_id}:{route}{suffix}",
            effect="notify",
            payload={"alert_id": alert.alert_id, "route": route, "event": event},
            created_at=at,
        )
        for route in dict.fromkeys(routes)
    )
