"""Statements of one transaction: the only place where the stores touch the connection."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable, Select
from sqlalchemy.exc import DataError, IntegrityError

from ombud.errors import BadInput, Conflict, OmbudError

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

    def rows(self, query: Select[Any]) -> list[Row]:
        """All rows, columns by name."""
        self._check()
        return [dict(row) for row in self._connection.execute(query).mappings()]

    def row(self, query: Select[Any]) -> Row | None:
        """The first row, or None."""
        self._check()
        found = self._connection.execute(query.limit(1)).mappings().first()
        return None if found is None else dict(found)

    def write(self, statement: Executable, values: Row | list[Row] | None = None) -> int:
        """Run an INSERT or UPDATE; returns how many rows it touched.

        Raises:
            Conflict: A constraint of the database says no.
            BadInput: A value does not fit its column.
            OmbudError: The transaction is for reading, or over.
        """
        self._check()
        if not self._writable:
            raise OmbudError(
                "transaction: expected one for writing, got begin(write=False)",
                remedy="Open it with begin(write=True).",
            )
        try:
            return self._connection.execute(statement, values).rowcount
        except IntegrityError as problem:
            raise Conflict(
                f"database: a constraint refused the change ({problem.orig})",
                remedy="Read the current state again and decide anew.",
            ) from problem
        except DataError as problem:
            raise BadInput(
                f"database: a value does not fit its column ({problem.orig})",
                remedy="Shorten it, or take NUL characters out of it.",
            ) from problem

    def commit(self) -> None:
        """Make everything durable and end the transaction."""
        self._check()
        self._connection.commit()
        self._over = True

    def close(self) -> None:
        """End the transaction; what was not committed is undone."""
        self._over = True
        self._connection.rollback()

    def _check(self) -> None:
        if self._over:
            raise OmbudError(
                "transaction: expected an open one, got one that was committed or left",
                remedy="Open a new one with begin().",
            )
