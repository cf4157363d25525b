"""The reference of the command line, written from the command tree: ``python -m ombud_app.cli.reference``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer
from typer.models import OptionInfo

from ombud_app.cli.entry import app

__all__ = ["PATH", "main", "reference"]

PATH = Path("docs/cli.md")

_HEAD = """\
# The command line

Written by `python -m ombud_app.cli.reference`; a test keeps it in step.

Every command has `--json`. The home directory is `--home` or `OMBUD_HOME` (default `./.ombud`). Commands that
need an identity take a token from `OMBUD_TOKEN`; `ombud tokens create` makes one. Errors are one message with
its remedy on standard error; `OMBUD_DEBUG=1` adds the trace.

| exit code | means |
|---|---|
| 0 | good |
| 1 | failure |
| 2 | usage, or malformed input |
| 10 | `rollout`: rolled back |
| 11 | `rollout`: on hold, or not over in time |
| 12 | refused by the gate, a policy or an approver |
| 130 | interrupted |
"""


def reference() -> str:
    """The whole reference as Markdown."""
    return "\n".join(
        [_HEAD, *(_chapter(path, function) for path, function in sorted(_commands(app, "ombud")))]
    )


def _commands(tree: typer.Typer, path: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    for command in tree.registered_commands:
        if command.callback is not None:
            yield f"{path} {command.name}", command.callback
    for group in tree.registered_groups:
        if group.typer_instance is not None:
            alone = group.typer_instance.registered_callback
            if alone is not None and alone.callback is not None:
                yield f"{path} {group.name}", alone.callback
            yield from _commands(group.typer_instance, f"{path} {group.name}")


def _chapter(path: str, function: Callable[..., Any]) -> str:
    hints = get_type_hints(function, include_extras=True)
    rows = [
        _row(parameter, hints[parameter.name])
        for parameter in inspect.signature(function).parameters.values()
        if hints[parameter.name] is not typer.Context
    ]
    told = f"## `{path}`\n\n{inspect.getdoc(function)}\n"
    return f"{told}\n| | | |\n|---|---|---|\n" + "\n".join(rows) + "\n" if rows else told


def _row(parameter: inspect.Parameter, hint: Any) -> str:
    kind, options = (hint.__origin__, hint.__metadata__) if get_origin(hint) is Annotated else (hint, ())
    option = next((o for o in options if isinstance(o, OptionInfo)), None)
    if option is None:
        return f"| `{parameter.name.upper()}` | {_kind(kind)} | |"
    # Inside Annotated, Typer keeps the first declared name where the default used to be.
    declared = [n for n in (option.default, *(option.param_decls or ())) if isinstance(n, str)]
    names = declared or [f"--{parameter.name.replace('_', '-')}"]
    default = getattr(parameter.default, "value", parameter.default)
    told = _kind(kind)
    if parameter.default is inspect.Parameter.empty:
        told += ", required"
    elif default is not None and kind is not bool:
        told += f", default {default}"
    return f"| `{'`, `'.join(names)}` | {told} | {(option.help or '').strip()} |"


def _kind(hint: Any) -> str:
    plain = [part for part in get_args(hint) if part is not type(None)]
    if plain:
        return f"{_kind(plain[0])}, repeatable" if get_origin(hint) is list else _kind(plain[0])
    if issubclass(hint, StrEnum):
        return " \\| ".join(member.value for member in hint)
    return {bool: "flag", int: "integer", float: "number", Path: "path"}.get(hint, "text")


def main() -> int:
    """Write the reference, or say with ``--check`` whether it is in step."""
    wanted = reference()
    if "--check" in sys.argv[1:]:
        return 0 if PATH.exists() and PATH.read_text("utf-8") == wanted else 1
    PATH.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
