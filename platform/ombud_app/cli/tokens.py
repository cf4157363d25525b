"""``ombud tokens``: who may speak to this installation. Needs access to its database, not a token."""

from __future__ import annotations

import getpass
from datetime import timedelta
from typing import Annotated

import typer

from ombud.domain.identity import Actor, ApiToken, Role
from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, show, table
from ombud_app.portal.tokens import make_token, revoke_token

__all__ = ["NAME", "app"]

NAME = "tokens"
app = typer.Typer(help="Tokens of people and services.")


def _described(token: ApiToken) -> dict[str, object]:
    return {
        "token_id": token.token_id,
        "identity": token.actor.identity,
        "roles": sorted(token.actor.roles),
        "created_at": token.created_at.isoformat(),
        "expires_at": token.expires_at.isoformat(),
        "revoked": token.revoked,
    }


@app.command("create")
def create(
    context: typer.Context,
    identity: str,
    role: Annotated[list[Role], typer.Option(help="A role held; repeat for several.")],
    days: Annotated[float, typer.Option(min=0.001, max=366, help="Days until it expires.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Make a token; it is shown once and kept only as a hash."""
    house = opened(context)
    secret, stored = make_token(
        house.uow,
        house.clock,
        house.ids,
        actor=Actor(identity, frozenset(role)),
        lifetime=timedelta(days=days),
        issued_by=f"local:{getpass.getuser()}",
    )
    text = (
        f"{secret}\nFor {identity} until {stored.expires_at:%Y-%m-%d %H:%M} UTC. It will not be shown again."
    )
    show({"token": secret, **_described(stored)}, as_json=as_json, text=text)


@app.command("list")
def list_tokens(context: typer.Context, as_json: AsJson = False) -> None:
    """List tokens; never the secrets."""
    house = opened(context)
    with house.uow.begin(write=False) as tx:
        found = tx.tokens.list()
    now = house.clock.now()
    rows = [
        (
            t.token_id,
            t.actor.identity,
            ", ".join(sorted(t.actor.roles)),
            "revoked" if t.revoked else "expired" if t.expires_at <= now else "valid",
            f"{t.expires_at:%Y-%m-%d %H:%M}",
        )
        for t in found
    ]
    columns = ["token", "identity", "roles", "state", "expires (UTC)"]
    show([_described(t) for t in found], as_json=as_json, text=table(columns, rows))


@app.command("revoke")
def revoke(
    context: typer.Context,
    token_id: str,
    reason: Annotated[str, typer.Option(help="Why; it goes into the ledger.")] = "no longer needed",
    as_json: AsJson = False,
) -> None:
    """Withdraw a token; it is refused from the next request on."""
    house = opened(context)
    by = f"local:{getpass.getuser()}"
    token = revoke_token(house.uow, house.clock, token_id, revoked_by=by, reason=reason)
    show(_described(token), as_json=as_json, text=f"{token.token_id} of {token.actor.identity} is withdrawn")
