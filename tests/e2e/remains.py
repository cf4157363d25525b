"""What is left of servers that should have stopped."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from ombud_app.cli.vacancy import port_in_use

__all__ = ["processes_of", "taken"]


def processes_of(home: Path) -> list[int]:
    """Processes that were told to serve this home, wherever they have been reparented to."""
    wanted, found = str(home), []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get("OMBUD_HOME") == wanted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


def taken(ports: Sequence[int], *, seconds: float = 5) -> list[int]:
    """Ports of this machine on which somebody still listens after a moment of grace."""
    deadline = time.monotonic() + seconds
    left = list(ports)
    while left and time.monotonic() < deadline:
        left = [port for port in left if port_in_use("127.0.0.1", port)]
        time.sleep(0.1)
    return left
