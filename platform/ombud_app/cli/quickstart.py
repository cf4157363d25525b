"""``ombud quickstart``: one honest story on embedded parts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ombud.errors import Unavailable
from ombud_app.cli.output import AsJson

__all__ = ["NAME", "command"]

NAME = "quickstart"


def command(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Parquet file to play it on; without it, synthetic data.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="State of this installation; as `ombud --home`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play the whole loop: train, sign, watch, alert, retrain, roll out, roll back, document."""
    raise Unavailable("the story is not wired yet", remedy="Use `ombud up`.")
