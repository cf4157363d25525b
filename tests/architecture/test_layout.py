"""The shape of the house, executed."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("platform", "monitors", "model_cards", "assets")
MODULES = sorted(p for root in SOURCES for p in (ROOT / root).rglob("*.py") if "migrations" not in p.parts)
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "types", "models"}
MOST_LINES = 300


def test_platform_does_not_shadow_the_standard_library() -> None:
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_the_standard_platform_module_still_wins() -> None:
    code = "import platform; print(platform.python_version())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("3.")


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_module_holds_one_idea(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES, "split it: one idea a module"
    assert module.stem not in VAGUE, "name the noun it holds"
    tree = ast.parse(text)
    if text.strip():
        assert ast.get_docstring(tree), "a module says what it is"


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_first_party_import_hides_in_a_function(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:
        for node in ast.walk(function):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            hidden = [n for n in names if n.split(".")[0].startswith("ombud")]
            assert not hidden, f"{function.name} imports {hidden} inside its body"


def test_public_packages_say_what_they_offer() -> None:
    packages = [p for p in MODULES if p.name == "__init__.py" and p.read_text(encoding="utf-8").strip()]
    silent = [str(p.relative_to(ROOT)) for p in packages if "__all__" not in p.read_text(encoding="utf-8")]
    assert silent == []


def test_no_package_is_an_empty_shell() -> None:
    empty = [
        str(p.relative_to(ROOT))
        for p in MODULES
        if p.name == "__init__.py" and not p.read_text(encoding="utf-8").strip()
    ]
    assert empty == []
