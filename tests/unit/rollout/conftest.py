from __future__ import annotations

from pathlib import Path

import pytest

from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from unit.rollout.trial import Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path, MemoryUnitOfWork())
