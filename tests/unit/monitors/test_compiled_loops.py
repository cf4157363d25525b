"""Compiled loops: nothing is imported before it is needed, and no folder is needed to run."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from ombud_monitors.two_sample.compiled import compiled

LAST = """
def last(values):
    values[-1] = len(values)
"""


def test_numba_is_imported_at_the_first_count() -> None:
    code = """
import sys
import numpy as np
from ombud_monitors.two_sample import Bins
bins = Bins.of(np.arange(9.0))
before = "numba" in sys.modules
print(bins.count([[4.0], [4.0], [np.nan]]).missing.tolist(), before, "numba" in sys.modules)
"""
    settings = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=settings, check=True
    )
    assert done.stdout.strip() == "[1] False True"


def test_what_was_compiled_is_kept_beside_the_module(tmp_path: Path) -> None:
    source = tmp_path / "lasts.py"
    source.write_text(LAST)
    spec = importlib.util.spec_from_file_location("lasts", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    held = np.zeros(3)
    compiled(module.last)(held)
    assert held.tolist() == [0.0, 0.0, 3.0]
    assert len(list(tmp_path.rglob("lasts.last-*.nbc"))) == 1


def test_a_loop_that_no_folder_can_keep_is_compiled_all_the_same() -> None:
    made: dict[str, object] = {}
    exec(LAST, made)
    held = np.zeros(2)
    compiled(made["last"])(held)  # type: ignore[arg-type]
    assert held.tolist() == [0.0, 2.0]
