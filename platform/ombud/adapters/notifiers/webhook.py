"""Alerts as HTTP POST requests."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx

from ombud.alerts.message import as_json
from ombud.domain.alert import Alert
from ombud.errors import BadInput, Unavailable

__all__ = ["WebhookNotifier", "signature"]


class WebhookNotifier:
    """Posts the alert as JSON with an ``Idempotency-Key`` header, signed when there is a secret.

    Args:
        url: Where to post; ``http`` or ``https``.
        secret: Shared with the receiver; adds ``Ombud-Signature: v1=<hex>``, see :func:`signature`.
        timeout: Seconds until the receiver counts as silent.

    Raises:
        BadInput: ``url`` is no HTTP address.

    Limits: redirects are not followed, because they would carry the alert to an address that nobody
    configured.

    Example:
        >>> WebhookNotifier("https://user:pass@hooks.example.org/T0/secret").route
        'webhook:https://hooks.example.org#3ccb7bf8'
    """

    def __init__(self, url: str, *, secret: str | None = None, timeout: float = 10.0) -> None:
        try:
            self._url = httpx.URL(url)
        except httpx.InvalidURL:
            self._url = httpx.URL("")
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise BadInput(
                f"webhook target {url!r}: expected an http or https address",
                remedy="Write notifications[].target as https://host/path.",
            )
        self._secret = secret
        self._timeout = timeout
        # Chat systems put the secret into the path: only the host is shown, and a digest tells two apart.
        port = f":{self._url.port}" if self._url.port else ""
        mark = hashlib.sha256(url.encode()).hexdigest()[:8]
        self._route = f"webhook:{self._url.scheme}://{self._url.host}{port}#{mark}"

    @property
    def route(self) -> str:
        """``webhook:<scheme>://<host>#<digest of the whole address>``: no secret in it."""
        return self._route

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        """Post it.

        Raises:
            Unavailable: No answer in time, or an answer other than 2xx.
        """
        body = json.dumps(as_json(alert, event=event), ensure_ascii=False, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": idempotency_key}
        if self._secret is not None:
            headers["Ombud-Signature"] = signature(self._secret, idempotency_key, body)
        try:
            answer = httpx.post(self._url, content=body, headers=headers, timeout=self._timeout)
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{self._route} did not answer: {type(error).__name__}: {error}",
                remedy="Check that the receiver runs and can be reached; delivery is tried again.",
            ) from error
        if not answer.is_success:
            raise Unavailable(
                f"{self._route} answered {answer.status_code}, expected 2xx",
                remedy="Look at the receiver's log; delivery is tried again with the same key.",
            )


def signature(secret: str, idempotency_key: str, body: bytes) -> str:
    """``v1=`` and the hex HMAC-SHA256 of ``key.body``: binds the body to this one delivery.

    Example:
        >>> signature("s", "alert:1:webhook", b"{}")[:11]
        'v1=5e095c1e'
    """
    code = hmac.new(secret.encode(), idempotency_key.encode() + b"." + body, hashlib.sha256)
    return f"v1={code.hexdigest()}"
