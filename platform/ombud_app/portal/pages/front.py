"""The front page: how every model is, at one glance."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ombud.domain.alert import Alert, AlertStatus
from ombud.domain.model_version import Alias
from ombud.domain.rollout import Rollout
from ombud.rollout.states import FINAL
from ombud_app.portal.access import needs
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.pages.champions import Bar, Reign, bars, reigns
from ombud_app.portal.pages.lights import Light, lights
from ombud_app.portal.readiness import readiness
from ombud_app.portal.rendering import page

__all__ = ["Overview", "overview", "router"]

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Overview:
    """One model at one glance."""

    name: str
    champion: int | None
    challenger: int | None
    reigns: list[Reign]
    bars: list[Bar]
    window: str
    lights: list[Light]
    alerts: list[Alert]
    live: list[Rollout]


def overview(house: PortalNeeds, model: str) -> Overview:
    """Gather what the front page says about a model."""
    champion = house.registry.alias(model, Alias.CHAMPION)
    with house.uow.begin(write=False) as tx:
        rollouts = tx.rollouts.list(model=model)
        history = reigns((r, tx.rollouts.events(r.rollout_id)) for r in rollouts)
        verdicts = tx.verdicts.list(model, version=champion) if champion is not None else []
        open_alerts = [a for a in tx.alerts.list(model=model) if a.status is not AlertStatus.RESOLVED]
    modalities = house.project.modalities if model == house.project.name else ()
    return Overview(
        name=model,
        champion=champion,
        challenger=house.registry.alias(model, Alias.CHALLENGER),
        reigns=history,
        bars=bars(history, house.clock.now()),
        window=verdicts[-1].window_id if verdicts else "",
        lights=lights(modalities, verdicts),
        alerts=open_alerts,
        live=[r for r in rollouts if r.state not in FINAL],
    )


@router.get("/")
def front(request: Request) -> HTMLResponse:
    """Every model: champion, lights, alerts, live rollouts; and the parts of the platform."""
    house = needs(request)
    models = [overview(house, name) for name in sorted(house.registry.models())]
    return page(
        request, "front.html", models=models, parts_list=readiness(house).parts, project=house.project
    )
