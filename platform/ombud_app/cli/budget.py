"""``ombud budget``: what each monitor may spend of the false-alarm budget."""

from __future__ import annotations

import typer

from ombud.project import load_project
from ombud_app.cli.opening import settings_of
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.api.budgets import budget_table

__all__ = ["NAME", "command"]

NAME = "budget"


def command(context: typer.Context, as_json: AsJson = False) -> None:
    """Show how the false-alarm budget is split over monitors and looks."""
    split = budget_table(load_project(settings_of(context).project_file))
    rows = [(x.purpose, x.monitor, f"{x.share:.3f}", f"{x.level:.3g}", f"{x.total:.3g}") for x in split.lines]
    sentence = (
        f"{split.model}: at most {split.probability:.0%} chance of any false page about one version in "
        f"{split.period_days} days, over {split.looks} planned looks; "
        "noticing (which never pages) has a budget of the same size."
    )
    drawn = table(["purpose", "monitor", "share", "level of a look", "over all looks"], rows)
    show(split, as_json=as_json, text=[sentence, drawn])
