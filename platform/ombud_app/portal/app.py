"""Assembling the portal: every endpoint behind the door, every failure as a problem, nothing mounted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

import ombud
from ombud_app.portal import access, headers, problems
from ombud_app.portal.api import (
    alerts,
    approvals,
    budgets,
    cards,
    evidence,
    labels,
    ledger,
    models_and_versions,
    rollouts,
    verdicts,
)
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.pages import (
    alert_pages,
    card_pages,
    front,
    ledger_pages,
    model_pages,
    reference,
    rollout_pages,
    sign_in,
    static_files,
    window_pages,
)
from ombud_app.portal.readiness import readiness

__all__ = ["create_app"]

_DESCRIPTION = """Read and act on models, cards, verdicts, alerts, rollouts, approvals and the ledger.

Every call needs `Authorization: Bearer <token>`. Failures are RFC 9457 problem details. POSTs honour
`Idempotency-Key`; rollouts have an `ETag` and honour `If-Match`; lists page by `cursor`."""

_ROUTERS = (
    *(m.router for m in (models_and_versions, cards, evidence, verdicts, alerts, rollouts)),
    *(m.router for m in (approvals, labels, ledger, budgets)),
    *(m.router for m in (front, model_pages, card_pages, window_pages, alert_pages, rollout_pages)),
    *(m.router for m in (ledger_pages, reference, sign_in, static_files)),
)

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    code: {"model": problems.Problem, "description": text}
    for code, text in ((401, "No valid token"), (403, "Not in your roles"), (422, "Malformed request"))
}


def create_app(platform: PortalNeeds, routers: Sequence[APIRouter] = ()) -> FastAPI:
    """The portal as an ASGI app.

    Args:
        platform: Ports and services.
        routers: More endpoints to serve beside the portal's own (the gateway's); they stand behind
            the same door, and answer 403 unless the access table names them.
    """
    app = FastAPI(
        title="Ombud",
        version=ombud.__version__,
        description=_DESCRIPTION,
        dependencies=[Depends(access.guard)],
        responses=_PROBLEMS,
        # The reference page and the document are endpoints of ours: guarded, and without a CDN.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.platform = platform
    app.state.endpoints = []
    app.add_middleware(headers.SecurityHeaders)
    problems.install(app)
    for router in (_own(), *_ROUTERS, *routers):
        app.state.endpoints += _endpoints(router)
        app.include_router(router)
    return app


def _own() -> APIRouter:
    router = APIRouter()

    @router.get("/health", tags=["operations"])
    def health() -> dict[str, str]:
        """The process is alive; says nothing about the parts behind it."""
        return {"status": "alive"}

    @router.get("/ready", tags=["operations"], responses={503: {"description": "A needed part is down"}})
    def ready(request: Request) -> JSONResponse:
        """Each part and how it is."""
        found = readiness(access.needs(request))
        return JSONResponse(found.model_dump(), 200 if found.ready else 503)

    @router.get("/api/v1/openapi.json", include_in_schema=False)
    def openapi(request: Request) -> JSONResponse:
        """The OpenAPI document of this app."""
        return JSONResponse(request.app.openapi())

    return router


def _endpoints(router: APIRouter) -> list[tuple[str, str]]:
    """Every (method, path) of a router.

    Raises:
        TypeError: Something other than an endpoint (a mount, a WebSocket), which the door cannot guard.
    """
    found: list[tuple[str, str]] = []
    for route in router.routes:
        if not isinstance(route, APIRoute):
            raise TypeError(f"{route!r} is not an endpoint that the access table can guard")
        found += [(method, route.path) for method in sorted(route.methods or ())]
    return found
