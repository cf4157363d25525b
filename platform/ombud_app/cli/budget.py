"""``ombud budget``: how the false-alarm budget is split, what was spent, and opening a new period."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from ombud.errors import BadInput, Forbidden
from ombud.project import load_project
from ombud_app.cli.opening import opened, settings_of, signed_in
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.access import ACCESS
from ombud_app.portal.api.budgets import (
    BudgetTable,
    PeriodOpening,
    budget_table,
    declare_period,
    period_item,
    version_periods,
)

__all__ = ["NAME", "app"]

NAME = "budget"
app = typer.Typer(help="The false-alarm budget.")

About = Annotated[
    int | None, typer.Option("--version", min=1, help="About this version, not the last one in production.")
]


@app.callback(invoke_without_command=True)
def budget(
    context: typer.Context,
    version: About = None,
    verdicts: Annotated[int, typer.Option(min=0, help="Show at most this many verdicts.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Show how the false-alarm budget is split, what this period has spent and what is left."""
    if context.invoked_subcommand is not None:
        return
    # A wrong project file is told before anything is opened.
    load_project(settings_of(context).project_file)
    split = budget_table(opened(context), version=version, verdicts=verdicts)
    rows = [
        (
            x.purpose.value,
            x.monitor,
            f"{x.share:.3f}",
            f"{x.level:.3g}",
            f"{x.total:.3g}",
            x.judged,
            f"{x.spent:.3g}",
            f"{x.lapsed:.3g}",
            f"{x.remaining:.3g}",
        )
        for x in split.lines
    ]
    columns = ["purpose", "monitor", "share", "next level", "total", "judged", "spent", "lapsed", "remaining"]
    parts: list[str | Table] = [*_sentences(split), table(columns, rows)]
    if split.verdicts:
        costs = [
            (f"{v.at:%Y-%m-%d %H:%M}", v.window_id, v.monitor, v.outcome, f"{v.cost:.3g}")
            for v in split.verdicts
        ]
        parts.append(table(["at (UTC)", "window", "monitor", "said", "cost"], costs))
    show(split, as_json=as_json, text=parts)


@app.command("periods")
def periods(context: typer.Context, version: About = None, as_json: AsJson = False) -> None:
    """List the budget periods of a version, the newest first."""
    found = [period_item(p) for p in version_periods(opened(context), version)]
    rows = [
        (p.version, f"{p.opened_at:%Y-%m-%d %H:%M}", f"{p.ends_at:%Y-%m-%d}", p.cause, p.opened_by, p.reason)
        for p in found
    ]
    columns = ["version", "opened (UTC)", "ends", "cause", "who", "why"]
    show(found, as_json=as_json, text=table(columns, rows))


@app.command("open-period")
def open_period(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="What changed, in your words; it goes into the ledger.")],
    version: About = None,
    as_json: AsJson = False,
) -> None:
    """Declare that the context changed, as the identity behind OMBUD_TOKEN: the budget starts anew."""
    house = opened(context)
    actor = signed_in(house)
    # The same table that guards the API decides here.
    roles = ACCESS["POST", "/api/v1/budget/periods"]
    if not actor.holds(*roles):
        raise Forbidden(
            f"{actor.identity} may not open a budget period",
            remedy=f"One of these roles may: {', '.join(sorted(roles))}.",
        )
    if not 3 <= len(reason.strip()) <= 2000:
        raise BadInput(
            f"a reason of 3 to 2000 characters is needed, got {len(reason.strip())}",
            remedy="Say in a sentence what changed.",
        )
    period = declare_period(house, actor, PeriodOpening(reason=reason, version=version))
    text = f"version {period.version} has a new budget period until {period.ends_at:%Y-%m-%d}"
    show(period, as_json=as_json, text=text)


def _sentences(split: BudgetTable) -> list[str]:
    looks = "expected looks, and any more" if split.open_ended else "planned looks"
    promise = (
        f"{split.model}: at most {_percent(split.probability)} chance of any false alarm about one version "
        f"in {split.period_days} days, over {split.looks} {looks}; {_percent(1 - split.noticing_share)} of "
        "it for claims of harm, which page, and the rest for claims of change, which do not."
    )
    if split.period is None:
        return [promise, "No version was promoted or looked at yet, so nothing was spent."]
    taken = "1 look" if split.looks_taken == 1 else f"{split.looks_taken} looks"
    return [
        promise,
        f"Version {split.version}, period of {split.period.opened_at:%Y-%m-%d %H:%M} UTC to "
        f"{split.period.ends_at:%Y-%m-%d} ({split.period.cause.value}: {split.period.reason}): "
        f"{taken} taken, {split.spent:.2%} spent.",
    ]


def _percent(share: float) -> str:
    """Three digits, because a budget of half a percent is not one of none."""
    return f"{100 * share:.3g}%"
