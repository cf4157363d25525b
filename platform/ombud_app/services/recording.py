"""Putting evidence on record: the document and the ledger entry that names it, together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ombud.domain.events import AuditEvent
from ombud.domain.evidence import Evidence, EvidenceKind, JsonObject
from ombud.domain.ports import Clock, Transaction, UnitOfWork
from ombud.governance.canonical import digest

__all__ = ["Recorder", "evidence_of"]


def evidence_of(
    kind: EvidenceKind, model: str, version: int, *, content: JsonObject, run_id: str, at: datetime
) -> Evidence:
    """Wrap a document with the digest of its canonical bytes."""
    return Evidence(digest(content), kind, model, version, run_id, at, content)


@dataclass(frozen=True)
class Recorder:
    """Writes evidence and its ledger entry in one transaction.

    Recording the same content for the same version again changes nothing, so a step that runs
    twice (a retried or orphaned orchestrator step) leaves one document and one entry.

    Args:
        uow: Where transactions come from.
        clock: Where time comes from.
        actor: Identity under which the ledger names the writer.
    """

    uow: UnitOfWork
    clock: Clock
    actor: str = "ombud:pipeline"

    def record(
        self,
        kind: EvidenceKind,
        model: str,
        version: int,
        content: JsonObject,
        *,
        run_id: str,
        reason: str,
        details: Mapping[str, str] | None = None,
    ) -> Evidence:
        """Store ``content`` as evidence of ``kind`` about ``model/version``."""
        with self.uow.begin() as tx:
            evidence = self.record_in(
                tx, kind, model, version, content, run_id=run_id, reason=reason, details=details
            )
            tx.commit()
            return evidence

    def record_in(
        self,
        tx: Transaction,
        kind: EvidenceKind,
        model: str,
        version: int,
        content: JsonObject,
        *,
        run_id: str,
        reason: str,
        details: Mapping[str, str] | None = None,
    ) -> Evidence:
        """As :meth:`record`, inside a transaction that the caller commits."""
        evidence = evidence_of(kind, model, version, content=content, run_id=run_id, at=self.clock.now())
        known = tx.evidence.latest(kind, model, version)
        if known is not None and known.digest == evidence.digest:
            return known
        tx.evidence.put(evidence)
        tx.ledger.append(
            AuditEvent(
                actor=self.actor,
                role="service",
                action="evidence.recorded",
                subject=f"model:{model}/{version}",
                subject_digest=evidence.digest,
                reason=reason,
                at=evidence.created_at,
                after=evidence.digest,
                details={"kind": kind.value, "run_id": run_id, **(details or {})},
            )
        )
        return evidence
