"""How commands speak: tables for people, JSON for programs, one message with its remedy for failures."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from ombud.errors import OmbudError

__all__ = ["AsJson", "complain", "say", "show", "table"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def show(data: object, *, as_json: bool, text: str | Table | Sequence[str | Table]) -> None:
    """Print the answer of a command on standard output.

    Args:
        data: The answer for programs: JSON-like values, Pydantic models, or lists of them.
        as_json: Which face is wanted.
        text: The answer for people.
    """
    if as_json:
        typer.echo(json.dumps(_plain(data), indent=2, ensure_ascii=False, default=str))
        return
    # A pipe has no width of its own; 80 columns would break digests and sentences.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for part in [text] if isinstance(text, str | Table) else text:
        if isinstance(part, str):
            console.print(part, markup=False, soft_wrap=True)
        else:
            console.print(part)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> Table:
    """A table for people; None shows as a dash."""
    drawn = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        drawn.add_row(*("–" if cell is None else str(cell) for cell in row))
    return drawn


def say(message: str) -> None:
    """Tell a person how far the work is, on standard error, so that standard output stays clean."""
    typer.echo(message, err=True)


def complain(error: OmbudError, *, as_json: bool) -> None:
    """Print a failure on standard error: the message and its remedy, never a trace."""
    if as_json:
        problem = {"error": error.slug, "message": error.message, "remedy": error.remedy}
        typer.echo(json.dumps(problem, ensure_ascii=False), err=True)
        return
    typer.echo(f"ombud: {error.message}", err=True)
    if error.remedy:
        typer.echo(f"Remedy: {error.remedy}", err=True)


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value
