"""``ombud ledger``: read the audit events, and recompute their chain."""

from __future__ import annotations

from typing import Annotated

import typer

from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.api.ledger import Verification, check_ledger, entry_item, some_entries

__all__ = ["NAME", "app"]

NAME = "ledger"
_COLUMNS = (("at", 16), ("actor", None), ("action", None), ("subject", None), ("reason", None))
app = typer.Typer(help="What happened, who did it, and whether the chain holds.")


@app.command("verify")
def verify(context: typer.Context, as_json: AsJson = False) -> None:
    """Recompute every hash; exit code 1 when the chain is broken."""
    report = check_ledger(opened(context))
    found = Verification(
        ok=report.ok,
        count=report.count,
        head=report.head,
        root=report.root,
        anchored=report.anchored,
        problems=list(report.problems),
    )
    lines = [
        f"{'The chain holds' if found.ok else 'The chain is BROKEN'}: {found.count} entries",
        f"head {found.head}",
        f"root {found.root}",
        *found.problems,
    ]
    if not found.anchored:
        lines.append("Unanchored: only a checkpoint held elsewhere can show that a ledger was cut.")
    show(found, as_json=as_json, text="\n".join(lines))
    if not found.ok:
        raise typer.Exit(1)


@app.command("list")
def list_entries(
    context: typer.Context,
    after: Annotated[int, typer.Option(min=0, help="Only entries after this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most this many.")] = 100,
    subject: Annotated[str | None, typer.Option(help="Only about this subject, e.g. model:digits/2.")] = None,
    action: Annotated[str | None, typer.Option(help="Only of this action, e.g. approval.given.")] = None,
    as_json: AsJson = False,
) -> None:
    """List entries from the first to the last."""
    house = opened(context)
    entries, _ = some_entries(house, after=after, limit=limit, subject=subject, action=action)
    found = [entry_item(e) for e in entries]
    rows = [(e.seq, *(str(e.event[name])[:width] for name, width in _COLUMNS)) for e in found]
    show(found, as_json=as_json, text=table(["entry", "when", "who", "what", "to what", "why"], rows))
