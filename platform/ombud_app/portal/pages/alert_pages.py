"""Alerts for the person on call."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ombud.domain.alert import AlertStatus
from ombud.domain.verdict import StoredVerdict
from ombud.errors import BadInput, NotFound
from ombud_app.portal.access import ACCESS, acting, form, needs
from ombud_app.portal.api.alerts import move_alert
from ombud_app.portal.rendering import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_ACKNOWLEDGE = "/alerts/{alert_id}/acknowledge"


@router.get("/alerts")
def alerts_page(request: Request) -> HTMLResponse:
    """Every alert, the newest first."""
    with needs(request).uow.begin(write=False) as tx:
        alerts = tx.alerts.list()
    return page(request, "alerts.html", alerts=alerts)


@router.get("/alerts/{alert_id}")
def alert_page(request: Request, alert_id: str) -> HTMLResponse:
    """One alert: cause, evidence, links, and what to do."""
    verdicts: list[StoredVerdict] = []
    with needs(request).uow.begin(write=False) as tx:
        alert = tx.alerts.get(alert_id)
        for evidence_id in alert.evidence:
            # Evidence of other kinds (rollout events) is listed by its id.
            try:
                verdicts.append(tx.verdicts.get(evidence_id))
            except NotFound:
                continue
    told = {v.verdict_id for v in verdicts}
    return page(
        request,
        "alert.html",
        alert=alert,
        verdicts=verdicts,
        others=[e for e in alert.evidence if e not in told],
        may_act=acting(request).holds(*ACCESS["POST", _ACKNOWLEDGE]),
    )


@router.post(_ACKNOWLEDGE)
async def acknowledge(request: Request, alert_id: str) -> Response:
    """Say that somebody looks after it."""
    return await _move(request, alert_id, AlertStatus.ACKNOWLEDGED)


@router.post("/alerts/{alert_id}/resolve")
async def resolve(request: Request, alert_id: str) -> Response:
    """Close it."""
    return await _move(request, alert_id, AlertStatus.RESOLVED)


async def _move(request: Request, alert_id: str, status: AlertStatus) -> Response:
    reason = (await form(request)).get("reason", "")
    if len(reason) < 3:
        raise BadInput("a reason is needed", remedy="Go back and say in a few words why.")
    move_alert(needs(request), alert_id, status, acting(request), reason)
    return RedirectResponse(f"/alerts/{alert_id}", status_code=303)
