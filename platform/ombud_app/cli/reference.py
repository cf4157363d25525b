"""The reference of the command line, written from the command tree: ``python -m ombud_app.cli.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

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
    root = typer.main.get_command(app)
    return "\n".join([_HEAD, *_chapters(root, "ombud")])


def _chapters(command: Any, path: str) -> Iterator[str]:
    # Typer's tree is walked by its attributes: its classes are private to it.
    if hasattr(command, "commands"):
        for name in sorted(command.commands):
            yield from _chapters(command.commands[name], f"{path} {name}")
        return
    yield f"## `{path}`\n"
    yield f"{(command.help or '').strip()}\n"
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        yield "| | | |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def _row(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return f"| `{parameter.name.upper()}` | argument | |"
    kind = "flag" if parameter.is_flag else _kind(parameter)
    return f"| `{'`, `'.join(parameter.opts)}` | {kind} | {(parameter.help or '').strip()} |"


def _kind(option: Any) -> str:
    choices = getattr(option.type, "choices", None)
    kind = " \\| ".join(str(getattr(c, "value", c)) for c in choices) if choices else option.type.name
    if option.required:
        return f"{kind}, required"
    default = getattr(option.default, "value", option.default)
    return kind if default is None or callable(default) else f"{kind}, default {default}"


def main() -> int:
    """Write the reference, or say with ``--check`` whether it is in step."""
    wanted = reference()
    if "--check" in sys.argv[1:]:
        return 0 if PATH.exists() and PATH.read_text("utf-8") == wanted else 1
    PATH.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
