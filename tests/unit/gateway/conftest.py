from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from unit.gateway.served import Served


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    house = Served(tmp_path)
    with house.running():
        yield house
