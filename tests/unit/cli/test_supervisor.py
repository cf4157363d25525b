"""The supervisor: all children or none, one home once, and no process left behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ombud.errors import Unavailable
from ombud_app.cli.supervisor import Child, Supervisor
from ombud_app.cli.vacancy import hold, port_in_use, require_free
from unit.cli.ports import free_port

SERVER = """
import http.server, signal, subprocess, sys, pathlib
port, folder, stubborn = int(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3] == "stubborn"
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
(folder / f"{port}.pid").write_text(str(grandchild.pid))
http.server.HTTPServer(("127.0.0.1", port), http.server.BaseHTTPRequestHandler).serve_forever()
"""


def _alive(pid: int) -> bool:
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(pid, 0)
        # An orphan that nobody has reaped yet is dead all the same.
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    return False


def _eventually(holds: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


def _child(folder: Path, port: int, *, code: str = SERVER, mood: str = "meek", patience: float = 30) -> Child:
    return Child(
        name="portal",
        command=(sys.executable, "-c", code, str(port), str(folder), mood),
        environment={"TOLD": "yes"},
        host="127.0.0.1",
        port=port,
        ready=lambda: port_in_use("127.0.0.1", port),
        url=f"http://127.0.0.1:{port}",
        patience=patience,
    )


def test_children_run_inside_the_block_and_their_children_end_with_it(tmp_path: Path) -> None:
    port, told = free_port(), list[str]()
    with Supervisor(tmp_path / "home", [_child(tmp_path, port)], say=told.append) as running:
        running.check()
        grandchild = int((tmp_path / f"{port}.pid").read_text())
        assert _alive(grandchild)
    assert _eventually(lambda: not _alive(grandchild))
    assert not port_in_use("127.0.0.1", port)
    assert any("ready after" in line for line in told)


def test_a_child_that_ignores_term_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ombud_app.cli.supervisor._TERM_SECONDS", 0.5)
    port, told = free_port(), list[str]()
    with Supervisor(tmp_path / "home", [_child(tmp_path, port, mood="stubborn")], say=told.append):
        pass
    assert not port_in_use("127.0.0.1", port)
    assert "portal does not stop; killing it" in told


def test_a_taken_port_is_one_clear_message_and_nothing_is_started(tmp_path: Path) -> None:
    free = free_port()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        children = [_child(tmp_path, free), _child(tmp_path, port)]
        with (
            pytest.raises(Unavailable, match=f"port {port} .* already in use") as raised,
            Supervisor(tmp_path / "home", children, say=lambda _: None),
        ):
            pass
    assert "OMBUD_PORTAL_PORT" in raised.value.remedy
    assert not (tmp_path / "home" / "logs").exists()


def test_one_home_has_one_supervisor(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with (
        Supervisor(home, [], say=lambda _: None),
        pytest.raises(Unavailable, match="running already"),
        Supervisor(home, [], say=lambda _: None),
    ):
        pass
    with Supervisor(home, [], say=lambda _: None):
        pass


def test_a_child_that_dies_while_starting_takes_the_others_down(tmp_path: Path) -> None:
    port = free_port()
    dying = _child(tmp_path, free_port(), code="import sys; sys.exit('no such home')")
    with (
        pytest.raises(Unavailable, match=r"exit code 1: no such home") as raised,
        Supervisor(tmp_path / "home", [_child(tmp_path, port), dying], say=lambda _: None),
    ):
        pass
    assert "portal.log" in raised.value.remedy
    assert not port_in_use("127.0.0.1", port)


def test_a_child_that_dies_later_is_noticed(tmp_path: Path) -> None:
    port = free_port()
    with Supervisor(tmp_path / "home", [_child(tmp_path, port)], say=lambda _: None) as running:
        os.kill(running.pids["portal"], signal.SIGKILL)
        with pytest.raises(Unavailable, match="ended by itself"):
            running.watch()


def test_a_child_that_the_others_can_do_without_is_missed_once(tmp_path: Path) -> None:
    told: list[str] = []
    needed, other = _child(tmp_path, free_port()), _child(tmp_path, free_port())
    missed = replace(other, name="extra", missed="Its pages are away.")
    with Supervisor(tmp_path / "home", [needed, missed], say=told.append) as running:
        assert running.check()
        (tmp_path / "home" / "logs" / "extra.log").open("a").write("cheese.CheeseError: none left\nbye\n")
        os.kill(running.pids["extra"], signal.SIGKILL)
        assert _eventually(lambda: not running.check())
        running.check()
        assert len([line for line in told if "ended by itself" in line]) == 1
        assert "CheeseError: none left. Its pages are away. Remedy: Read " in told[-1]
        os.kill(running.pids["portal"], signal.SIGKILL)
        with pytest.raises(Unavailable, match="portal ended by itself"):
            running.watch()


def test_a_home_that_is_served_and_a_port_that_is_taken_are_not_free(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    require_free(home, "127.0.0.1", {"portal": port})
    assert not home.exists(), "asking writes nothing"
    with hold(home), pytest.raises(Unavailable, match=f"running already .started by process {os.getpid()}"):
        require_free(home, "127.0.0.1", {})
    require_free(home, "127.0.0.1", {})
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(Unavailable, match=f"port {port} .* in use; portal needs it"):
            require_free(home, "127.0.0.1", {"portal": port})


def test_a_child_that_never_answers_is_given_up(tmp_path: Path) -> None:
    silent = _child(tmp_path, free_port(), code="import time; time.sleep(600)", patience=0.3)
    with (
        pytest.raises(Unavailable, match="did not become ready"),
        Supervisor(tmp_path / "home", [silent], say=lambda _: None),
    ):
        pass


HOLDER = """
import sys
from pathlib import Path
from ombud_app.cli.supervisor import Child, Supervisor
from ombud_app.cli.vacancy import hold, port_in_use, require_free
code, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
command = (sys.executable, "-c", code, str(port), str(folder), "meek")
ready = lambda: port_in_use("127.0.0.1", port)
child = Child("portal", command, {}, "127.0.0.1", port, ready, "")
try:
    with Supervisor(folder / "home", [child], say=lambda _: None) as running:
        print("running", flush=True)
        running.watch()
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_the_supervisor_ends_the_children(tmp_path: Path, sent: signal.Signals) -> None:
    port = free_port()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, SERVER, str(tmp_path), str(port)], stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"running\n"
    grandchild = int((tmp_path / f"{port}.pid").read_text())
    holder.send_signal(sent)
    assert holder.wait(timeout=60) == 7
    holder.stdout.close()
    assert not port_in_use("127.0.0.1", port)
    assert _eventually(lambda: not _alive(grandchild))
