"""Bringing a database to the revision this release needs, safely from many processes at once."""

from __future__ import annotations

import time
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DatabaseError, OperationalError

from ombud.adapters.sql.engine import WAIT_SECONDS, begin_write
from ombud.errors import Corrupted, NewerSchema, Unavailable

__all__ = ["HEAD", "MIGRATIONS", "prepare"]

HEAD = "0002"
"""Revision that this release reads and writes; a test holds it against the migrations."""

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(engine: Engine) -> None:
    """Create or migrate the tables where needed.

    Raises:
        NewerSchema: The database was written by a newer release.
        Corrupted: The file is not a database.
        Unavailable: The database does not answer, or stayed locked.
    """
    try:
        if engine.dialect.name == "sqlite":
            _use_write_ahead_log(engine)
        with engine.connect() as connection:
            if _revision(connection) == HEAD:
                return
        with engine.connect() as connection:
            # The write lock makes the second of two first openers wait, look again and find it done.
            begin_write(connection)
            _upgrade(connection, _revision(connection))
            connection.commit()
    except OperationalError as problem:
        raise Unavailable(
            f"database {engine.url.render_as_string(hide_password=True)}: cannot be opened ({problem.orig})",
            remedy="Check that the server runs and the path can be written, then try again.",
        ) from problem
    except DatabaseError as problem:
        raise Corrupted(
            f"database {engine.url.render_as_string(hide_password=True)}: not usable ({problem.orig})",
            remedy="Move the file away or restore it from a backup.",
        ) from problem


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def _upgrade(connection: Connection, found: str | None) -> None:
    if found == HEAD:
        return
    # Alembic is needed once in the life of a database; every later start of a process skips it.
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise NewerSchema(
            f"database {connection.engine.url.render_as_string(hide_password=True)}: expected a revision up "
            f"to {HEAD}, got {found}: a newer release of Ombud wrote it",
            remedy="Install that release or a later one, or open a backup made before the upgrade.",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _use_write_ahead_log(engine: Engine) -> None:
    # SQLite refuses to change the mode while anybody else is connected, without waiting for them.
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            with engine.connect() as connection:
                if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
                    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                return
        except OperationalError as problem:
            if "locked" not in str(problem.orig) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
