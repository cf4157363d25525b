"""History cannot be edited: the database itself refuses it, whoever is connected.

An owner of the database can drop a trigger; then the hash chain and the checkpoints still tell. On
SQLite, INSERT OR REPLACE deletes without firing a DELETE trigger, hence the guards on INSERT.
"""

from __future__ import annotations

from alembic import op

__all__ = ["upgrade"]

revision = "0002"
down_revision = "0001"

TAKEN = {
    "rollout_event": "rollout_id = NEW.rollout_id"
    " AND (seq = NEW.seq OR idempotency_key = NEW.idempotency_key)",
    "approval": "position = NEW.position OR approval_id = NEW.approval_id OR (kind = NEW.kind"
    " AND card_digest = NEW.card_digest AND model_digest = NEW.model_digest AND actor = NEW.actor)",
}
"""Per append-only table besides the ledger: which row a new one would replace."""

TABLES = ("audit_event", *TAKEN)


def upgrade() -> None:
    """Refuse UPDATE, DELETE (and TRUNCATE), replacing, and gaps in the ledger."""
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    for table in TABLES:
        for change in ("UPDATE", "DELETE"):
            _refuse_on_sqlite(table, change, "")
    gap = "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_event)"
    _refuse_on_sqlite("audit_event", "INSERT", gap)
    for table, taken in TAKEN.items():
        _refuse_on_sqlite(table, "INSERT", f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})")


def _refuse_on_sqlite(table: str, change: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_refuse_{change.lower()} BEFORE {change} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: {change} refused'); END"
    )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION ombud_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    for table in TABLES:
        for change, per in (("UPDATE OR DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            op.execute(
                f"CREATE TRIGGER {table}_refuse_{change.split()[0].lower()} BEFORE {change} ON {table} "
                f"FOR EACH {per} EXECUTE FUNCTION ombud_refuse_change()"
            )
    op.execute(
        "CREATE FUNCTION ombud_refuse_gap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit_event) THEN "
        "RAISE EXCEPTION 'audit_event is append-only: INSERT out of order refused' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_event_refuse_insert BEFORE INSERT ON audit_event "
        "FOR EACH ROW EXECUTE FUNCTION ombud_refuse_gap()"
    )
