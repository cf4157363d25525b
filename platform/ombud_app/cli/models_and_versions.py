"""``ombud models``: what the registry holds, and what is known about a version."""

from __future__ import annotations

import typer

from ombud.domain.model_version import Alias
from ombud.errors import BadInput, Refused
from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, say, show, table
from ombud_app.portal.api.models_and_versions import known_model, version_item
from ombud_app.portal.rendering import number

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


@app.command("evaluate")
def evaluate(context: typer.Context, model: str, version: int, as_json: AsJson = False) -> None:
    """Audit the data, evaluate a version and audit it for disparities, build its card, ask the gate.

    For versions that were trained elsewhere; a training run of Dagster does the same for its own. Exit
    code 12 when the gate keeps the version back.
    """
    house = opened(context)
    if model != house.project.name:
        raise BadInput(
            f"the project file is about {house.project.name!r}, not {model!r}",
            remedy="Name that model, or point OMBUD_PROJECT at the other project file.",
        )
    found = house.assessment.assess(model, version, run_id=house.ids.new("run"), say=say)
    metrics, checks = found.evaluation.content["metrics"], found.gate.content["checks"]
    measured = [
        (name, number(m["value"]), number(m["low"]), number(m["high"])) for name, m in metrics.items()
    ]
    judged = [
        (
            "passed" if c["passed"] else "FAILED" if c["blocking"] else "warns",
            c["title"],
            number(c["value"]),
            number(c["threshold"]),
            c["reason"],
        )
        for c in checks
    ]
    closing = (
        f"The gate lets {model} version {version} pass. Start its rollout with "
        f"`ombud rollout start {model} {version}`; people sign its card, core {found.card.core_digest}."
        if found.passed
        else f"The gate keeps {model} version {version} back."
    )
    data = {
        "model": model,
        "version": version,
        "passed": found.passed,
        "card": found.card.core_digest,
        "evaluation": {"digest": found.evaluation.digest, **found.evaluation.content},
        "bias_audit": {"digest": found.bias_audit.digest, **found.bias_audit.content},
        "gate": {"digest": found.gate.digest, **found.gate.content},
    }
    show(
        data,
        as_json=as_json,
        text=[
            table(["measured", "value", "low", "high"], measured),
            table(["gate", "what", "value", "threshold", "why"], judged),
            closing,
        ],
    )
    if not found.passed:
        raise typer.Exit(Refused.exit_code)
