"""Alerts as lines of JSON in a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ombud.adapters.durable import file_lock
from ombud.alerts.message import as_json
from ombud.domain.alert import Alert
from ombud.errors import Unavailable

__all__ = ["FileNotifier"]


class FileNotifier:
    """Appends one JSON object per delivery and forces it to disk; several processes may share the file.

    Args:
        path: The file; made when absent.

    Example:
        >>> FileNotifier(Path("/var/log/alerts.jsonl")).route
        'file:/var/log/alerts.jsonl'
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def route(self) -> str:
        """``file:<path>``."""
        return f"file:{self._path}"

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        """Append a line, unless the file holds one with this key.

        Raises:
            Unavailable: The file cannot be written.
        """
        line = json.dumps(
            {"idempotency_key": idempotency_key, **as_json(alert, event=event)}, ensure_ascii=False
        )
        try:
            with file_lock(self._path.with_name(f".{self._path.name}.lock")):
                if not self._holds(idempotency_key):
                    self._append(line.encode())
        except OSError as error:
            raise Unavailable(
                f"alert file {self._path}: {error}",
                remedy="Make its directory writable, or name another file under notifications.",
            ) from error

    def _holds(self, key: str) -> bool:
        if not self._path.exists():
            return False
        with self._path.open("r", encoding="utf-8", errors="replace") as lines:
            return any(_key(line) == key for line in lines)

    def _append(self, line: bytes) -> None:
        with self._path.open("ab+") as handle:
            # A line that a crash cut short must not swallow the next one.
            if handle.tell() and not self._ends_cleanly():
                line = b"\n" + line
            handle.write(line + b"\n")
            handle.flush()
            os.fsync(handle.fileno())

    def _ends_cleanly(self) -> bool:
        with self._path.open("rb") as handle:
            handle.seek(-1, os.SEEK_END)
            return handle.read(1) == b"\n"


def _key(line: str) -> str | None:
    try:
        found = json.loads(line).get("idempotency_key")
    except (ValueError, AttributeError):
        return None
    return None if found is None else str(found)
