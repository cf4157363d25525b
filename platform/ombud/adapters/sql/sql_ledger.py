"""The ledger's table: appended to in the transaction of the change that an event records."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import audit_event
from ombud.domain.events import AuditEvent, LedgerEntry
from ombud.governance.ledger import GENESIS, seal

__all__ = ["SqlLedger"]


class SqlLedger:
    """See :class:`ombud.domain.ports.LedgerStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements
        self._written: LedgerEntry | None = None

    def append(self, event: AuditEvent) -> LedgerEntry:
        """Seal the event after the newest entry."""
        head = self._written or self.head()
        entry = seal(head.seq + 1 if head else 1, head.entry_hash if head else GENESIS, event)
        self._run.write(insert(audit_event), vars(entry))
        # Writers are serialised, so nobody else can move the head before this transaction ends.
        self._written = entry
        return entry

    def entries(self, *, after: int = 0, limit: int | None = None) -> Sequence[LedgerEntry]:
        """Entries with ``seq > after``, ascending."""
        query = select(audit_event).where(audit_event.c.seq > after).order_by(audit_event.c.seq)
        return [LedgerEntry(**row) for row in self._run.rows(query.limit(limit))]

    def head(self) -> LedgerEntry | None:
        """The newest entry."""
        row = self._run.row(select(audit_event).order_by(audit_event.c.seq.desc()))
        return None if row is None else LedgerEntry(**row)
