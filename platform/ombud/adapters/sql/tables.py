"""What is stored: one table per noun, columns named like the fields of its dataclass.

Times are UTC ISO text of fixed width, which sorts as the times do; enumerations are their values;
nested fields are canonical JSON text (marked ``document``), so their digests can be checked from the
stored bytes. ``position`` is the order of writing: it breaks ties between equal times.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

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

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite counts only a column declared INTEGER up by itself."""


def _position() -> Column[int]:
    return Column("position", Big, primary_key=True, autoincrement=True)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _time(name: str, *, optional: bool = False) -> Column[str]:
    return Column(name, String(27), nullable=optional)


def _document(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, info={"document": True})


def _integer(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, Big, nullable=optional)


audit_event = Table(
    "audit_event",
    metadata,
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("payload", LargeBinary, nullable=False),
    Column("leaf_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("entry_hash", String(64), nullable=False, unique=True),
)

evidence = Table(
    "evidence",
    metadata,
    _position(),
    _text("digest"),
    _text("kind"),
    _text("model"),
    _integer("version"),
    _text("run_id"),
    _time("created_at"),
    _document("content"),
    UniqueConstraint("digest", "kind", "model", "version", "run_id"),
    Index(None, "model", "version", "kind"),
)

card = Table(
    "card",
    metadata,
    _position(),
    _text("model"),
    _integer("version"),
    _text("core_digest"),
    _text("annex_digest"),
    _document("core"),
    _document("annex"),
    _time("built_at"),
    Index(None, "model", "version"),
)

window = Table(
    "window",
    metadata,
    _position(),
    Column("window_id", Text, nullable=False, unique=True),
    _text("model"),
    _integer("version"),
    _text("partition"),
    _time("start"),
    _time("end"),
    _integer("n"),
    _integer("labelled"),
    _time("created_at"),
    _document("links"),
    Index(None, "model", "version"),
)

verdict = Table(
    "verdict",
    metadata,
    _position(),
    Column("verdict_id", Text, nullable=False, unique=True),
    _text("model"),
    _integer("version"),
    _text("window_id"),
    Column("advisory", Boolean, nullable=False),
    _time("at"),
    _text("run_id"),
    _document("verdict"),
    Index(None, "model", "version"),
    Index(None, "window_id"),
)

alert = Table(
    "alert",
    metadata,
    _position(),
    Column("alert_id", Text, nullable=False, unique=True),
    _text("fingerprint"),
    _text("model"),
    _integer("version"),
    _text("kind"),
    Column("modality", Text),
    Column("grade", Text),
    _text("severity"),
    _text("title"),
    _text("cause"),
    _document("evidence"),
    _document("links"),
    _text("status"),
    _time("opened_at"),
    _time("updated_at"),
    _document("details"),
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
    _position(),
    Column("approval_id", Text, nullable=False, unique=True),
    _text("kind"),
    _text("model"),
    _integer("version"),
    _text("card_digest"),
    _text("model_digest"),
    _text("actor"),
    _text("role"),
    _text("decision"),
    _text("reason"),
    _time("at"),
    UniqueConstraint("kind", "card_digest", "model_digest", "actor"),
    Index(None, "model", "version"),
)

rollout = Table(
    "rollout",
    metadata,
    _position(),
    Column("rollout_id", Text, nullable=False, unique=True),
    _text("model"),
    _integer("challenger"),
    _integer("control", optional=True),
    _document("plan"),
    _text("state"),
    _integer("step"),
    _integer("seq"),
    _text("submitted_by"),
    _time("created_at"),
    _time("updated_at"),
    _text("reason"),
    Column("resume_to", Text),
    Index(None, "model", "state"),
)


def _rollout_id() -> Column[str]:
    return Column("rollout_id", Text, ForeignKey(rollout.c.rollout_id), primary_key=True)


rollout_event = Table(
    "rollout_event",
    metadata,
    _rollout_id(),
    Column("seq", Big, primary_key=True, autoincrement=False),
    Column("source", Text),
    _text("target"),
    _integer("step"),
    _text("actor"),
    _text("role"),
    _text("reason"),
    _document("evidence"),
    _text("evidence_digest"),
    _text("idempotency_key"),
    _time("at"),
    UniqueConstraint("rollout_id", "idempotency_key"),
)

rollout_increment = Table(
    "rollout_increment",
    metadata,
    _rollout_id(),
    Column("look", Big, primary_key=True, autoincrement=False),
    _text("segment", key=True),
    _text("stage"),
    _integer("step"),
    _time("at"),
    _document("paired"),
    _document("requests"),
    _document("errors"),
    _document("failures"),
)

judged_request = Table("judged_request", metadata, _rollout_id(), _text("request_id", key=True))

outbox = Table(
    "outbox",
    metadata,
    _position(),
    Column("key", Text, nullable=False, unique=True),
    _text("effect"),
    _document("payload"),
    _time("created_at"),
    _integer("attempts"),
    _text("error"),
    _time("done_at", optional=True),
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
    _text("name", key=True),
    _text("owner"),
    Column("fence", Big, nullable=False, unique=True),
    _time("expires_at"),
)

api_token = Table(
    "api_token",
    metadata,
    _position(),
    Column("token_id", Text, nullable=False, unique=True),
    Column("secret_hash", Text, nullable=False, unique=True),
    _document("actor"),
    _time("created_at"),
    _time("expires_at"),
    Column("revoked", Boolean, nullable=False),
)

idempotency_key = Table(
    "idempotency_key",
    metadata,
    _text("key", key=True),
    _text("request_digest"),
    _integer("status"),
    Column("body", LargeBinary, nullable=False),
    _time("at"),
)
