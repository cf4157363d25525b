"""Every public name of the statistics packages shows how it is used, and the example runs (as a doctest)."""

from __future__ import annotations

import importlib
import inspect

import pytest

PACKAGES = (
    "ombud_monitors.detector",
    "ombud_monitors.evaluate",
    "ombud_monitors.multiplicity",
    "ombud_monitors.panel",
    "ombud_monitors.saving",
    "ombud_monitors.sequential",
    "ombud_monitors.sequential.streaming",
    "ombud_monitors.simulate",
    "ombud_monitors.two_sample",
)


def shown(package: str) -> list[tuple[str, object]]:
    """Classes and functions that the package declares; a protocol is shown by what follows it."""
    module = importlib.import_module(package)
    named = [(name, getattr(module, name)) for name in module.__all__]
    return [
        (name, found)
        for name, found in named
        if (inspect.isclass(found) or inspect.isfunction(found)) and not getattr(found, "_is_protocol", False)
    ]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_has_an_example(package: str) -> None:
    bare = [name for name, found in shown(package) if ">>>" not in (inspect.getdoc(found) or "")]
    assert bare == [], f"{package}: add an Example that runs to {', '.join(bare)}"


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_are_declared_and_exist(package: str) -> None:
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
