"""``ombud models``: what the registry holds."""

from __future__ import annotations

import typer

from ombud.domain.model_version import Alias
from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.api.models_and_versions import known_model, version_item

__all__ = ["NAME", "app"]

NAME = "models"
app = typer.Typer(help="Registered models and their versions.")


@app.command("list")
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """List models with champion and challenger."""
    house = opened(context)
    models = [known_model(house, name) for name in sorted(house.registry.models())]
    rows = [(m.name, len(m.versions), m.champion, m.challenger) for m in models]
    show(models, as_json=as_json, text=table(["model", "versions", "champion", "challenger"], rows))


@app.command("versions")
def list_versions(context: typer.Context, model: str, as_json: AsJson = False) -> None:
    """List the versions of a model, the newest first."""
    house = opened(context)
    known_model(house, model)
    aliases = {alias: house.registry.alias(model, alias) for alias in Alias}
    with house.uow.begin(write=False) as tx:
        cards = {card.version: card.core_digest for card in tx.cards.list(model)}
    found = [
        version_item(v, aliases, cards.get(v.version))
        for v in sorted(house.registry.versions(model), key=lambda v: -v.version)
    ]
    rows = [(v.version, ", ".join(v.aliases), v.model_digest, v.card_digest) for v in found]
    show(found, as_json=as_json, text=table(["version", "aliases", "model digest", "card digest"], rows))
