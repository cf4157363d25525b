"""Memory twin of the unit of work: a staged copy that a commit swaps in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ombud.adapters.memory.access import MemoryIdempotency, MemoryTokens
from ombud.adapters.memory.approvals import MemoryApprovals
from ombud.adapters.memory.documents import MemoryCards, MemoryEvidence
from ombud.adapters.memory.ledger import MemoryLedger
from ombud.adapters.memory.monitoring import MemoryAlerts, MemoryVerdicts, MemoryWindows
from ombud.adapters.memory.outbox import MemoryOutbox
from ombud.adapters.memory.rollouts import MemoryRollouts
from ombud.adapters.memory.staging import Stage, Tables
from ombud.domain.ports.storage import (
    AlertStore,
    ApprovalStore,
    CardStore,
    EvidenceStore,
    IdempotencyStore,
    LedgerStore,
    Outbox,
    RolloutStore,
    TokenStore,
    Transaction,
    VerdictStore,
    WindowStore,
)
from ombud.errors import OmbudError

__all__ = ["MemoryUnitOfWork"]


class MemoryTransaction:
    """See :class:`ombud.domain.ports.Transaction`."""

    def __init__(self, stage: Stage, publish: Callable[[], None]) -> None:
        self._stage = stage
        self._publish = publish
        self.ledger: LedgerStore = MemoryLedger(stage)
        self.evidence: EvidenceStore = MemoryEvidence(stage)
        self.cards: CardStore = MemoryCards(stage)
        self.windows: WindowStore = MemoryWindows(stage)
        self.verdicts: VerdictStore = MemoryVerdicts(stage)
        self.alerts: AlertStore = MemoryAlerts(stage)
        self.approvals: ApprovalStore = MemoryApprovals(stage)
        self.rollouts: RolloutStore = MemoryRollouts(stage)
        self.outbox: Outbox = MemoryOutbox(stage)
        self.tokens: TokenStore = MemoryTokens(stage)
        self.idempotency: IdempotencyStore = MemoryIdempotency(stage)

    def commit(self) -> None:
        """Swap the staged state in; nothing may be read or written through this transaction after."""
        self._stage.read()
        self._publish()
        self._stage.over = True


class MemoryUnitOfWork:
    """The transactional stores without a database, for tests and experiments.

    Writers are serialised; a reader sees the state as it was committed when it began.

    Example:
        >>> uow = MemoryUnitOfWork()
        >>> with uow.begin(write=False) as tx:
        ...     print(tx.ledger.head())
        None
    """

    def __init__(self) -> None:
        self._committed = Tables()
        self._writer = threading.Lock()
        self._writing_thread: int | None = None

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        """One transaction; leaving the block without ``commit()`` undoes it.

        Raises:
            OmbudError: This thread is already writing.
        """
        if not write:
            with self._open(self._committed, writable=False) as transaction:
                yield transaction
            return
        me = threading.get_ident()
        if self._writing_thread == me:
            raise OmbudError(
                "transaction: this thread has one open for writing, and would wait for itself",
                remedy="Pass the open transaction on instead of opening a second one.",
            )
        with self._writer:
            self._writing_thread = me
            try:
                with self._open(self._committed.staged(), writable=True) as transaction:
                    yield transaction
            finally:
                self._writing_thread = None

    def dispose(self) -> None:
        """Nothing to close."""

    @contextmanager
    def _open(self, tables: Tables, *, writable: bool) -> Iterator[Transaction]:
        stage = Stage(tables, writable=writable)

        def publish() -> None:
            if writable:
                self._committed = tables

        try:
            yield MemoryTransaction(stage, publish)
        finally:
            stage.over = True
