"""``ombud monitors``: what can be watched, and what was said."""

from __future__ import annotations

from typing import Annotated

import typer

from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.api.verdicts import verdict_item
from ombud_app.portal.rendering import number
from ombud_monitors.catalogue import CATALOGUE

__all__ = ["NAME", "app"]

NAME = "monitors"
app = typer.Typer(help="Monitors and their verdicts.")


@app.command("catalogue")
def catalogue(as_json: AsJson = False) -> None:
    """List every monitor and detector there is."""
    found = [
        {
            "code": e.code,
            "kind": e.kind.value,
            "modality": e.modality,
            "severity": e.severity.value,
            "title": e.title,
            "docs": e.docs,
        }
        for e in CATALOGUE.values()
    ]
    rows = [(e["code"], e["kind"], e["modality"], e["severity"], e["title"]) for e in found]
    show(found, as_json=as_json, text=table(["code", "kind", "modality", "severity", "title"], rows))


@app.command("verdicts")
def verdicts(
    context: typer.Context,
    version: Annotated[int | None, typer.Option(help="Only about this version.")] = None,
    window: Annotated[str | None, typer.Option(help="Only about this window id.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List verdicts of the project's model, the newest first."""
    house = opened(context)
    with house.uow.begin(write=False) as tx:
        stored = tx.verdicts.list(house.project.name, version=version, window_id=window)
    found = [verdict_item(v) for v in reversed(stored)][:limit]
    rows = [
        (v.window_id, v.monitor, v.detector, v.outcome, number(v.p_value), number(v.threshold), v.reason)
        for v in found
    ]
    show(
        found,
        as_json=as_json,
        text=table(["window", "monitor", "detector", "said", "p", "level", "why"], rows),
    )
