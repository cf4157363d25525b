"""Whether a home and its ports are free, asked before anything is written or started."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from ombud.errors import Unavailable

__all__ = ["hold", "port_in_use", "require_free"]

_LOCK = "up.lock"


def port_in_use(host: str, port: int) -> bool:
    """Whether nobody else could listen there now."""
    with socket.socket() as probe:
        # As servers do: a connection that is still closing does not count as somebody listening.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def require_free(home: Path, host: str, ports: Mapping[str, int]) -> None:
    """Refuse to start over servers that run already; writes nothing.

    Args:
        home: Home directory; it need not exist.
        host: Address to listen on.
        ports: Name of a server → the port that it will need.

    Raises:
        Unavailable: Another supervisor holds the home, or somebody listens on one of the ports.
    """
    if (home / _LOCK).exists():
        _locked(home).close()
    for name, port in ports.items():
        if port_in_use(host, port):
            raise Unavailable(
                f"port {port} on {host} is already in use; {name} needs it",
                remedy=f"Stop what listens there (`ss -ltnp 'sport = :{port}'` names it), or set "
                f"OMBUD_{name.upper()}_PORT to a free port.",
            )


def hold(home: Path) -> IO[str]:
    """Take the home for this process, for as long as the returned file is open.

    Raises:
        Unavailable: Another supervisor holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    lock = _locked(home)
    lock.truncate(0)
    lock.write(f"process {os.getpid()}\n")
    lock.flush()
    return lock


def _locked(home: Path) -> IO[str]:
    lock = (home / _LOCK).open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        owner = lock.read().strip() or "another process"
        lock.close()
        raise Unavailable(
            f"the servers of {home} are running already (started by {owner})",
            remedy="Stop them first, or use another home: `ombud --home DIR ...`.",
        ) from None
    return lock
