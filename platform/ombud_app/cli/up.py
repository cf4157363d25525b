"""``ombud up``: portal, API, gateway, worker, Dagster and the MLflow UI, together, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from ombud.domain.identity import Actor, Role
from ombud.domain.ports import Orchestrator
from ombud.errors import OmbudError
from ombud_app.cli.children import dagster, mlflow, server
from ombud_app.cli.opening import opened, settings_of
from ombud_app.cli.output import AsJson, say, show
from ombud_app.cli.supervisor import Supervisor
from ombud_app.cli.vacancy import require_free
from ombud_app.portal.tokens import make_token
from ombud_app.wiring import Platform

__all__ = ["NAME", "DaemonWatch", "command", "write_sign_in"]

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
    settings = settings_of(context)
    ports = {"portal": settings.portal_port, "dagster": settings.dagster_port}
    require_free(
        settings.home, settings.host, ports if no_mlflow else {**ports, "mlflow": settings.mlflow_port}
    )
    platform = opened(context)
    # Made here and now, so that server and MLflow do not both find an empty store and make its tables.
    platform.registry.models()
    children = [server(settings), dagster(settings), *([] if no_mlflow else [mlflow(settings)])]
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
        watch = DaemonWatch(platform.orchestrator, settings.home / "logs" / "dagster.log", say)
        with contextlib.suppress(KeyboardInterrupt):
            running.watch(also=watch.look)
        say("stopping")
    say("everything is stopped")


class DaemonWatch:
    """Says once when a Dagster daemon dies, and once when it is back.

    Args:
        orchestrator: Who is asked.
        log: Where the cause will be found.
        tell: Who is told.
    """

    def __init__(self, orchestrator: Orchestrator, log: Path, tell: Callable[[str], None]) -> None:
        self._orchestrator = orchestrator
        self._log = log
        self._tell = tell
        self._complaint = ""
        self._silent_before = False

    def look(self) -> None:
        """Ask once. No answer is told from the second time on: a busy machine is late now and then."""
        silent = False
        try:
            found = self._orchestrator.daemons()
            dead = ", ".join(sorted(name for name, healthy in found.items() if not healthy))
            complaint = f"Dagster daemons not healthy: {dead}" if dead else ""
        except OmbudError as error:
            silent = True
            complaint = error.message if self._silent_before else self._complaint
        self._silent_before = silent
        if complaint and complaint != self._complaint:
            remedy = f"Read {self._log}; stop everything and start again with `ombud up`."
            self._tell(f"{complaint}. Sensors and schedules do not run. Remedy: {remedy}")
        if self._complaint and not complaint:
            self._tell("Dagster's daemons are healthy again")
        self._complaint = complaint
