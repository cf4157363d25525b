"""Starting and stopping the servers of one home: each in its own process group, all of them or none.

A process group of its own, because ``dagster dev`` and ``mlflow ui`` start processes themselves, and
because a child started in the background of a script ignores SIGINT: the group is what can be
stopped. One supervisor per home holds a lock, because two Dagster instances on one home destroy each
other's runs without saying so.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, Any, Self

from ombud.errors import Unavailable
from ombud_app.cli.vacancy import hold, require_free

__all__ = ["Child", "Supervisor"]

_POLL_SECONDS = 0.1
_TERM_SECONDS = 10.0
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_CAUSE = re.compile(r"^\w*(\.\w+)*(Error|Exception|Interrupt|Exit)\b")


@dataclass(frozen=True)
class Child:
    """One server.

    Args:
        name: Short name; its log is ``<logs>/<name>.log``.
        command: Program and arguments.
        environment: Added to the environment of this process.
        host: Address it will listen on.
        port: Port it will listen on.
        ready: Whether it answers; asked again and again until it does.
        url: What a person opens.
        patience: Seconds to become ready, counted from the start of the first child.
        cwd: Working directory; None for the current one.
        missed: What does not work while it is away. Given, its end is told and the others go on;
            empty, nothing works without it and its end ends them all.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    host: str
    port: int
    ready: Callable[[], bool]
    url: str
    patience: float = 120.0
    cwd: Path | None = None
    missed: str = ""


class Supervisor:
    """Runs children as long as the ``with`` block lasts.

    Args:
        home: Home directory; its lock file keeps a second supervisor out.
        children: What to run, in order of start.
        say: Tells a person how far it is.

    Raises:
        Unavailable: From ``__enter__``: the home has a supervisor already, a port is taken, a child
            died or did not become ready. Whatever had been started is stopped again.
    """

    def __init__(self, home: Path, children: Sequence[Child], *, say: Callable[[str], None]) -> None:
        self._home = home
        self._children = tuple(children)
        self._say = say
        self._running: list[tuple[Child, subprocess.Popen[bytes]]] = []
        self._log_starts: dict[str, int] = {}
        self._mourned: set[str] = set()
        self._started = 0.0
        self._handlers: dict[signal.Signals, Any] = {}
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._listen_for_the_end()
            for child in self._children:
                require_free(self._home, child.host, {child.name: child.port})
            self._lock = hold(self._home)
            self._started = time.monotonic()
            for child in self._children:
                self._start(child)
            for child, process in self._running:
                self._await(child, process)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids of the children by name; each leads a process group of that number."""
        return {child.name: process.pid for child, process in self._running}

    def check(self) -> bool:
        """Notice children that ended by themselves; one that the others can do without is told once.

        Returns:
            Whether all of them run.

        Raises:
            Unavailable: A needed one ended; the message names its log and the cause found in it.
        """
        for child, process in self._running:
            if process.poll() is None or child.name in self._mourned:
                continue
            died = self._died(child, process)
            if not child.missed:
                raise died
            self._mourned.add(child.name)
            self._say(f"{died.message}. {child.missed} Remedy: {died.remedy}")
        return not self._mourned

    def watch(self, *, also: Callable[[], None] = lambda: None) -> None:
        """Look after the children until somebody ends it (Ctrl-C, SIGTERM, SIGHUP).

        Args:
            also: Called every few seconds while all children run, e.g. to ask for the health of
                daemons.

        Raises:
            Unavailable: A child died that the others need.
            KeyboardInterrupt: Somebody ended it.
        """
        rounds = 0
        while True:
            if self.check() and rounds % 50 == 49:
                also()
            rounds += 1
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End every group, last started first: SIGTERM, and SIGKILL for what is left. Safe to repeat."""
        # Impatience (a second Ctrl-C) must not leave half of the servers running.
        for number in self._handlers:
            signal.signal(number, signal.SIG_IGN)
        for _, process in reversed(self._running):
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + _TERM_SECONDS
        for child, process in reversed(self._running):
            while _group_alive(process) and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
            if _group_alive(process):
                self._say(f"{child.name} does not stop; killing it")
                _signal_group(process, signal.SIGKILL)
            process.wait()
        self._running.clear()
        if self._lock is not None:
            self._lock.close()
            self._lock = None
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _listen_for_the_end(self) -> None:
        """Let SIGTERM and SIGHUP end the block as Ctrl-C does, so that the children end with it."""
        if threading.current_thread() is not threading.main_thread():
            return

        def end(_number: int, _frame: FrameType | None) -> None:
            raise KeyboardInterrupt

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, end)

    def _start(self, child: Child) -> None:
        logs = self._home / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        log = logs / f"{child.name}.log"
        self._say(f"starting {child.name} (log: {log})")
        with log.open("ab") as out:
            self._log_starts[child.name] = out.tell()
            process = subprocess.Popen(
                list(child.command),
                env={**os.environ, **child.environment},
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append((child, process))

    def _await(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        while not child.ready():
            if process.poll() is not None:
                raise self._died(child, process)
            if time.monotonic() - self._started > child.patience:
                raise Unavailable(
                    f"{child.name} did not become ready within {child.patience:.0f} s",
                    remedy=f"Read {self._home / 'logs' / (child.name + '.log')}.",
                )
            time.sleep(_POLL_SECONDS)
        self._say(f"{child.name} is ready after {time.monotonic() - self._started:.1f} s: {child.url}")

    def _died(self, child: Child, process: subprocess.Popen[bytes]) -> Unavailable:
        log = self._home / "logs" / f"{child.name}.log"
        cause = _last_words(log, self._log_starts[child.name])
        return Unavailable(
            f"{child.name} ended by itself with exit code {process.returncode}: {cause}",
            remedy=f"Read {log}, mend the cause, then stop everything and start again.",
        )


def _last_words(log: Path, start: int) -> str:
    """The last exception in a log from byte ``start`` on; where there is none, its last line."""
    text = log.read_bytes()[start:].decode("utf-8", "replace")
    lines = [line for raw in text.splitlines() if (line := _COLOUR.sub("", raw).strip())]
    causes = [line for line in lines[-50:] if _CAUSE.match(line)]
    return (causes or lines or ["it wrote nothing"])[-1]


def _signal_group(process: subprocess.Popen[bytes], sent: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, sent)


def _group_alive(process: subprocess.Popen[bytes]) -> bool:
    # The leader may be gone while its own children still run: the group counts, not the leader. Asked
    # how it ended first, because a leader that nobody has asked still counts as a member.
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
