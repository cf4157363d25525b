"""Alerts through Apprise: mail, chat, pagers and a hundred more."""

from __future__ import annotations

import hashlib
from typing import Any

from ombud.alerts.message import as_text
from ombud.domain.alert import Alert, Severity
from ombud.errors import BadInput, Unavailable

__all__ = ["AppriseNotifier"]

_KIND = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.CRITICAL: "failure"}


class AppriseNotifier:
    """Any service that Apprise knows, named by an Apprise URL such as ``slack://...``.

    Args:
        url: The Apprise URL.

    Raises:
        BadInput: Apprise does not understand the URL.

    Source: https://github.com/caronc/apprise/wiki
    Limits: most services know no idempotency key, so a delivery that was taken but not confirmed is
    told twice.
    """

    def __init__(self, url: str) -> None:
        # Imported here: it takes a while, and most projects name no Apprise route.
        import apprise

        self._apprise: Any = apprise.Apprise()
        schema = url.partition("://")[0]
        if not self._apprise.add(url):
            raise BadInput(
                f"Apprise does not understand the {schema!r} address under notifications",
                remedy="Correct its target; the forms are at https://github.com/caronc/apprise/wiki.",
            )
        self._route = f"apprise:{schema}#{hashlib.sha256(url.encode()).hexdigest()[:8]}"

    @property
    def route(self) -> str:
        """``apprise:<service>#<digest of the whole address>``: no secret in it."""
        return self._route

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        """Send it.

        Raises:
            Unavailable: The service did not take it.
        """
        title = f"{event.upper()}: {alert.title}"
        body = f"{as_text(alert, event=event)}\n{idempotency_key}"
        if not self._apprise.notify(title=title, body=body, notify_type=_KIND[alert.severity]):
            raise Unavailable(
                f"{self._route} did not take the alert",
                remedy="Check the address and the service's state; delivery is tried again.",
            )
