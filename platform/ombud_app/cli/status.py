"""``ombud status``: how everything is, in a few lines."""

from __future__ import annotations

import typer

from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.pages.front import overview
from ombud_app.portal.readiness import readiness

__all__ = ["NAME", "command"]

NAME = "status"


def command(context: typer.Context, as_json: AsJson = False) -> None:
    """Show champions, lights, alerts, rollouts and parts; exit code 1 when a needed part is down."""
    house = opened(context)
    models = [overview(house, name) for name in sorted(house.registry.models())]
    found = readiness(house)
    data = {
        "models": [
            {
                "name": m.name,
                "champion": m.champion,
                "challenger": m.challenger,
                "champions": [{"version": r.version, "since": r.since.isoformat()} for r in m.reigns],
                "window": m.window,
                "lights": {light.modality: light.state.value for light in m.lights},
                "open_alerts": [{"alert_id": a.alert_id, "title": a.title} for a in m.alerts],
                "live_rollouts": [{"rollout_id": r.rollout_id, "state": r.state.value} for r in m.live],
            }
            for m in models
        ],
        **found.model_dump(),
    }
    rows = [
        (
            m.name,
            m.champion,
            m.challenger,
            ", ".join(f"{light.modality} {light.state.words}" for light in m.lights),
            len(m.alerts),
            ", ".join(f"v{r.challenger} {r.state.value}" for r in m.live) or None,
        )
        for m in models
    ]
    columns = ["model", "champion", "challenger", "modalities", "open alerts", "live rollouts"]
    parts = [(p.name, "up" if p.ok else "down", p.detail, p.remedy) for p in found.parts]
    show(data, as_json=as_json, text=[table(columns, rows), table(["part", "is", "detail", "remedy"], parts)])
    if not found.ready:
        raise typer.Exit(1)
