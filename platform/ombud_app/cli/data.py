"""``ombud data``: audit the training data before anything learns from it."""

from __future__ import annotations

import typer

from ombud.domain.modality import Modality
from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show, table
from ombud_monitors.data_quality import audit as audit_splits

__all__ = ["NAME", "app"]

NAME = "data"
app = typer.Typer(help="Training data.")


@app.command("audit")
def audit(context: typer.Context, as_json: AsJson = False) -> None:
    """Audit all splits; changes nothing. Exit code 1 when a finding would block training."""
    house = opened(context)
    splits = {role: house.data.load(role) for role in house.data.roles()}
    report = audit_splits(
        splits,
        modalities=[Modality(m) for m in house.project.modalities],
        labels=house.project.task.labels,
        clusters=house.project.clusters,
    )
    rows = [(f.code, f.severity, f.count, f.title, f.remedy) for f in report.findings]
    text = table(["code", "severity", "rows", "finding", "remedy"], rows) if rows else "Nothing found."
    show(report.to_json(), as_json=as_json, text=text)
    if report.blocking:
        raise typer.Exit(1)
