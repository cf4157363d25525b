"""How each database is opened, and told to keep what it has acknowledged.

SQLite: write-ahead log, so readers never wait for the writer; ``synchronous=FULL``, because an
acknowledged write must survive a power cut and not only ``kill -9``; ``BEGIN IMMEDIATE``, so a writer
waits for its turn before it reads instead of failing after it has read. PostgreSQL: writers take one
advisory lock for their transaction, so a ledger entry never has to be retried; readers are
``REPEATABLE READ``.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ombud.errors import BadInput

__all__ = ["WAIT_SECONDS", "begin_read", "begin_write", "open_engine"]

WAIT_SECONDS = 60
"""How long a transaction waits for its turn before it gives up."""

_WRITERS_LOCK = 0x6F6D6275_64000001
"""Key of PostgreSQL's advisory lock: "ombud" in ASCII, then the number of the lock."""


def open_engine(url: str) -> Engine:
    """An engine for ``url``; nothing is written yet.

    Raises:
        BadInput: Not a URL of SQLite in a file or of PostgreSQL.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _open_sqlite(parsed)
    return create_engine(parsed, pool_size=8, max_overflow=56, pool_timeout=WAIT_SECONDS, pool_pre_ping=True)


def begin_read(connection: Connection) -> None:
    """Start a transaction whose reads all see the same state, and that takes no write lock."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN")
    else:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    # The snapshot begins with the first read, not with BEGIN; on SQLite that read must touch the file.
    connection.execute(text("SELECT version_num FROM alembic_version")).close()


def begin_write(connection: Connection) -> None:
    """Start a transaction that no other writer runs beside, in this process or another."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        # READ COMMITTED: the statement that waits for the lock fixes no snapshot for the later ones.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE"))
        connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS_LOCK})


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        driver = parsed.get_dialect().driver
    except (ArgumentError, NoSuchModuleError) as problem:
        raise _bad_url(url) from problem
    in_memory = backend == "sqlite" and parsed.database in (None, "", ":memory:")
    if in_memory or (backend, driver) not in {("sqlite", "pysqlite"), ("postgresql", "psycopg")}:
        raise _bad_url(parsed.render_as_string(hide_password=True))
    return parsed


def _bad_url(url: str) -> BadInput:
    return BadInput(
        f"database URL {url!r}: expected SQLite in a file or PostgreSQL through psycopg",
        remedy="Write sqlite:////path/to/ombud.db or postgresql+psycopg://user@host/database.",
    )


def _open_sqlite(url: URL) -> Engine:
    Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=56,
        pool_timeout=WAIT_SECONDS,
        connect_args={"timeout": WAIT_SECONDS, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # The driver's own transaction handling would send BEGIN late and of the wrong kind.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    return engine
