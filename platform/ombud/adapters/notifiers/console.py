"""Alerts on the standard error stream."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from ombud.alerts.message import as_text
from ombud.domain.alert import Alert, Severity

__all__ = ["ConsoleNotifier"]

_COLOUR = {Severity.INFO: "blue", Severity.WARNING: "yellow", Severity.CRITICAL: "red"}


class ConsoleNotifier:
    """Prints a framed alert where the process logs.

    Args:
        console: Where to print; standard error by default, so that piped output stays clean.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._told: set[str] = set()
        self._lock = threading.Lock()

    @property
    def route(self) -> str:
        """``console``."""
        return "console"

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        """Print it, unless this process printed the same key before."""
        with self._lock:
            if idempotency_key in self._told:
                return
            self._told.add(idempotency_key)
            # Text, not markup: a cause may contain square brackets.
            body = Text(as_text(alert, event=event))
            title = Text(f"{event.upper()}: {alert.title}")
            self._console.print(Panel(body, title=title, border_style=_COLOUR[alert.severity]))
