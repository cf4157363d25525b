"""A running server, over HTTP: problems become the same errors that local calls raise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from ombud import errors
from ombud.errors import OmbudError, Unavailable

__all__ = ["Remote", "problem_error"]

_BY_SLUG: Mapping[str, type[OmbudError]] = {
    kind.slug: kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, OmbudError)
}


class Remote:
    """The API of one server.

    Args:
        url: Base address.
        token: Bearer token.
        client: For tests, a client that talks to an app in this process.
    """

    def __init__(self, url: str, token: str, *, client: httpx.Client | None = None) -> None:
        self._url = url.rstrip("/")
        self._http = client or httpx.Client(timeout=60, trust_env=False)
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Read.

        Raises:
            OmbudError: The server's problem, as the error that it stands for.
            Unavailable: No server answers.
        """
        return self._call("GET", path, query=query)

    def post(
        self, path: str, body: Mapping[str, object] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        """Change; ``key`` is the idempotency key. Raises as :meth:`get`."""
        return self._call("POST", path, body=body or {}, key=key)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
        key: str | None = None,
    ) -> dict[str, Any]:
        headers = self._headers | ({"Idempotency-Key": key} if key else {})
        try:
            answer = self._http.request(
                method, self._url + path, params=dict(query or {}), json=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise Unavailable(
                f"no server answers at {self._url}: {error}",
                remedy="Start one with `ombud up`, or name it with --url or OMBUD_URL.",
            ) from None
        if answer.is_error:
            raise problem_error(answer)
        return dict(answer.json())


def problem_error(answer: httpx.Response) -> OmbudError:
    """The error behind an RFC 9457 answer.

    Example:
        >>> body = {"type": "urn:ombud:problem:refused", "detail": "the gate said no", "remedy": ""}
        >>> problem_error(httpx.Response(409, json=body)).exit_code
        12
    """
    try:
        problem = answer.json()
        slug = str(problem["type"]).rpartition(":")[2]
        detail, remedy = str(problem["detail"]), str(problem.get("remedy", ""))
    except (ValueError, KeyError, TypeError):
        return Unavailable(
            f"the server answered {answer.status_code} without a problem document",
            remedy="Is this address really an Ombud server?",
        )
    return _BY_SLUG.get(slug, OmbudError)(detail, remedy=remedy)
