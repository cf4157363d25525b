"""Who may import whom, executed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("ombud.domain.ports", ("torch", "mlflow", "pandas", "sqlalchemy")),
        ("ombud_monitors.sequential", ("torch", "mlflow", "alibi_detect", "evidently")),
        ("ombud_monitors.two_sample", ("torch", "alibi_detect", "evidently")),
        ("ombud_monitors.multiplicity", ("torch", "alibi_detect", "evidently")),
        ("ombud_app.gateway", ("alibi_detect", "evidently", "dagster")),
        ("ombud_app.cli", ("torch", "mlflow", "alibi_detect", "evidently", "dagster")),
    ],
)
def test_import_stays_light(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import {module}, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
