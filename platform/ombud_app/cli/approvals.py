"""``ombud approvals``: read signatures, and sign under your own token."""

from __future__ import annotations

from typing import Annotated

import typer

from ombud.domain.approval import ApprovalKind, Decision
from ombud.domain.identity import Role
from ombud.errors import BadInput
from ombud_app.cli.opening import opened, signed_in
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.api.approvals import Signature, approval_item, sign
from ombud_app.portal.api.cards import current_card

__all__ = ["NAME", "app"]

NAME = "approvals"
app = typer.Typer(help="Signatures under a card and a model.")


@app.command("list")
def list_approvals(
    context: typer.Context,
    model: str,
    version: Annotated[int | None, typer.Option(help="Only for this version.")] = None,
    as_json: AsJson = False,
) -> None:
    """List signatures, the newest first; one under an older card or model is void."""
    house = opened(context)
    with house.uow.begin(write=False) as tx:
        given = tx.approvals.list(model, version=version)
        cards = {card.version: card.core_digest for card in tx.cards.list(model)}
    digests = {v.version: v.model_digest for v in house.registry.versions(model)}
    found = [
        approval_item(
            a, current=(a.card_digest, a.model_digest) == (cards.get(a.version), digests.get(a.version))
        )
        for a in reversed(given)
    ]
    rows = [
        (a.version, a.kind, a.decision, a.actor, a.role, a.reason, "yes" if a.current else "void")
        for a in found
    ]
    show(
        found,
        as_json=as_json,
        text=table(["version", "for", "decision", "who", "role", "reason", "counts"], rows),
    )


@app.command("give")
def give(
    context: typer.Context,
    model: str,
    version: int,
    reason: Annotated[str, typer.Option(help="Why, in your words; it goes into the ledger.")],
    decision: Annotated[Decision, typer.Option(help="What you decide.")] = Decision.APPROVED,
    kind: Annotated[ApprovalKind, typer.Option(help="What you sign for.")] = ApprovalKind.RELEASE,
    role: Annotated[Role | None, typer.Option(help="Role in which you sign, if you hold several.")] = None,
    card: Annotated[
        str | None, typer.Option(help="Core digest that you have read; refused when it changed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign for a version as the identity behind OMBUD_TOKEN."""
    house = opened(context)
    actor = signed_in(house)
    if len(reason.strip()) < 3:
        raise BadInput("a signature needs a reason", remedy="Say in a sentence why you decide so.")
    signature = Signature(
        kind=kind,
        model=model,
        version=version,
        decision=decision,
        role=role,
        reason=reason,
        card_digest=card or current_card(house, model, version).core_digest,
        model_digest=house.registry.version(model, version).model_digest,
    )
    item = approval_item(sign(house, actor, signature), current=True)
    show(item, as_json=as_json, text=f"{item.actor} {item.decision} {model} version {version} ({item.kind})")
