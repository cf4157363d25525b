"""Memory twin of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ombud.adapters.memory.staging import Stage, given, kept
from ombud.domain.ports.storage import Lease
from ombud.domain.rollout import OutboxItem
from ombud.errors import NotFound, StaleTransition

__all__ = ["MemoryOutbox"]


class MemoryOutbox:
    """See :class:`ombud.domain.ports.Outbox`. Fences are unique over all leases, not only one name's."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def add(self, item: OutboxItem) -> None:
        """Adding a key that is there already changes nothing."""
        items, fresh = self._stage.write().outbox, kept(item)
        items.setdefault(item.key, fresh)

    def pending(self, *, limit: int = 100) -> Sequence[OutboxItem]:
        """Not done, oldest first."""
        waiting = [item for item in self._stage.read().outbox.values() if item.done_at is None]
        return given(sorted(waiting, key=lambda item: item.created_at)[:limit])

    def get(self, key: str) -> OutboxItem:
        """Raises NotFound."""
        items = self._stage.read().outbox
        if key not in items:
            raise NotFound(f"outbox item {key}: not stored here", remedy="Check the key.")
        return given(items[key])

    def mark_done(self, key: str, *, at: datetime, fence: int) -> None:
        """Raises StaleTransition when ``fence`` is not the current one of any lease."""
        tables = self._stage.write()
        if all(lease.fence != fence for lease in tables.leases.values()):
            raise StaleTransition(
                f"outbox item {key}: fence {fence} is not current: another worker has taken over",
                remedy="Stop; the new worker carries the effect out.",
            )
        item = self.get(key)
        if item.done_at is None:
            tables.outbox[key] = kept(replace(item, done_at=at, error="", attempts=item.attempts + 1))

    def mark_failed(self, key: str, *, error: str) -> None:
        """Count a try and keep what it said; an item that is done stays as it is."""
        items, item = self._stage.write().outbox, self.get(key)
        if item.done_at is None:
            items[key] = replace(item, error=error.replace("\0", "\ufffd"), attempts=item.attempts + 1)

    def acquire(self, name: str, owner: str, *, now: datetime, seconds: float) -> Lease | None:
        """Take or renew the lease; None while somebody else's is still running."""
        leases = self._stage.write().leases
        held = leases.get(name)
        if held is not None and held.owner != owner and held.expires_at > now:
            return None
        fence = (
            held.fence
            if held is not None and held.owner == owner
            else max((lease.fence for lease in leases.values()), default=0) + 1
        )
        leases[name] = kept(Lease(name, owner, fence, now + timedelta(seconds=seconds)))
        return leases[name]

    def lease(self, name: str) -> Lease | None:
        """The lease as it stands, expired or not."""
        return self._stage.read().leases.get(name)
