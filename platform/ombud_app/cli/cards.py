"""``ombud cards``: build a model card from the evidence, or show the current one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show
from ombud_app.portal.api.cards import current_card
from ombud_cards import completeness, render_html

__all__ = ["NAME", "app"]

NAME = "cards"
app = typer.Typer(help="Model cards.")


@app.command("build")
def build(context: typer.Context, model: str, version: int, as_json: AsJson = False) -> None:
    """Build the card of a version anew; an unchanged core keeps its digest and its approvals."""
    card = opened(context).cards.build(model, version)
    filled = completeness(card.core).fraction
    data = {
        "model": model,
        "version": version,
        "core_digest": card.core_digest,
        "annex_digest": card.annex_digest,
        "completeness": filled,
    }
    text = f"{model} version {version}: core {card.core_digest}, {filled:.0%} of the fields filled"
    show(data, as_json=as_json, text=text)


@app.command("show")
def show_card(
    context: typer.Context,
    model: str,
    version: int,
    html: Annotated[Path | None, typer.Option(help="Write the card as one HTML file to this path.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the current card, or write it as a page."""
    card = current_card(opened(context), model, version)
    if html is not None:
        html.write_text(render_html(card), encoding="utf-8")
    counted = completeness(card.core)
    data = {
        "core_digest": card.core_digest,
        "annex_digest": card.annex_digest,
        "built_at": card.built_at.isoformat(),
        "completeness": counted.fraction,
        "core": dict(card.core),
        "annex": dict(card.annex),
    }
    lines = [
        f"{model} version {version}, built {card.built_at.isoformat()}",
        f"core  {card.core_digest}",
        f"annex {card.annex_digest}",
        f"{counted.fraction:.0%} of the fields filled",
        "`--json` prints the whole card, `--html FILE` writes it as a page.",
    ]
    show(data, as_json=as_json, text="\n".join(lines))
