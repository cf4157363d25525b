"""Costs: CPU seconds and extra memory of one call, measured in the process that makes it."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["Cost", "cost_of"]

LONG_ENOUGH = 0.2
"""Seconds of repeats of a short call: other processes disturb for milliseconds."""
MOST_REPEATS = 50

_CLEAR = Path("/proc/self/clear_refs")
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Cost:
    """What a call cost.

    Args:
        cpu_seconds: Over all threads; the smallest of all repeats, which is the least disturbed one.
        wall_seconds: By the clock; the smallest of all repeats.
        extra_bytes: Highest resident memory during the first call above the memory before it; None where
            the system does not tell (it is Linux that does).
        repeats: Calls made.
    """

    cpu_seconds: float
    wall_seconds: float
    extra_bytes: int | None
    repeats: int

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)


def cost_of(call: Callable[[], object]) -> Cost:
    """Measure a call: once with its memory, and again until :data:`LONG_ENOUGH` seconds have passed.

    Source: the kernel's high-water mark of resident memory, reset before the call (``clear_refs``, Linux's
        proc(5)): exact, where sampling by a thread would miss peaks and disturb the clock.
    Limits: memory that the allocator kept from earlier calls is handed back before the first one where
        glibc is the allocator; elsewhere extra memory may read too low.

    Example:
        >>> cost = cost_of(lambda: bytearray(50_000_000))
        >>> cost.extra_bytes is None or cost.extra_bytes > 40_000_000
        True
    """
    _hand_back()
    before = _reset_peak()
    seconds = [_timed(call)]
    after = _resident("VmHWM")
    # Repeats only tell about a call that is short: of a long one the disturbance is a small part.
    while sum(wall for _, wall in seconds) < LONG_ENOUGH and len(seconds) < MOST_REPEATS:
        seconds.append(_timed(call))
    return Cost(
        cpu_seconds=min(cpu for cpu, _ in seconds),
        wall_seconds=min(wall for _, wall in seconds),
        extra_bytes=None if before is None or after is None else max(after - before, 0),
        repeats=len(seconds),
    )


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def _hand_back() -> None:
    # A C library without it (musl, macOS) keeps its memory; the docstring says what that means.
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _reset_peak() -> int | None:
    """Resident bytes now, and the mark reset to them; None where that cannot be done."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return None
    return _resident("VmRSS")


def _resident(field: str) -> int | None:
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{field}:")), None)
