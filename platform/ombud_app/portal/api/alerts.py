"""Alerts: list, read, acknowledge, resolve."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ombud.alerts import AlertDesk
from ombud.domain.alert import Alert, AlertStatus
from ombud.domain.identity import Actor
from ombud_app.portal.access import acting, needs
from ombud_app.portal.idempotency import IdempotentRoute
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.paging import Cursor, Limit, Page, paged

__all__ = ["AlertItem", "Reason", "alert_item", "move_alert", "router"]

router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], route_class=IdempotentRoute)


class Reason(BaseModel):
    """Why, in the actor's words; it goes into the ledger."""

    reason: str = Field(min_length=3, max_length=2000, examples=["Looking into the microphones of site B."])


class AlertItem(BaseModel):
    """A problem that a person should know about."""

    alert_id: str
    fingerprint: str = Field(description="At most one unresolved alert per fingerprint")
    model: str
    version: int
    kind: str = Field(examples=["drift"])
    modality: str | None = Field(examples=["audio"])
    grade: str | None
    severity: str
    title: str
    cause: str
    evidence: list[str] = Field(description="Ids of the verdicts or rollout events behind it")
    links: dict[str, str]
    status: AlertStatus
    opened_at: datetime
    updated_at: datetime
    details: dict[str, str]


def alert_item(alert: Alert) -> AlertItem:
    """An alert as the API shows it."""
    return AlertItem(
        alert_id=alert.alert_id,
        fingerprint=alert.fingerprint,
        model=alert.model,
        version=alert.version,
        kind=alert.kind,
        modality=alert.modality,
        grade=alert.grade.value if alert.grade else None,
        severity=alert.severity.value,
        title=alert.title,
        cause=alert.cause,
        evidence=list(alert.evidence),
        links=dict(alert.links),
        status=alert.status,
        opened_at=alert.opened_at,
        updated_at=alert.updated_at,
        details=dict(alert.details),
    )


def move_alert(house: PortalNeeds, alert_id: str, status: AlertStatus, actor: Actor, reason: str) -> Alert:
    """Acknowledge or resolve an alert, with its ledger entry. Where it stands already, nothing changes.

    Raises:
        NotFound: There is no such alert.
    """
    desk = AlertDesk(house.clock, house.ids)
    move = desk.resolve if status is AlertStatus.RESOLVED else desk.acknowledge
    with house.uow.begin() as tx:
        moved = move(tx, alert_id, actor=actor, reason=reason)
        tx.commit()
    return moved


@router.get("")
def list_alerts(
    request: Request,
    model: str | None = None,
    status: AlertStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AlertItem]:
    """Alerts, the newest first."""
    with needs(request).uow.begin(write=False) as tx:
        found = [a for a in tx.alerts.list(model=model) if status is None or a.status is status]
    return paged(found, key=lambda a: a.alert_id, cursor=cursor, limit=limit, show=alert_item)


@router.get("/{alert_id}")
def get_alert(request: Request, alert_id: str) -> AlertItem:
    """One alert with its cause and its evidence."""
    with needs(request).uow.begin(write=False) as tx:
        return alert_item(tx.alerts.get(alert_id))


@router.post("/{alert_id}/acknowledge")
def acknowledge(request: Request, alert_id: str, body: Reason) -> AlertItem:
    """Say that somebody looks after it."""
    house = needs(request)
    return alert_item(move_alert(house, alert_id, AlertStatus.ACKNOWLEDGED, acting(request), body.reason))


@router.post("/{alert_id}/resolve")
def resolve(request: Request, alert_id: str, body: Reason) -> AlertItem:
    """Close it; the next problem of the same kind opens a new one."""
    return alert_item(
        move_alert(needs(request), alert_id, AlertStatus.RESOLVED, acting(request), body.reason)
    )
