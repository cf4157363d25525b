"""The unit of work in its three forms: memory, SQLite, PostgreSQL."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from ombud.adapters.memory import MemoryUnitOfWork
from ombud.adapters.sql import SqlUnitOfWork

STORAGE = ("memory", "sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, with a migrated database ``ombud_template``."""
    try:
        import pgserver

        # Not pytest's temporary folder: run by root, the server becomes another user, who may not look in.
        folder = Path(tempfile.mkdtemp(prefix="ombud-postgresql-"))
        server = pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]
    except Exception as problem:
        reason = f"PostgreSQL could not be started: {problem!r}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    _administer(url.render_as_string(hide_password=False), "CREATE DATABASE ombud_template")
    SqlUnitOfWork(url.set(database="ombud_template").render_as_string(hide_password=False)).dispose()
    yield url.render_as_string(hide_password=False)
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/home/ombud.db"


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """URL of a fresh, migrated database."""
    with _database(postgresql_server, template="ombud_template") as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql_server: str) -> Iterator[str]:
    """URL of a database without a single table."""
    with _database(postgresql_server, template="template1") as url:
        yield url


@pytest.fixture(params=STORAGE[1:])
def sql_url(request: pytest.FixtureRequest) -> str:
    """URL of a database, on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=["sqlite_url", "empty_postgresql_url"])
def empty_sql_url(request: pytest.FixtureRequest) -> str:
    """URL of a database that nobody has opened yet, on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(params=STORAGE)
def uow(request: pytest.FixtureRequest) -> Iterator[MemoryUnitOfWork | SqlUnitOfWork]:
    """An empty unit of work, in each of its three forms."""
    if request.param == "memory":
        yield MemoryUnitOfWork()
        return
    opened = SqlUnitOfWork(str(request.getfixturevalue(f"{request.param}_url")))
    yield opened
    opened.dispose()


@contextmanager
def _database(server: str, *, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    _administer(server, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(url: str, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
