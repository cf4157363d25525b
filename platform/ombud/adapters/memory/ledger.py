"""Memory twin of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from ombud.adapters.memory.staging import Stage
from ombud.domain.events import AuditEvent, LedgerEntry
from ombud.governance.ledger import GENESIS, seal

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """See :class:`ombud.domain.ports.LedgerStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def append(self, event: AuditEvent) -> LedgerEntry:
        """Seal the event after the newest entry."""
        entries = self._stage.write().ledger
        entry = seal(len(entries) + 1, entries[-1].entry_hash if entries else GENESIS, event)
        entries.append(entry)
        return entry

    def entries(self, *, after: int = 0, limit: int | None = None) -> Sequence[LedgerEntry]:
        """Entries with ``seq > after``, ascending."""
        end = None if limit is None else max(after, 0) + limit
        return self._stage.read().ledger[max(after, 0) : end]

    def head(self) -> LedgerEntry | None:
        """The newest entry."""
        entries = self._stage.read().ledger
        return entries[-1] if entries else None
