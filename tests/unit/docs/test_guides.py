"""README and guides name only what exists: make targets, commands with their options, files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from ombud_app.cli.entry import app

ROOT = Path(__file__).parents[3]
GUIDES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
_TARGETS = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")


def guides() -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in GUIDES]


def command_lines(text: str) -> Iterator[str]:
    """What a reader would type: lines of console blocks after their prompt, and commands in running text."""
    for language, block in _FENCED.findall(text):
        if language in ("console", "bash", "sh"):
            yield from (line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))
    for code in _INLINE.findall(_FENCED.sub("", text)):
        if code.startswith(("make ", "ombud ", ".venv/bin/ombud ")):
            yield code


def problem_of(line: str) -> str:
    """Why a command line would not work; empty when it would."""
    words = shlex.split(line, comments=True)
    program = Path(words[0]).name
    if program == "make":
        wanted = [w for w in words[1:] if "=" not in w and w != "..."]
        return ", ".join(f"no make target {w!r}" for w in wanted if w not in _TARGETS)
    return _problem_of_command(words[1:]) if program == "ombud" else ""


def _problem_of_command(words: list[str]) -> str:
    here: Any = typer.main.get_command(app)
    options = _options(here)
    for position, word in enumerate(words):
        if word.startswith("-"):
            if word.split("=")[0] not in options | {"--help"}:
                return f"no option {word!r} here: {sorted(options)}"
        elif hasattr(here, "commands"):
            if word in here.commands:
                here = here.commands[word]
                options = _options(here)
            elif not (position and words[position - 1].startswith("-")) and not re.match(r"[.<A-Z]", word):
                return f"no command {word!r} among {sorted(here.commands)}"
    return ""


def _options(command: Any) -> set[str]:
    return {name for p in command.params for name in (*p.opts, *p.secondary_opts) if name.startswith("-")}


@pytest.mark.parametrize("guide", guides())
def test_every_command_exists(guide: Path) -> None:
    lines = list(command_lines(guide.read_text("utf-8")))
    assert [f"{line}: {why}" for line in lines if (why := problem_of(line))] == []


def test_the_readme_is_read_at_all() -> None:
    lines = list(command_lines((ROOT / "README.md").read_text("utf-8")))
    assert {"make demo", "make test"} <= {line.split("#")[0].strip() for line in lines}


@pytest.mark.parametrize(
    "line",
    [
        "make nonsense",
        "ombud nonsense",
        "ombud rollout nonsense",
        "ombud budget --nonsense",
        "make demo nonsense",
    ],
)
def test_what_does_not_exist_is_noticed(line: str) -> None:
    assert problem_of(line)


@pytest.mark.parametrize("guide", guides())
def test_every_link_leads_somewhere(guide: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", guide.read_text("utf-8"))
    assert [link for link in links if not (guide.parent / link).exists()] == []
