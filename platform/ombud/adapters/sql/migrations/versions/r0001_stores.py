"""The stores of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy import Column, Text

__all__ = ["upgrade"]

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.String(length=27)
HASH = sa.String(length=64)


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "alert",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("alert_id", Text(), nullable=False),
        Column("fingerprint", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("version", BIG, nullable=False),
        Column("kind", Text(), nullable=False),
        Column("modality", Text(), nullable=True),
        Column("grade", Text(), nullable=True),
        Column("severity", Text(), nullable=False),
        Column("title", Text(), nullable=False),
        Column("cause", Text(), nullable=False),
        Column("evidence", Text(), nullable=False),
        Column("links", Text(), nullable=False),
        Column("status", Text(), nullable=False),
        Column("opened_at", TIME, nullable=False),
        Column("updated_at", TIME, nullable=False),
        Column("details", Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_alert"),
        sa.UniqueConstraint("alert_id", name="uq_alert_alert_id"),
    )
    op.create_index("ix_alert_model", "alert", ["model"])
    op.create_index(
        "uq_alert_unresolved",
        "alert",
        ["fingerprint"],
        unique=True,
        sqlite_where=sa.text("status <> 'resolved'"),
        postgresql_where=sa.text("status <> 'resolved'"),
    )
    op.create_table(
        "api_token",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("token_id", Text(), nullable=False),
        Column("secret_hash", Text(), nullable=False),
        Column("actor", Text(), nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("expires_at", TIME, nullable=False),
        Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_api_token"),
        sa.UniqueConstraint("secret_hash", name="uq_api_token_secret_hash"),
        sa.UniqueConstraint("token_id", name="uq_api_token_token_id"),
    )
    op.create_table(
        "approval",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("approval_id", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("version", BIG, nullable=False),
        Column("card_digest", Text(), nullable=False),
        Column("model_digest", Text(), nullable=False),
        Column("actor", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("decision", Text(), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_approval"),
        sa.UniqueConstraint("approval_id", name="uq_approval_approval_id"),
        sa.UniqueConstraint(
            "kind",
            "card_digest",
            "model_digest",
            "actor",
            name="uq_approval_kind_card_digest_model_digest_actor",
        ),
    )
    op.create_index("ix_approval_model_version", "approval", ["model", "version"])
    op.create_table(
        "audit_event",
        Column("seq", BIG, autoincrement=False, nullable=False),
        Column("payload", sa.LargeBinary(), nullable=False),
        Column("leaf_hash", HASH, nullable=False),
        Column("previous_hash", HASH, nullable=False),
        Column("entry_hash", HASH, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_audit_event"),
        sa.UniqueConstraint("entry_hash", name="uq_audit_event_entry_hash"),
        sa.UniqueConstraint("previous_hash", name="uq_audit_event_previous_hash"),
    )
    op.create_table(
        "card",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("model", Text(), nullable=False),
        Column("version", BIG, nullable=False),
        Column("core_digest", Text(), nullable=False),
        Column("annex_digest", Text(), nullable=False),
        Column("core", Text(), nullable=False),
        Column("annex", Text(), nullable=False),
        Column("built_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_card"),
    )
    op.create_index("ix_card_model_version", "card", ["model", "version"])
    op.create_table(
        "evidence",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("digest", Text(), nullable=False),
        Column("kind", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("version", BIG, nullable=False),
        Column("run_id", Text(), nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("content", Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_evidence"),
        sa.UniqueConstraint(
            "digest",
            "kind",
            "model",
            "version",
            "run_id",
            name="uq_evidence_digest_kind_model_version_run_id",
        ),
    )
    op.create_index("ix_evidence_model_version_kind", "evidence", ["model", "version", "kind"])
    op.create_table(
        "idempotency_key",
        Column("key", Text(), nullable=False),
        Column("request_digest", Text(), nullable=False),
        Column("status", BIG, nullable=False),
        Column("body", sa.LargeBinary(), nullable=False),
        Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_key"),
    )
    op.create_table(
        "outbox",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("key", Text(), nullable=False),
        Column("effect", Text(), nullable=False),
        Column("payload", Text(), nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("attempts", BIG, nullable=False),
        Column("error", Text(), nullable=False),
        Column("done_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["created_at", "position"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "rollout",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("rollout_id", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("challenger", BIG, nullable=False),
        Column("control", BIG, nullable=True),
        Column("plan", Text(), nullable=False),
        Column("state", Text(), nullable=False),
        Column("step", BIG, nullable=False),
        Column("seq", BIG, nullable=False),
        Column("submitted_by", Text(), nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("updated_at", TIME, nullable=False),
        Column("reason", Text(), nullable=False),
        Column("resume_to", Text(), nullable=True),
        sa.PrimaryKeyConstraint("position", name="pk_rollout"),
        sa.UniqueConstraint("rollout_id", name="uq_rollout_rollout_id"),
    )
    op.create_index("ix_rollout_model_state", "rollout", ["model", "state"])
    op.create_table(
        "verdict",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("verdict_id", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("version", BIG, nullable=False),
        Column("window_id", Text(), nullable=False),
        Column("advisory", sa.Boolean(), nullable=False),
        Column("at", TIME, nullable=False),
        Column("run_id", Text(), nullable=False),
        Column("verdict", Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_verdict"),
        sa.UniqueConstraint("verdict_id", name="uq_verdict_verdict_id"),
    )
    op.create_index("ix_verdict_model_version", "verdict", ["model", "version"])
    op.create_index("ix_verdict_window_id", "verdict", ["window_id"])
    op.create_table(
        "window",
        Column("position", BIG, autoincrement=True, nullable=False),
        Column("window_id", Text(), nullable=False),
        Column("model", Text(), nullable=False),
        Column("version", BIG, nullable=False),
        Column("partition", Text(), nullable=False),
        Column("start", TIME, nullable=False),
        Column("end", TIME, nullable=False),
        Column("n", BIG, nullable=False),
        Column("labelled", BIG, nullable=False),
        Column("created_at", TIME, nullable=False),
        Column("links", Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_window"),
        sa.UniqueConstraint("window_id", name="uq_window_window_id"),
    )
    op.create_index("ix_window_model_version", "window", ["model", "version"])
    op.create_table(
        "worker_lease",
        Column("name", Text(), nullable=False),
        Column("owner", Text(), nullable=False),
        Column("fence", BIG, nullable=False),
        Column("expires_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_worker_lease"),
        sa.UniqueConstraint("fence", name="uq_worker_lease_fence"),
    )
    op.create_table(
        "judged_request",
        Column("rollout_id", Text(), nullable=False),
        Column("request_id", Text(), nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.rollout_id"], name="fk_judged_request_rollout_id"),
        sa.PrimaryKeyConstraint("rollout_id", "request_id", name="pk_judged_request"),
    )
    op.create_table(
        "rollout_event",
        Column("rollout_id", Text(), nullable=False),
        Column("seq", BIG, autoincrement=False, nullable=False),
        Column("source", Text(), nullable=True),
        Column("target", Text(), nullable=False),
        Column("step", BIG, nullable=False),
        Column("actor", Text(), nullable=False),
        Column("role", Text(), nullable=False),
        Column("reason", Text(), nullable=False),
        Column("evidence", Text(), nullable=False),
        Column("evidence_digest", Text(), nullable=False),
        Column("idempotency_key", Text(), nullable=False),
        Column("at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["rollout_id"], ["rollout.rollout_id"], name="fk_rollout_event_rollout_id"),
        sa.PrimaryKeyConstraint("rollout_id", "seq", name="pk_rollout_event"),
        sa.UniqueConstraint(
            "rollout_id", "idempotency_key", name="uq_rollout_event_rollout_id_idempotency_key"
        ),
    )
    op.create_table(
        "rollout_increment",
        Column("rollout_id", Text(), nullable=False),
        Column("look", BIG, autoincrement=False, nullable=False),
        Column("stage", Text(), nullable=False),
        Column("step", BIG, autoincrement=False, nullable=False),
        Column("segment", Text(), nullable=False),
        Column("at", TIME, nullable=False),
        Column("paired", Text(), nullable=False),
        Column("requests", Text(), nullable=False),
        Column("errors", Text(), nullable=False),
        Column("failures", Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["rollout_id"], ["rollout.rollout_id"], name="fk_rollout_increment_rollout_id"
        ),
        sa.PrimaryKeyConstraint(
            "rollout_id", "look", "stage", "step", "segment", name="pk_rollout_increment"
        ),
    )
