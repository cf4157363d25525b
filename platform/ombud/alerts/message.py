"""How an alert looks: one JSON shape for machines, one text for people."""

from __future__ import annotations

from typing import Any

from ombud.domain.alert import Alert

__all__ = ["as_json", "as_text"]


def as_json(alert: Alert, *, event: str) -> dict[str, Any]:
    """The alert and what happened to it, as JSON; ``type`` is ``alert.<event>``."""
    return {
        "type": f"alert.{event}",
        "alert_id": alert.alert_id,
        "fingerprint": alert.fingerprint,
        "model": alert.model,
        "version": alert.version,
        "kind": alert.kind,
        "modality": alert.modality,
        "grade": alert.grade.value if alert.grade else None,
        "severity": alert.severity.value,
        "status": alert.status.value,
        "title": alert.title,
        "cause": alert.cause,
        "evidence": list(alert.evidence),
        "links": dict(alert.links),
        "details": dict(alert.details),
        "opened_at": alert.opened_at.isoformat(),
        "updated_at": alert.updated_at.isoformat(),
    }


def as_text(alert: Alert, *, event: str) -> str:
    """Cause, links and fingerprint as plain text; the title is not repeated."""
    lines = [alert.cause]
    lines += [f"{title}: {address}" for title, address in alert.links.items()]
    lines.append(f"Alert {alert.alert_id} ({event}, {alert.severity.value}), {alert.fingerprint}")
    return "\n".join(line for line in lines if line)
