"""The story, played once by the installed command, for every test that looks at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from e2e.remains import processes_of, taken
from ombud.domain.ports import Transaction
from ombud.settings import Settings
from ombud_app.wiring import Platform, open_platform
from unit.cli.ports import free_port

__all__ = ["PlayedStory", "command", "environment", "play"]

command = str(Path(sys.executable).with_name("ombud"))
"""The console script of this very environment: what a user types."""

_SECONDS = 900
"""Nothing is said about speed here; this only ends a story that hangs."""


def environment() -> dict[str, str]:
    """The environment of a user who has set nothing but ports that are free."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OMBUD_", "DAGSTER_"))}
    ports = {f"OMBUD_{part}_PORT": str(free_port()) for part in ("PORTAL", "DAGSTER", "MLFLOW")}
    return {**own, **ports}


@dataclass(frozen=True)
class PlayedStory:
    """What is left when the story has ended.

    Args:
        home: Its home.
        exit_code: Of ``ombud quickstart``.
        output: Standard output, meant for programs.
        progress: Standard error, meant for people.
        ports: Where its servers listened.
        remains: Its processes and ports that were not gone when the command had ended.
        seconds: How long it took.
    """

    home: Path
    exit_code: int
    output: str
    progress: str
    ports: tuple[int, ...]
    remains: tuple[int, ...]
    seconds: float

    @cached_property
    def report(self) -> Mapping[str, Any]:
        """The JSON document on standard output."""
        return dict(json.loads(self.output))

    @cached_property
    def platform(self) -> Platform:
        """The home's stores, opened by this process."""
        return open_platform(Settings(home=self.home))

    def read(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads."""
        return self.platform.uow.begin(write=False)

    @property
    def alert_id(self) -> str:
        """The drift alert of the shifted days, as the report names it."""
        return str(self.report["alert"]["alert_id"])

    def rollout_id(self, version: int) -> str:
        """The rollout of a version."""
        with self.read() as tx:
            found = [r.rollout_id for r in tx.rollouts.list(model="digits") if r.challenger == version]
        assert len(found) == 1, found
        return found[0]


def play(folder: Path) -> PlayedStory:
    """Play it on synthetic data in ``folder``, or read what was played there before."""
    kept = folder / "played.json"
    if not kept.exists():
        settings = environment()
        started = time.monotonic()
        done = subprocess.run(
            [command, "quickstart", "--json", "--home", str(folder / "home")],
            cwd=folder,
            env=settings,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        ports = [int(port) for name, port in settings.items() if name.startswith("OMBUD_")]
        seconds = time.monotonic() - started
        remains = processes_of(folder / "home") + taken(ports)
        found = [done.returncode, done.stdout, done.stderr, ports, remains, seconds]
        kept.write_text(json.dumps(found), "utf-8")
    code, output, progress, ports, remains, seconds = json.loads(kept.read_text("utf-8"))
    return PlayedStory(folder / "home", code, output, progress, tuple(ports), tuple(remains), seconds)
