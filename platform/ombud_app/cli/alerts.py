"""``ombud alerts``: list, acknowledge, resolve."""

from __future__ import annotations

from typing import Annotated

import typer

from ombud.domain.alert import AlertStatus
from ombud.errors import BadInput, Forbidden
from ombud_app.cli.opening import opened, signed_in
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.access import ACCESS
from ombud_app.portal.api.alerts import alert_item, move_alert

__all__ = ["NAME", "app"]

NAME = "alerts"
app = typer.Typer(help="Problems that a person should know about.")

Why = Annotated[str, typer.Option("--reason", help="Why, in your words; it goes into the ledger.")]


@app.command("list")
def list_alerts(
    context: typer.Context,
    status: Annotated[AlertStatus | None, typer.Option(help="Only in this state.")] = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first."""
    house = opened(context)
    with house.uow.begin(write=False) as tx:
        found = [alert_item(a) for a in tx.alerts.list() if status is None or a.status is status]
    rows = [(a.alert_id, a.severity, a.status, a.title, f"{a.opened_at:%Y-%m-%d %H:%M}") for a in found]
    show(found, as_json=as_json, text=table(["alert", "severity", "status", "title", "opened (UTC)"], rows))


@app.command("ack")
def acknowledge(context: typer.Context, alert_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Say that you look after it."""
    _move(context, alert_id, AlertStatus.ACKNOWLEDGED, reason, as_json=as_json)


@app.command("resolve")
def resolve(context: typer.Context, alert_id: str, reason: Why, as_json: AsJson = False) -> None:
    """Close it; the next problem of the same kind opens a new one."""
    _move(context, alert_id, AlertStatus.RESOLVED, reason, as_json=as_json)


def _move(context: typer.Context, alert_id: str, status: AlertStatus, reason: str, *, as_json: bool) -> None:
    house = opened(context)
    actor = signed_in(house)
    # The same table that guards the API decides here.
    roles = ACCESS["POST", "/api/v1/alerts/{alert_id}/acknowledge"]
    if not actor.holds(*roles):
        raise Forbidden(
            f"{actor.identity} may not act on alerts",
            remedy=f"One of these roles may: {', '.join(sorted(roles))}.",
        )
    if len(reason.strip()) < 3:
        raise BadInput("a reason is needed", remedy="Say in a few words why.")
    alert = alert_item(move_alert(house, alert_id, status, actor, reason))
    show(alert, as_json=as_json, text=f"{alert.alert_id} is {alert.status}: {alert.title}")
