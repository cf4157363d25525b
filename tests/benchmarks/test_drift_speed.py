"""The drift tests under pytest-benchmark: ``make bench``; figures, no assertion about time.

``ombud bench drift`` runs the same racers over more sizes, with memory, growth and ratios.
"""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from ombud_monitors.evaluate import racers, windows

pytestmark = pytest.mark.benchmark(warmup=False, min_rounds=3)

SIZES = [(500, 64), (2000, 64)]
SLOW = {"evidently:preset", "alibi-detect:mmd"}
"""Racers that take seconds for a window: once, at the smaller size."""


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("name", list(racers()))
def test_a_window(benchmark: BenchmarkFixture, name: str, size: tuple[int, int]) -> None:
    if name in SLOW and size != SIZES[0]:
        pytest.skip("takes seconds: see `ombud bench drift`")
    racer = racers()[name]
    benchmark.group = f"{size[0]} x {size[1]}"
    x, y = windows(size)
    with racer.running():
        ask = racer.fit(x)
        ask(y)
        if name in SLOW:
            benchmark.pedantic(ask, args=(y,), rounds=1)
        else:
            benchmark(ask, y)
