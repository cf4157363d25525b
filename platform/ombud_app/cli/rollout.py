"""``ombud rollout``: start and follow a rollout on a running server; the exit code is the verdict."""

from __future__ import annotations

import time
import uuid
from typing import Annotated, Any

import typer

from ombud.domain.approval import ApprovalKind, Decision
from ombud.domain.rollout import RolloutState
from ombud_app.cli.opening import settings_of, token_of
from ombud_app.cli.output import AsJson, say, show, table
from ombud_app.cli.remote import Remote
from ombud_app.portal.rendering import number

__all__ = ["NAME", "app", "exit_code"]

NAME = "rollout"
app = typer.Typer(
    help="Rollouts, on a running server. Exit codes: 0 promoted or still under way, 10 rolled back, "
    "11 on hold or timed out, 12 refused."
)

Url = Annotated[str | None, typer.Option(envvar="OMBUD_URL", help="Server; default: the local one.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in your words; it goes into the ledger.")]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it until it is over.")]
Timeout = Annotated[float, typer.Option(min=1, help="Seconds to wait; then exit code 11.")]

_OVER = {
    RolloutState.PROMOTED: 0,
    RolloutState.ROLLED_BACK: 10,
    RolloutState.REFUSED: 12,
    RolloutState.SUPERSEDED: 1,
}
_POLL_SECONDS = 1.0


def exit_code(state: str, *, waited: bool = False) -> int:
    """The exit code that a state stands for.

    Args:
        state: State of the rollout.
        waited: Whether its end was waited for, so that "not over" means a time-out.

    Example:
        >>> exit_code("rolled_back"), exit_code("shadow"), exit_code("shadow", waited=True), exit_code("hold")
        (10, 0, 11, 11)
    """
    known = RolloutState(state)
    if known in _OVER:
        return _OVER[known]
    if known is RolloutState.ROLLING_BACK:
        return 10
    return 11 if waited or known is RolloutState.HOLD else 0


def _remote(context: typer.Context, url: str | None) -> Remote:
    return Remote(url or settings_of(context).portal_url, token_of())


def _follow(remote: Remote, rollout_id: str, seconds: float) -> dict[str, Any]:
    deadline, said = time.monotonic() + seconds, ""
    while True:
        status = remote.get(f"/api/v1/rollouts/{rollout_id}")
        line = f"{status['state']}, step {status['step'] + 1}: {status['reason']}"
        if line != said:
            say(line)
            said = line
        if RolloutState(status["state"]) in _OVER or time.monotonic() >= deadline:
            return status
        time.sleep(_POLL_SECONDS)


def _tell(status: dict[str, Any], *, as_json: bool, waited: bool) -> None:
    lines: list[Any] = [
        f"{status['rollout_id']}: {status['model']} version {status['challenger']} is {status['state']}",
        status["reason"],
    ]
    guardrails = status.get("numbers", {}).get("guardrails", [])
    if guardrails:
        rows = [(g["stage"], g["segment"], number(g["e_value"]), number(g["threshold"])) for g in guardrails]
        lines.append(table(["stage", "segment", "e-value of harm", "bound"], rows))
    show(status, as_json=as_json, text=lines)
    code = exit_code(status["state"], waited=waited)
    if code:
        raise typer.Exit(code)


@app.command("start")
def start(
    context: typer.Context,
    model: str,
    version: int,
    url: Url = None,
    wait: Wait = False,
    timeout: Timeout = 3600,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key: the same key starts nothing twice.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start a rollout under the project file's plan."""
    remote = _remote(context, url)
    started = remote.post(
        "/api/v1/rollouts", {"model": model, "version": version}, key=key or f"cli-{uuid.uuid4()}"
    )
    rollout_id = str(started["rollout_id"])
    _tell(_follow(remote, rollout_id, timeout) if wait else started, as_json=as_json, waited=wait)


@app.command("status")
def status(
    context: typer.Context,
    rollout_id: str,
    url: Url = None,
    wait: Wait = False,
    timeout: Timeout = 3600,
    as_json: AsJson = False,
) -> None:
    """Say where a rollout stands, with the judge's numbers."""
    remote = _remote(context, url)
    found = _follow(remote, rollout_id, timeout) if wait else remote.get(f"/api/v1/rollouts/{rollout_id}")
    _tell(found, as_json=as_json, waited=wait)


@app.command("approve")
def approve(
    context: typer.Context,
    rollout_id: str,
    reason: Why,
    decision: Annotated[Decision, typer.Option(help="What you decide.")] = Decision.APPROVED,
    kind: Annotated[ApprovalKind, typer.Option(help="What you sign for.")] = ApprovalKind.PROMOTION,
    role: Annotated[str | None, typer.Option(help="Role in which you sign, if you hold several.")] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Sign for the version of a rollout, under its current card and model."""
    remote = _remote(context, url)
    rollout = remote.get(f"/api/v1/rollouts/{rollout_id}")
    version = remote.get(f"/api/v1/models/{rollout['model']}/versions/{rollout['challenger']}")
    body = {
        "kind": kind.value,
        "model": rollout["model"],
        "version": rollout["challenger"],
        "decision": decision.value,
        "role": role,
        "reason": reason,
        "card_digest": version["card_digest"] or "",
        "model_digest": version["model_digest"],
    }
    signed = remote.post("/api/v1/approvals", body)
    show(signed, as_json=as_json, text=f"{signed['actor']}: {signed['decision']} ({signed['kind']})")


@app.command("rollback")
def rollback(
    context: typer.Context, rollout_id: str, reason: Why, url: Url = None, as_json: AsJson = False
) -> None:
    """Give the traffic back to the last promoted version."""
    _act(context, rollout_id, "rollback", reason, url, as_json=as_json)


@app.command("abort")
def abort(
    context: typer.Context, rollout_id: str, reason: Why, url: Url = None, as_json: AsJson = False
) -> None:
    """Withdraw a rollout: refused before it is live, rolled back after."""
    _act(context, rollout_id, "abort", reason, url, as_json=as_json)


def _act(
    context: typer.Context, rollout_id: str, verb: str, reason: str, url: str | None, *, as_json: bool
) -> None:
    moved = _remote(context, url).post(f"/api/v1/rollouts/{rollout_id}/{verb}", {"reason": reason})
    # What was asked for has happened, so this is success whatever the state is called.
    show(moved, as_json=as_json, text=f"{moved['rollout_id']} is {moved['state']}: {moved['reason']}")
