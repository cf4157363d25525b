"""The command tree, and the one place where failures become messages and exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import ombud
from ombud.errors import BadInput, OmbudError
from ombud.settings import Settings
from ombud_app.cli import (
    alerts,
    approvals,
    bench,
    budget,
    calibrate,
    cards,
    data,
    doctor,
    init,
    ledger,
    models_and_versions,
    monitors,
    quickstart,
    rollout,
    status,
    tokens,
    up,
)
from ombud_app.cli.output import complain

__all__ = ["app", "main", "run"]

app = typer.Typer(
    name="ombud",
    help="The ombudsman of your multimodal models: watch, explain, retrain, roll out, document.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def root(
    context: typer.Context,
    home: Annotated[
        Path | None, typer.Option(help="State of this installation; OMBUD_HOME, default ./.ombud.")
    ] = None,
) -> None:
    """The ombudsman of your multimodal models: watch, explain, retrain, roll out, document."""
    context.obj = Settings() if home is None else Settings(home=home)


for _module in (init, doctor, status, quickstart, up, calibrate):
    app.command(_module.NAME)(_module.command)
for _group in (models_and_versions, monitors, cards, approvals, alerts, rollout, ledger, data, tokens, bench):
    app.add_typer(_group.app, name=_group.NAME, no_args_is_help=True)
# Without a command of its own it shows the budget.
app.add_typer(budget.app, name=budget.NAME)


@app.command("version")
def version() -> None:
    """Print the version."""
    typer.echo(ombud.__version__)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; returns the exit code."""
    as_json = "--json" in arguments
    try:
        code = typer.main.get_command(app).main(list(arguments), prog_name="ombud", standalone_mode=False)
    except typer.TyperException as usage:
        if type(usage).__name__ == "NoArgsIsHelpError":
            typer.echo(usage.format_message(), err=True)
            return 2
        context = getattr(usage, "ctx", None)
        asked = context.command_path if context is not None else "ombud"
        complain(BadInput(usage.format_message(), remedy=f"See `{asked} --help`."), as_json=as_json)
        return 2
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except OmbudError as error:
        if os.environ.get("OMBUD_DEBUG"):
            raise
        complain(error, as_json=as_json)
        return error.exit_code
    except Exception as error:
        if os.environ.get("OMBUD_DEBUG"):
            raise
        unexpected = OmbudError(
            f"something failed that should not have: {type(error).__name__}: {error}",
            remedy="Set OMBUD_DEBUG=1 for the trace, and report it.",
        )
        complain(unexpected, as_json=as_json)
        return 1
    return code if isinstance(code, int) else 0


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))
