"""What is stored: one table per noun, columns named like the fields of its dataclass.

Times are UTC ISO text of fixed width, which sorts as the times do; enumerations are their values;
nested fields are canonical JSON text (marked ``document``), so their digests can be checked from the
stored bytes. ``position`` is the order of writing: it breaks ties between equal times.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from ombud.adapters.sql import columns
from ombud.adapters.sql.columns import metadata

__all__ = [
    "alert",
    "api_token",
    "approval",
    "audit_event",
    "card",
    "evidence",
    "idempotency_key",
    "judged_request",
    "metadata",
    "outbox",
    "rollout",
    "rollout_event",
    "rollout_increment",
    "verdict",
    "window",
    "worker_lease",
]

audit_event = Table(
    "audit_event",
    metadata,
    Column("seq", columns.Big, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
    Column("leaf_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("entry_hash", String(64), nullable=False, unique=True),
)

evidence = Table(
    "evidence",
    metadata,
    columns.position(),
    columns.text("digest"),
    columns.text("kind"),
    columns.text("model"),
    columns.integer("version"),
    columns.text("run_id"),
    columns.time("created_at"),
    columns.document("content"),
    UniqueConstraint("digest", "kind", "model", "version", "run_id"),
    Index(None, "model", "version", "kind"),
)

card = Table(
    "card",
    metadata,
    columns.position(),
    columns.text("model"),
    columns.integer("version"),
    columns.text("core_digest"),
    columns.text("annex_digest"),
    columns.document("core"),
    columns.document("annex"),
    columns.time("built_at"),
    Index(None, "model", "version"),
)

window = Table(
    "window",
    metadata,
    columns.position(),
    Column("window_id", Text, nullable=False, unique=True),
    columns.text("model"),
    columns.integer("version"),
    columns.text("partition"),
    columns.time("start"),
    columns.time("end"),
    columns.integer("n"),
    columns.integer("labelled"),
    columns.time("created_at"),
    columns.document("links"),
    Index(None, "model", "version"),
)

verdict = Table(
    "verdict",
    metadata,
    columns.position(),
    Column("verdict_id", Text, nullable=False, unique=True),
    columns.text("model"),
    columns.integer("version"),
    columns.text("window_id"),
    Column("advisory", Boolean, nullable=False),
    columns.time("at"),
    columns.text("run_id"),
    columns.document("verdict"),
    Index(None, "model", "version"),
    Index(None, "window_id"),
)

alert = Table(
    "alert",
    metadata,
    columns.position(),
    Column("alert_id", Text, nullable=False, unique=True),
    columns.text("fingerprint"),
    columns.text("model"),
    columns.integer("version"),
    columns.text("kind"),
    Column("modality", Text),
    Column("grade", Text),
    columns.text("severity"),
    columns.text("title"),
    columns.text("cause"),
    columns.document("evidence"),
    columns.document("links"),
    columns.text("status"),
    columns.time("opened_at"),
    columns.time("updated_at"),
    columns.document("details"),
    Index(
        "uq_alert_unresolved",
        "fingerprint",
        unique=True,
        sqlite_where=text("status <> 'resolved'"),
        postgresql_where=text("status <> 'resolved'"),
    ),
    Index(None, "model"),
)

approval = Table(
    "approval",
    metadata,
    columns.position(),
    Column("approval_id", Text, nullable=False, unique=True),
    columns.text("kind"),
    columns.text("model"),
    columns.integer("version"),
    columns.text("card_digest"),
    columns.text("model_digest"),
    columns.text("actor"),
    columns.text("role"),
    columns.text("decision"),
    columns.text("reason"),
    columns.time("at"),
    UniqueConstraint("kind", "card_digest", "model_digest", "actor"),
    Index(None, "model", "version"),
)

rollout = Table(
    "rollout",
    metadata,
    columns.position(),
    Column("rollout_id", Text, nullable=False, unique=True),
    columns.text("model"),
    columns.integer("challenger"),
    columns.integer("control", optional=True),
    columns.document("plan"),
    columns.text("state"),
    columns.integer("step"),
    columns.integer("seq"),
    columns.text("submitted_by"),
    columns.time("created_at"),
    columns.time("updated_at"),
    columns.text("reason"),
    Column("resume_to", Text),
    Index(None, "model", "state"),
)


def _rollout_id() -> Column[str]:
    return Column("rollout_id", Text, ForeignKey(rollout.c.rollout_id), primary_key=True)


rollout_event = Table(
    "rollout_event",
    metadata,
    _rollout_id(),
    Column("seq", columns.Big, primary_key=True, autoincrement=False),
    Column("source", Text),
    columns.text("target"),
    columns.integer("step"),
    columns.text("actor"),
    columns.text("role"),
    columns.text("reason"),
    columns.document("evidence"),
    columns.text("evidence_digest"),
    columns.text("idempotency_key"),
    columns.time("at"),
    UniqueConstraint("rollout_id", "idempotency_key"),
)

rollout_increment = Table(
    "rollout_increment",
    metadata,
    _rollout_id(),
    Column("look", columns.Big, primary_key=True, autoincrement=False),
    columns.text("stage", key=True),
    Column("step", columns.Big, primary_key=True, autoincrement=False),
    columns.text("segment", key=True),
    columns.time("at"),
    columns.document("paired"),
    columns.document("requests"),
    columns.document("errors"),
    columns.document("failures"),
)

judged_request = Table("judged_request", metadata, _rollout_id(), columns.text("request_id", key=True))

outbox = Table(
    "outbox",
    metadata,
    columns.position(),
    Column("key", Text, nullable=False, unique=True),
    columns.text("effect"),
    columns.document("payload"),
    columns.time("created_at"),
    columns.integer("attempts"),
    columns.text("error"),
    columns.time("done_at", optional=True),
    Index(
        "ix_outbox_pending",
        "created_at",
        "position",
        sqlite_where=text("done_at IS NULL"),
        postgresql_where=text("done_at IS NULL"),
    ),
)

worker_lease = Table(
    "worker_lease",
    metadata,
    columns.text("name", key=True),
    columns.text("owner"),
    Column("fence", columns.Big, nullable=False, unique=True),
    columns.time("expires_at"),
)

api_token = Table(
    "api_token",
    metadata,
    columns.position(),
    Column("token_id", Text, nullable=False, unique=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    columns.document("actor"),
    columns.time("created_at"),
    columns.time("expires_at"),
    Column("revoked", Boolean, nullable=False),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    columns.text("key", key=True),
    columns.text("request_digest"),
    columns.integer("status"),
    Column("body", LargeBinary, nullable=False),
    columns.time("at"),
)
