"""Signing in: a token is pasted once and travels in a cookie that scripts and other sites cannot use."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ombud.errors import Forbidden, Unauthenticated
from ombud_app.portal.access import COOKIE, form, needs
from ombud_app.portal.rendering import page
from ombud_app.portal.tokens import actor_behind

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_SESSION = timedelta(hours=12)


def _inside(target: str) -> str:
    """A path of this portal; anything that a browser could read as another site becomes the front page."""
    parts = urlsplit(target)
    safe = target.startswith("/") and not target.startswith(("//", "/\\")) and not parts.netloc
    return target if safe and "\\" not in target and "\n" not in target else "/"


@router.get("/sign-in")
def ask(request: Request, next: str = "/") -> HTMLResponse:
    """The sign-in page."""
    return page(request, "sign_in.html", next=_inside(next), problem="")


@router.post("/sign-in")
async def enter(request: Request) -> Response:
    """Check the token and open a session."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        # Another site must not be able to sign a reader in under somebody else's name.
        raise Forbidden("the form comes from another site", remedy="Open /sign-in here and paste the token.")
    fields = {k: v[0] for k, v in parse_qs((await request.body()).decode("utf-8", "replace")).items()}
    token, target = fields.get("token", "").strip(), _inside(fields.get("next", "/"))
    house = needs(request)
    try:
        await run_in_threadpool(actor_behind, house.uow, house.clock, token)
    except Unauthenticated as error:
        return page(request, "sign_in.html", status=401, next=target, problem=error.message)
    answer = RedirectResponse(target, status_code=303)
    answer.set_cookie(
        COOKIE,
        token,
        max_age=int(_SESSION.total_seconds()),
        httponly=True,
        samesite="strict",
        # The embedded server speaks plain HTTP on loopback; behind TLS the cookie says so.
        secure=request.url.scheme == "https",
        path="/",
    )
    return answer


@router.post("/sign-out")
async def leave(request: Request) -> Response:
    """End the session in this browser; the token itself lives until it expires or is revoked."""
    await form(request)
    answer = RedirectResponse("/sign-in", status_code=303)
    answer.delete_cookie(COOKIE, path="/")
    return answer
