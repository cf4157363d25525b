"""The unit of work on SQL: one transaction over all stores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ombud.adapters.sql.engine import WAIT_SECONDS, begin_read, begin_write, open_engine
from ombud.adapters.sql.schema import prepare
from ombud.adapters.sql.sql_access import SqlIdempotency, SqlTokens
from ombud.adapters.sql.sql_approvals import SqlApprovals
from ombud.adapters.sql.sql_evidence import SqlCards, SqlEvidence
from ombud.adapters.sql.sql_ledger import SqlLedger
from ombud.adapters.sql.sql_monitoring import SqlAlerts, SqlVerdicts, SqlWindows
from ombud.adapters.sql.sql_outbox import SqlOutbox
from ombud.adapters.sql.sql_rollouts import SqlRollouts
from ombud.adapters.sql.statements import Statements
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
from ombud.errors import OmbudError, Unavailable

__all__ = ["SqlUnitOfWork"]


class SqlTransaction:
    """See :class:`ombud.domain.ports.Transaction`."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self.ledger: LedgerStore = SqlLedger(statements)
        self.evidence: EvidenceStore = SqlEvidence(statements)
        self.cards: CardStore = SqlCards(statements)
        self.windows: WindowStore = SqlWindows(statements)
        self.verdicts: VerdictStore = SqlVerdicts(statements)
        self.alerts: AlertStore = SqlAlerts(statements)
        self.approvals: ApprovalStore = SqlApprovals(statements)
        self.rollouts: RolloutStore = SqlRollouts(statements)
        self.outbox: Outbox = SqlOutbox(statements)
        self.tokens: TokenStore = SqlTokens(statements)
        self.idempotency: IdempotencyStore = SqlIdempotency(statements)

    def commit(self) -> None:
        """Make everything durable; nothing may be read or written through this transaction after."""
        self._statements.commit()


class SqlUnitOfWork:
    """Opens transactions on one database; the tables are created or migrated first.

    Many threads and many processes may use the same database. Writers wait for each other, first in
    line in this process and then at the database; readers wait for nobody.

    Args:
        url: ``sqlite:////path/to/ombud.db`` or ``postgresql+psycopg://...``.

    Raises:
        BadInput: Another kind of URL.
        NewerSchema: The database was written by a newer release.
        Corrupted: The file is not a database.
        Unavailable: The database does not answer.

    Example:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> uow = SqlUnitOfWork(f"sqlite:///{folder.name}/ombud.db")
        >>> with uow.begin(write=False) as tx:
        ...     print(tx.ledger.head())
        None
        >>> uow.dispose(); folder.cleanup()
    """

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._writer = threading.Lock()
        self._writing_thread: int | None = None
        prepare(self._engine)

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        """One transaction; leaving the block without ``commit()`` undoes it.

        Raises:
            Unavailable: The turn to write did not come, or the database does not answer.
            OmbudError: This thread is already writing.
        """
        if not write:
            with self._transaction(write=False) as transaction:
                yield transaction
            return
        self._take_turn()
        try:
            with self._transaction(write=True) as transaction:
                yield transaction
        finally:
            self._writing_thread = None
            self._writer.release()

    def dispose(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _take_turn(self) -> None:
        me = threading.get_ident()
        if self._writing_thread == me:
            raise OmbudError(
                "transaction: this thread has one open for writing, and would wait for itself",
                remedy="Pass the open transaction on instead of opening a second one.",
            )
        if not self._writer.acquire(timeout=WAIT_SECONDS):
            raise _unavailable(f"another thread has been writing for over {WAIT_SECONDS} s")
        self._writing_thread = me

    @contextmanager
    def _transaction(self, *, write: bool) -> Iterator[Transaction]:
        connection = self._connect(write=write)
        statements = Statements(connection, writable=write)
        try:
            yield SqlTransaction(statements)
        finally:
            try:
                statements.close()
            finally:
                connection.close()

    def _connect(self, *, write: bool) -> Connection:
        try:
            connection = self._engine.connect()
        except (OperationalError, PoolTimeout) as problem:
            raise _unavailable(str(getattr(problem, "orig", problem))) from problem
        try:
            (begin_write if write else begin_read)(connection)
        except OperationalError as problem:
            connection.close()
            raise _unavailable(str(problem.orig)) from problem
        except BaseException:
            connection.close()
            raise
        return connection


def _unavailable(message: str) -> Unavailable:
    return Unavailable(
        f"database: no transaction could be opened ({message})",
        remedy="Check that the database runs and that no process holds it locked, then try again.",
    )
