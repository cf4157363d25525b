"""Reading ``ombud.yaml``: one clear message for each way in which it can be wrong."""

from __future__ import annotations

import difflib
import typing
from pathlib import Path

import yaml
from pydantic import BaseModel, ValidationError

from ombud.errors import BadInput, NotFound
from ombud.project.schema import Project

__all__ = ["load_project", "parse_project"]


def load_project(path: Path) -> Project:
    """Read and validate a project file.

    Raises:
        NotFound: There is no such file.
        BadInput: It is not YAML, has an unknown key, or a value that does not fit.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"no project file at {path}",
            remedy="Write one (`ombud init`), or point OMBUD_PROJECT at yours.",
        ) from None
    return parse_project(text, source=str(path))


def parse_project(text: str, *, source: str = "ombud.yaml") -> Project:
    """Validate the text of a project file.

    Raises:
        BadInput: As for :func:`load_project`.

    Example:
        >>> parse_project("nmae: digits")
        Traceback (most recent call last):
        ...
        ombud.errors.BadInput: ombud.yaml: unknown key 'nmae' Remedy: Did you mean 'name'?
    """
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise BadInput(f"{source}: not valid YAML: {error}", remedy="Mend the syntax.") from None
    if not isinstance(raw, dict):
        raise BadInput(
            f"{source}: expected a mapping at the top, got {type(raw).__name__}",
            remedy="Start with `name: ...`.",
        )
    try:
        return Project.model_validate(raw)
    except ValidationError as error:
        raise _explain(error, source) from None


def _explain(error: ValidationError, source: str) -> BadInput:
    """Prefer a misspelt key over what its absence causes elsewhere."""
    problems = sorted(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        near = difflib.get_close_matches(key, _known_keys(first["loc"][:-1]), n=1, cutoff=0.5)
        remedy = f"Did you mean '{near[0]}'?" if near else "Remove it; see docs/project-file.md."
        return BadInput(f"{source}: unknown key '{where}'", remedy=remedy)
    got = first.get("input")
    shown = "" if first["type"] == "missing" or isinstance(got, dict) else f", got {got!r}"
    message = first["msg"].removeprefix("Value error, ")
    prefix = f"{where}: " if where else ""
    return BadInput(
        f"{source}: {prefix}{message}{shown}", remedy="Correct the value; see docs/project-file.md."
    )


def _known_keys(location: tuple[int | str, ...]) -> list[str]:
    part: object = Project
    for step in location:
        if isinstance(part, type) and issubclass(part, BaseModel) and step in part.model_fields:
            part = part.model_fields[str(step)].annotation
        else:
            candidates = [a for a in typing.get_args(part) if a is not Ellipsis]
            part = candidates[-1] if candidates else part
    if isinstance(part, type) and issubclass(part, BaseModel):
        return list(part.model_fields)
    return []
