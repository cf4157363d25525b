"""The schema: migrated on open, never downgraded, and history that the database refuses to edit."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DatabaseError

from contracts.storage_examples import approval, event, evidence, rollout, transition
from ombud.adapters.sql import SqlUnitOfWork
from ombud.adapters.sql.schema import HEAD, MIGRATIONS
from ombud.adapters.sql.tables import metadata
from ombud.errors import BadInput, Corrupted, NewerSchema, OmbudError, Unavailable
from ombud.governance.ledger import verify


def _execute(url: str, *statements: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def _fill(url: str) -> None:
    uow = SqlUnitOfWork(url)
    with uow.begin() as tx:
        for n in range(3):
            tx.ledger.append(event(n=str(n)))
        tx.rollouts.create(rollout(), transition())
        tx.approvals.add(approval("a-1"))
        tx.commit()
    uow.dispose()


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_migrations_build_exactly_the_tables_that_the_stores_use(sql_url: str) -> None:
    SqlUnitOfWork(sql_url).dispose()
    engine = create_engine(sql_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_opening_again_keeps_everything(sql_url: str) -> None:
    _fill(sql_url)
    uow = SqlUnitOfWork(sql_url)
    with uow.begin(write=False) as tx:
        assert verify(tx.ledger.entries()).count == 3
    uow.dispose()


def test_a_database_of_a_newer_release_is_refused_and_left_alone(sql_url: str) -> None:
    _fill(sql_url)
    _execute(sql_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchema, match=r"got 9999.*Remedy: Install"):
        SqlUnitOfWork(sql_url)
    _execute(sql_url, f"UPDATE alembic_version SET version_num = '{HEAD}'")
    uow = SqlUnitOfWork(sql_url)
    with uow.begin(write=False) as tx:
        assert tx.rollouts.get("r-1") == rollout()
    uow.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET payload = payload WHERE seq = 2",
        "DELETE FROM audit_event WHERE seq = 3",
        "UPDATE rollout_event SET reason = 'nicer'",
        "DELETE FROM rollout_event",
        "UPDATE approval SET decision = 'refused'",
        "DELETE FROM approval",
        # Leaves a gap.
        "INSERT INTO audit_event SELECT 9, payload, leaf_hash, 'x', 'x' FROM audit_event WHERE seq = 3",
    ],
)
def test_the_database_refuses_to_edit_history(sql_url: str, statement: str) -> None:
    _fill(sql_url)
    with pytest.raises(DatabaseError, match="append-only"):
        _execute(sql_url, statement)
    uow = SqlUnitOfWork(sql_url)
    with uow.begin(write=False) as tx:
        assert verify(tx.ledger.entries()).ok
        assert tx.rollouts.events("r-1") == [transition()]
        assert tx.approvals.list("digits") == [approval("a-1")]
    uow.dispose()


@pytest.mark.parametrize("table", ["audit_event", "rollout_event", "approval"])
def test_sqlite_refuses_to_replace_history(sqlite_url: str, table: str) -> None:
    """REPLACE deletes the old row without asking the DELETE trigger."""
    _fill(sqlite_url)
    with pytest.raises(DatabaseError, match="append-only"):
        _execute(sqlite_url, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


def test_postgresql_refuses_to_truncate_history(postgresql_url: str) -> None:
    _fill(postgresql_url)
    with pytest.raises(DatabaseError, match="append-only"):
        _execute(postgresql_url, "TRUNCATE audit_event")


def test_history_edited_behind_the_triggers_is_found(sqlite_url: str) -> None:
    _fill(sqlite_url)
    forged = "UPDATE audit_event SET payload = CAST(replace(payload, 'anna', 'emil') AS BLOB) WHERE seq = 2"
    _execute(sqlite_url, "DROP TRIGGER audit_event_refuse_update", forged)
    uow = SqlUnitOfWork(sqlite_url)
    with uow.begin(write=False) as tx:
        report = verify(tx.ledger.entries())
    uow.dispose()
    assert not report.ok
    assert [problem.split(":")[0] for problem in report.problems] == ["entry 2"]


def test_a_document_edited_in_the_database_is_found(sqlite_url: str) -> None:
    document = evidence({"accuracy": 0.5})
    uow = SqlUnitOfWork(sqlite_url)
    with uow.begin() as tx:
        tx.evidence.put(document)
        tx.commit()
    _execute(sqlite_url, "UPDATE evidence SET content = replace(content, '0.5', '0.9')")
    with uow.begin(write=False) as tx, pytest.raises(Corrupted, match="changed in the database"):
        tx.evidence.get(document.digest)
    uow.dispose()


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "ombud.db").write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(Corrupted, match=r"ombud\.db: not usable.*Remedy"):
        SqlUnitOfWork(f"sqlite:///{tmp_path}/ombud.db")


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(Unavailable, match="cannot be opened") as caught:
        SqlUnitOfWork("postgresql+psycopg://ombud:geheim@127.0.0.1:1/ombud")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "postgresql+psycopg2://h/d", "nonsense"]
)
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(BadInput, match=r"expected SQLite in a file or PostgreSQL.*Remedy"):
        SqlUnitOfWork(url)


def test_after_a_refused_statement_nothing_of_the_transaction_is_kept(postgresql_url: str) -> None:
    """PostgreSQL answers COMMIT with a silent ROLLBACK then; the caller must hear of it."""
    uow = SqlUnitOfWork(postgresql_url)
    with uow.begin() as tx:
        tx.ledger.append(event())
        with pytest.raises(BadInput, match=r"does not fit its column.*Remedy"):
            tx.approvals.add(approval("nul \0"))
        with pytest.raises(OmbudError, match="refused an earlier statement"):
            tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.ledger.head() is None
    uow.dispose()
