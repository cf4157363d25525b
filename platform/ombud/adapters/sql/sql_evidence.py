"""Evidence and cards: documents whose digests are checked when they come in and when they go out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select

from ombud.adapters.sql.rows import checked, from_row, to_row
from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import card, evidence
from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.errors import NotFound
from ombud.governance.canonical import expect_digest

__all__ = ["SqlCards", "SqlEvidence"]


class SqlEvidence:
    """See :class:`ombud.domain.ports.EvidenceStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def put(self, document: Evidence) -> None:
        """Store; the same content about the same version by the same run changes nothing.

        Raises:
            BadInput: ``digest`` is not the digest of ``content``.
        """
        expect_digest(f"evidence {document.kind}", document.digest, document.content)
        values = to_row(evidence, document)
        same = [evidence.c[name] == values[name] for name in ("digest", "kind", "model", "version", "run_id")]
        if self._run.row(select(evidence.c.position).where(*same)) is None:
            self._run.write(insert(evidence), values)

    def get(self, digest: str) -> Evidence:
        """The first document stored under this digest."""
        row = self._run.row(select(evidence).where(evidence.c.digest == digest).order_by(evidence.c.position))
        if row is None:
            raise NotFound(f"evidence {digest}: not stored here", remedy="Check the digest.")
        return _evidence(row)

    def latest(self, kind: EvidenceKind, model: str, version: int) -> Evidence | None:
        """The newest document of this kind about this version."""
        about = (evidence.c.kind == kind.value, evidence.c.model == model, evidence.c.version == version)
        newest = (evidence.c.created_at.desc(), evidence.c.position.desc())
        row = self._run.row(select(evidence).where(*about).order_by(*newest))
        return None if row is None else _evidence(row)

    def list(self, model: str, *, version: int | None = None) -> Sequence[Evidence]:
        """Newest first."""
        query = select(evidence).where(evidence.c.model == model)
        if version is not None:
            query = query.where(evidence.c.version == version)
        query = query.order_by(evidence.c.created_at.desc(), evidence.c.position.desc())
        return [_evidence(row) for row in self._run.rows(query)]


class SqlCards:
    """See :class:`ombud.domain.ports.CardStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def put(self, build: StoredCard) -> None:
        """Append a build; the very same build again changes nothing.

        Raises:
            BadInput: A digest is not the digest of its part.
        """
        expect_digest(f"card {build.model}/{build.version} core", build.core_digest, build.core)
        expect_digest(f"card {build.model}/{build.version} annex", build.annex_digest, build.annex)
        values = to_row(card, build)
        same = ("model", "version", "core_digest", "annex_digest", "built_at")
        if self._run.row(select(card.c.position).where(*(card.c[n] == values[n] for n in same))) is None:
            self._run.write(insert(card), values)

    def current(self, model: str, version: int) -> StoredCard | None:
        """The newest build."""
        about = (card.c.model == model, card.c.version == version)
        row = self._run.row(select(card).where(*about).order_by(card.c.position.desc()))
        return None if row is None else _card(row)

    def list(self, model: str) -> Sequence[StoredCard]:
        """The current card of each version, highest version first."""
        newest = select(func.max(card.c.position)).where(card.c.model == model).group_by(card.c.version)
        query = select(card).where(card.c.position.in_(newest)).order_by(card.c.version.desc())
        return [_card(row) for row in self._run.rows(query)]


def _evidence(row: Mapping[str, Any]) -> Evidence:
    checked(evidence, row, "content", row["digest"])
    return from_row(Evidence, evidence, row)


def _card(row: Mapping[str, Any]) -> StoredCard:
    checked(card, row, "core", row["core_digest"])
    checked(card, row, "annex", row["annex_digest"])
    return from_row(StoredCard, card, row)
