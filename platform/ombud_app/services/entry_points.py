"""Resolving ``module:function`` names from project files."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from ombud.errors import BadInput

__all__ = ["resolve"]


def resolve(name: str, *, purpose: str) -> Callable[..., Any]:
    """The callable behind ``module:function``.

    Raises:
        BadInput: It cannot be imported, or is not callable; the message says which part failed.

    Example:
        >>> resolve("json:dumps", purpose="serialiser")([1])
        '[1]'
    """
    module_name, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(
            f"{purpose} {name!r} cannot be loaded: {error}",
            remedy="Write it as module:function, importable from this environment.",
        ) from error
    if not callable(found):
        raise BadInput(f"{purpose} {name!r} is not callable", remedy="Name a function.")
    return found  # type: ignore[no-any-return]
