"""Failures as RFC 9457 problem details, with the protocol's own ``error`` member beside them."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from starlette.responses import Response

from ombud.errors import OmbudError

__all__ = ["Busy", "ModelFailed", "problem"]


class Busy(OmbudError):
    """A queue is full or a model is still loading: the same request may succeed in a moment.

    Args:
        message: What is full or missing.
        remedy: What caller and operator can do.
        retry_after: Seconds after which trying again makes sense.
    """

    slug, http_status = "busy", 503

    def __init__(self, message: str, *, remedy: str = "", retry_after: int = 1) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class ModelFailed(OmbudError):
    """The model gave no row an answer that counts; the failure is on record, no answer was made up."""

    slug, http_status = "model-failed", 502


def problem(error: OmbudError, instance: str) -> Response:
    """``application/problem+json``; an overloaded gateway says when to come back.

    Example:
        >>> problem(Busy("recorder: queue full"), "/v2/models/m/infer").headers["retry-after"]
        '1'
    """
    body = {
        "type": f"urn:ombud:problem:{error.slug}",
        "title": HTTPStatus(error.http_status).phrase,
        "status": error.http_status,
        "detail": error.message,
        "remedy": error.remedy,
        "instance": instance,
        "error": error.message,
    }
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, Busy) else {}
    return Response(
        msgspec.json.encode(body), error.http_status, headers, media_type="application/problem+json"
    )
