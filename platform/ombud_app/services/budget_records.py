"""Budget periods on record: an evidence document, read back as it was written, and a ledger entry each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from ombud.domain.events import AuditEvent
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.ports import Transaction
from ombud_app.services.recording import evidence_of

__all__ = ["OPENED", "BudgetPeriod", "PeriodCause", "latest_period", "periods_of", "record_period"]

OPENED = "budget.period_opened"
"""Action of the ledger entry."""


class PeriodCause(StrEnum):
    """What opened a period."""

    CALENDAR = "calendar"
    PROMOTION = "promotion"
    CONTEXT = "context"
    """A person declared that the context changed."""


@dataclass(frozen=True)
class BudgetPeriod:
    """A stretch of time with one false-alarm budget for one version.

    Args:
        period_id: ``model/version/opening time``.
        model: Model name.
        version: Version watched.
        opened_at: When (aware, UTC).
        days: How long it lasts unless another one opens; frozen when it opens.
        cause: What opened it.
        reason: Why, in words.
        opened_by: Identity that opened it.
        role: Roles under which it did.
    """

    period_id: str
    model: str
    version: int
    opened_at: datetime
    days: int
    cause: PeriodCause
    reason: str
    opened_by: str
    role: str

    @property
    def ends_at(self) -> datetime:
        """When it is over by calendar."""
        return self.opened_at + timedelta(days=self.days)


def periods_of(tx: Transaction, model: str, version: int) -> list[BudgetPeriod]:
    """Periods on record, newest first."""
    documents = tx.evidence.list(model, version=version)
    return [_read(d) for d in documents if d.kind is EvidenceKind.BUDGET_PERIOD]


def record_period(tx: Transaction, period: BudgetPeriod, at: datetime) -> BudgetPeriod:
    """Write a period and its ledger entry.

    Args:
        tx: An open write transaction; the caller commits.
        period: The period.
        at: When it is recorded (aware, UTC); one that was due by calendar may have begun before.
    """
    before = tx.evidence.latest(EvidenceKind.BUDGET_PERIOD, period.model, period.version)
    content: dict[str, Any] = {
        "period_id": period.period_id,
        "opened_at": period.opened_at.isoformat(),
        "days": period.days,
        "cause": period.cause.value,
        "reason": period.reason,
        "opened_by": period.opened_by,
        "role": period.role,
    }
    document = evidence_of(
        EvidenceKind.BUDGET_PERIOD,
        period.model,
        period.version,
        content=content,
        run_id=period.period_id,
        at=at,
    )
    tx.evidence.put(document)
    tx.ledger.append(
        AuditEvent(
            actor=period.opened_by,
            role=period.role,
            action=OPENED,
            subject=f"model:{period.model}/{period.version}",
            subject_digest=document.digest,
            reason=period.reason,
            at=at,
            before=before.digest if before else "",
            after=document.digest,
            details={
                "period_id": period.period_id,
                "cause": period.cause.value,
                "ends_at": period.ends_at.isoformat(),
            },
        )
    )
    return period


def latest_period(tx: Transaction, model: str, version: int) -> BudgetPeriod | None:
    """The period that opened last; None where none is on record."""
    document = tx.evidence.latest(EvidenceKind.BUDGET_PERIOD, model, version)
    return None if document is None else _read(document)


def _read(document: Evidence) -> BudgetPeriod:
    content = document.content
    return BudgetPeriod(
        period_id=content["period_id"],
        model=document.model,
        version=document.version,
        opened_at=datetime.fromisoformat(content["opened_at"]),
        days=content["days"],
        cause=PeriodCause(content["cause"]),
        reason=content["reason"],
        opened_by=content["opened_by"],
        role=content["role"],
    )
