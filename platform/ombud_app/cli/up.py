"""``ombud up``: portal, API, gateway, worker, Dagster and the MLflow UI, together, until Ctrl-C."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from ombud.domain.identity import Actor, Role
from ombud.errors import OmbudError
from ombud_app.cli.children import dagster, mlflow, server
from ombud_app.cli.opening import opened
from ombud_app.cli.output import AsJson, say, show
from ombud_app.cli.supervisor import Supervisor
from ombud_app.portal.tokens import make_token
from ombud_app.wiring import Platform

__all__ = ["NAME", "command", "write_sign_in"]

NAME = "up"


def write_sign_in(platform: Platform) -> Path:
    """Put a fresh sign-in token of an administrator where only this user can read it."""
    token, _ = make_token(
        platform.uow,
        platform.clock,
        platform.ids,
        actor=Actor("local-admin", frozenset({Role.ADMIN})),
        lifetime=timedelta(hours=24),
        issued_by="ombud up",
    )
    path = platform.settings.home.absolute() / "sign-in-token"
    # Unlinked first, so that the mode holds from the first byte on even where an old file was wider.
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(token + "\n")
    return path


def command(
    context: typer.Context,
    no_mlflow: Annotated[bool, typer.Option("--no-mlflow", help="Leave the MLflow UI out.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start everything, print the addresses, and stop it cleanly on Ctrl-C."""
    platform = opened(context)
    settings = platform.settings
    children = [server(settings), dagster(settings), *([] if no_mlflow else [mlflow(settings)])]
    # Made here and now, so that server and MLflow do not both find an empty store and make its tables.
    platform.registry.models()
    stopping = _Stopping()
    with Supervisor(settings.home.absolute(), children, say=say) as running:
        token_file = write_sign_in(platform)
        data = {"urls": {c.name: c.url for c in children}, "sign_in_token_file": str(token_file)}
        lines = [
            "",
            f"Portal and API  {settings.portal_url}   (sign in with the token in {token_file})",
            f"Gateway         {settings.portal_url}/v2/models/{platform.project.name}/infer",
            f"Dagster         {settings.dagster_url}",
            *([] if no_mlflow else [f"MLflow          {settings.mlflow_url}"]),
            "",
            "Ctrl-C stops everything.",
        ]
        show(data, as_json=as_json, text="\n".join(lines))
        stopping.watching = True
        running.watch(lambda: stopping.asked, also=_Daemons(platform).look)
        say("stopping")
    say("everything is stopped")


class _Stopping:
    """Turns SIGINT and SIGTERM into a question that the watch loop asks."""

    def __init__(self) -> None:
        self.asked = False
        self.watching = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True
        if not self.watching:
            # During start-up nobody asks the question; ending the block stops what was started.
            raise KeyboardInterrupt


class _Daemons:
    """Says once when a Dagster daemon dies, and once when it is back."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._complaint = ""

    def look(self) -> None:
        try:
            found = self._platform.orchestrator.daemons()
            dead = ", ".join(sorted(name for name, healthy in found.items() if not healthy))
            complaint = f"Dagster daemons not healthy: {dead}" if dead else ""
        except OmbudError as error:
            complaint = error.message
        if complaint and complaint != self._complaint:
            logs = self._platform.settings.home / "logs" / "dagster.log"
            say(f"{complaint}. Sensors and schedules do not run. Read {logs}; restart with `ombud up`.")
        if self._complaint and not complaint:
            say("Dagster's daemons are healthy again")
        self._complaint = complaint
