"""RFC 9457 problem details: the one shape in which every failure leaves, and never a stack trace.

Pages get the same facts as HTML; a page that needs a sign-in sends the reader there.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ombud.errors import OmbudError
from ombud_app.portal.headers import ALWAYS
from ombud_app.portal.rendering import page

__all__ = ["Invalid", "Problem", "install", "respond"]

_LOG = logging.getLogger("ombud.portal")
MEDIA_TYPE = "application/problem+json"


class Invalid(BaseModel):
    """One invalid part of a request."""

    pointer: str = Field(description="Where it is, e.g. `#/body/version`", examples=["#/body/version"])
    detail: str = Field(examples=["Input should be a valid integer"])


class Problem(BaseModel):
    """Problem details as of RFC 9457, with the remedy as an extension member."""

    type: str = Field(examples=["urn:ombud:problem:refused"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["ci@example.org submitted this version and may not approve it"])
    remedy: str = Field("", examples=["Ask somebody else to sign."])
    instance: str = Field("", examples=["/api/v1/approvals"])
    errors: list[Invalid] = Field(default_factory=list)


def respond(request: Request, problem: Problem) -> Response:
    """The problem as JSON for programs and as a page for people."""
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(
        ("/api/", "/v2/")
    )
    if not wants_page:
        headers = {"WWW-Authenticate": "Bearer"} if problem.status == HTTPStatus.UNAUTHORIZED else {}
        return JSONResponse(problem.model_dump(), problem.status, media_type=MEDIA_TYPE, headers=headers)
    if problem.status == HTTPStatus.UNAUTHORIZED and request.method == "GET":
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", status_code=303)
    return page(request, "problem.html", status=problem.status, problem=problem)


def _of(request: Request, status: int, slug: str, detail: str, remedy: str = "") -> Problem:
    return Problem(
        type=f"urn:ombud:problem:{slug}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        remedy=remedy,
        instance=request.url.path,
    )


def install(app: FastAPI) -> None:
    """Teach an app to answer every failure with problem details."""

    @app.exception_handler(OmbudError)
    async def ours(request: Request, error: OmbudError) -> Response:
        if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _LOG.error("%s %s: %s", request.method, request.url.path, error)
        return respond(request, _of(request, error.http_status, error.slug, error.message, error.remedy))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        parts = [
            Invalid(pointer="#/" + "/".join(str(p) for p in e["loc"]), detail=str(e["msg"]))
            for e in error.errors()
        ]
        first = f"{parts[0].pointer}: {parts[0].detail}" if parts else "the request does not fit"
        problem = _of(
            request,
            422,
            "bad-input",
            first,
            "Correct the parts listed under `errors`; see /api/v1/openapi.json.",
        )
        return respond(request, problem.model_copy(update={"errors": parts}))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        remedy = "See /api/v1/openapi.json for what there is." if status < 500 else ""
        slug = status.phrase.lower().replace(" ", "-")
        answer = respond(request, _of(request, status, slug, str(error.detail), remedy))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        _LOG.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        problem = _of(
            request,
            500,
            "failure",
            "something failed that should not have",
            "The server's log has the details; report them if it happens again.",
        )
        answer = respond(request, problem)
        # This handler runs outside every middleware of ours.
        answer.headers.update(ALWAYS)
        return answer
