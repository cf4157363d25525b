"""The outbox and the lease of the one worker that empties it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, insert, select, update

from ombud.adapters.sql.rows import from_row, to_row
from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import outbox, worker_lease
from ombud.domain.ports.storage import Lease
from ombud.domain.rollout import OutboxItem
from ombud.errors import NotFound, StaleTransition
from ombud.governance.canonical import utc_text

__all__ = ["SqlOutbox"]


class SqlOutbox:
    """See :class:`ombud.domain.ports.Outbox`. Fences are unique over all leases, not only one name's."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def add(self, item: OutboxItem) -> None:
        """Adding a key that is there already changes nothing."""
        if self._run.row(select(outbox.c.position).where(outbox.c.key == item.key)) is None:
            self._run.write(insert(outbox), to_row(outbox, item))

    def pending(self, *, limit: int = 100) -> Sequence[OutboxItem]:
        """Not done, oldest first."""
        query = select(outbox).where(outbox.c.done_at.is_(None))
        query = query.order_by(outbox.c.created_at, outbox.c.position).limit(limit)
        return [from_row(OutboxItem, outbox, row) for row in self._run.rows(query)]

    def get(self, key: str) -> OutboxItem:
        """Raises NotFound."""
        row = self._run.row(select(outbox).where(outbox.c.key == key))
        if row is None:
            raise NotFound(f"outbox item {key}: not stored here", remedy="Check the key.")
        return from_row(OutboxItem, outbox, row)

    def mark_done(self, key: str, *, at: datetime, fence: int) -> None:
        """Raises StaleTransition when ``fence`` is not the current one of any lease."""
        held = self._run.row(select(worker_lease.c.name).where(worker_lease.c.fence == fence))
        if held is None:
            raise StaleTransition(
                f"outbox item {key}: fence {fence} is not current: another worker has taken over",
                remedy="Stop; the new worker carries the effect out.",
            )
        if self.get(key).done_at is None:
            change = {"done_at": utc_text(at), "error": "", "attempts": outbox.c.attempts + 1}
            self._run.write(update(outbox).where(outbox.c.key == key).values(change))

    def mark_failed(self, key: str, *, error: str) -> None:
        """Count a try and keep what it said; an item that is done stays as it is."""
        if self.get(key).done_at is None:
            # PostgreSQL text cannot hold NUL, and an error text must never stop the worker.
            change = {"error": error.replace("\0", "\ufffd"), "attempts": outbox.c.attempts + 1}
            self._run.write(update(outbox).where(outbox.c.key == key).values(change))

    def acquire(self, name: str, owner: str, *, now: datetime, seconds: float) -> Lease | None:
        """Take or renew the lease; None while somebody else's is still running."""
        held = self.lease(name)
        if held is not None and held.owner != owner and held.expires_at > now:
            return None
        expires = now + timedelta(seconds=seconds)
        fence = held.fence if held is not None and held.owner == owner else self._next_fence()
        taken = Lease(name, owner, fence, expires)
        values = to_row(worker_lease, taken)
        if not self._run.write(update(worker_lease).where(worker_lease.c.name == name), values):
            self._run.write(insert(worker_lease), values)
        return taken

    def lease(self, name: str) -> Lease | None:
        """The lease as it stands, expired or not."""
        row = self._run.row(select(worker_lease).where(worker_lease.c.name == name))
        return None if row is None else from_row(Lease, worker_lease, row)

    def _next_fence(self) -> int:
        # Leases are only ever replaced by ones with a larger fence, so the maximum never falls.
        row = self._run.row(select(func.max(worker_lease.c.fence).label("fence")))
        return ((row and row["fence"]) or 0) + 1
