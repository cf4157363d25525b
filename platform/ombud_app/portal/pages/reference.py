"""The API reference: the OpenAPI document as a page, without a script or a CDN."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ombud_app.portal.access import ACCESS, EVERYBODY
from ombud_app.portal.rendering import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/api")
def reference(request: Request) -> HTMLResponse:
    """Every endpoint, what it does, and who may call it."""
    document = request.app.openapi()
    rows = [
        (method.upper(), path, operation.get("description", "").replace("``", ""), _who(method, path))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return page(request, "reference.html", rows=rows, info=document["info"])


def _who(method: str, path: str) -> str:
    roles = ACCESS.get((method.upper(), path))
    if roles is None:
        return "nobody"
    if not roles:
        return "public"
    return "any token" if roles == EVERYBODY else ", ".join(sorted(roles))
