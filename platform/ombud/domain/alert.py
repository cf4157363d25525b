"""Alerts: one per real problem, however many windows show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ombud.domain.modality import Modality
from ombud.domain.verdict import Grade

__all__ = ["Alert", "AlertStatus", "Severity"]


class AlertStatus(StrEnum):
    """Life of an alert; ``resolved`` frees its fingerprint for the next problem."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How loudly an alert speaks."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True)
class Alert:
    """A problem that a person should know about.

    Args:
        alert_id: Its id.
        fingerprint: ``model/version/kind/modality``; at most one unresolved alert per fingerprint.
        model: Model name.
        version: Version concerned.
        kind: ``drift``, ``rollback``, ``tamper``, ``hold``, ``worker``.
        modality: Modality at the root of it; None where it has none.
        grade: Grade of the verdict that raised it; None for other kinds.
        severity: How loudly it speaks.
        title: One line.
        cause: What moved, from what to what, in sentences.
        evidence: Ids of the verdicts (or rollout events) behind it, in order of arrival.
        links: Title → address.
        status: Where it stands.
        opened_at: When it was raised (aware, UTC).
        updated_at: When evidence or status last changed.
    """

    alert_id: str
    fingerprint: str
    model: str
    version: int
    kind: str
    modality: Modality | None
    grade: Grade | None
    severity: Severity
    title: str
    cause: str
    evidence: tuple[str, ...]
    links: Mapping[str, str]
    status: AlertStatus
    opened_at: datetime
    updated_at: datetime
    details: Mapping[str, str] = field(default_factory=dict)
