"""Statements of one transaction: the only place where the stores touch the connection."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Executable, Select
from sqlalchemy.exc import DataError, IntegrityError, OperationalError

from ombud.errors import BadInput, Conflict, OmbudError, Unavailable

__all__ = ["Statements"]

Row = dict[str, Any]


class Statements:
    """Runs statements in one transaction, and refuses them once it is over.

    Args:
        connection: In a transaction.
        writable: Whether the transaction was opened for writing.
    """

    def __init__(self, connection: Connection, *, writable: bool) -> None:
        self._connection = connection
        self._writable = writable
        self._over = False
        self._failed = False

    def rows(self, query: Select[Any]) -> list[Row]:
        """All rows, columns by name."""
        with self._guarded():
            return [dict(row) for row in self._connection.execute(query).mappings()]

    def row(self, query: Select[Any]) -> Row | None:
        """The first row, or None."""
        with self._guarded():
            found = self._connection.execute(query.limit(1)).mappings().first()
            return None if found is None else dict(found)

    def write(self, statement: Executable, values: Row | list[Row] | None = None) -> int:
        """Run an INSERT or UPDATE; returns how many rows it touched.

        Raises:
            Conflict: A constraint of the database says no.
            BadInput: A value does not fit its column.
            Unavailable: The database does not answer, or cannot write.
            OmbudError: The transaction is for reading, or over.
        """
        if not self._writable:
            raise OmbudError(
                "transaction: expected one for writing, got begin(write=False)",
                remedy="Open it with begin(write=True).",
            )
        with self._guarded():
            return self._connection.execute(statement, values).rowcount

    def commit(self) -> None:
        """Make everything durable and end the transaction."""
        with self._guarded():
            self._connection.commit()
        self._over = True

    def close(self) -> None:
        """End the transaction; what was not committed is undone."""
        self._over = True
        self._connection.rollback()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        if self._over:
            raise OmbudError(
                "transaction: expected an open one, got one that was committed or left",
                remedy="Open a new one with begin().",
            )
        if self._failed:
            # PostgreSQL would answer COMMIT with a silent rollback, SQLite would keep half of the work.
            raise OmbudError(
                "transaction: the database refused an earlier statement of it, so nothing of it can be kept",
                remedy="Leave it and begin a new one.",
            )
        try:
            yield
        except IntegrityError as problem:
            self._failed = True
            raise Conflict(
                f"database: a constraint refused the change ({problem.orig})",
                remedy="Read the current state again and decide anew.",
            ) from problem
        except DataError as problem:
            self._failed = True
            raise BadInput(
                f"database: a value does not fit its column ({problem.orig})",
                remedy="Shorten it, or take NUL characters out of it.",
            ) from problem
        except OperationalError as problem:
            self._failed = True
            raise Unavailable(
                f"database: does not answer or cannot write ({problem.orig})",
                remedy="Check the server, the disk space and the permissions, then try again.",
            ) from problem
