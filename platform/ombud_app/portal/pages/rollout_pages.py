"""Rollouts: where each stands, what was measured against which bound, and the way to stop one."""

from __future__ import annotations

import math
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from ombud.errors import BadInput
from ombud.rollout.states import FINAL
from ombud_app.portal.access import ACCESS, acting, form, needs
from ombud_app.portal.api.rollouts import shown_numbers
from ombud_app.portal.rendering import page

__all__ = ["progress", "router"]

router = APIRouter(include_in_schema=False)

_ROLLBACK = "/rollouts/{rollout_id}/rollback"


def progress(e_value: Any, threshold: float) -> float:
    """How far an e-value is on the way to its bound, in percent on a logarithmic scale.

    An e-value at or below 1 speaks for the hypothesis and shows as 0; one at the bound as 100.

    Example:
        >>> progress(1.0, 100.0), progress(10.0, 100.0), progress(1e308, 100.0)
        (0.0, 50.0, 100.0)
    """
    if not isinstance(e_value, int | float) or e_value <= 1 or threshold <= 1:
        return 0.0
    return round(min(100.0, 100 * math.log(e_value) / math.log(threshold)), 1)


@router.get("/rollouts")
def rollouts_page(request: Request) -> HTMLResponse:
    """Every rollout, the newest first."""
    with needs(request).uow.begin(write=False) as tx:
        rollouts = tx.rollouts.list()
    return page(request, "rollouts.html", rollouts=rollouts, final=FINAL)


@router.get("/rollouts/{rollout_id}")
def rollout_page(request: Request, rollout_id: str) -> HTMLResponse:
    """One rollout: events, e-values against their bounds, counts."""
    found = needs(request).rollouts.status(rollout_id)
    return page(
        request,
        "rollout.html",
        rollout=found.rollout,
        events=found.events,
        decision=found.decision,
        numbers=shown_numbers(found),
        progress=progress,
        live=found.rollout.state not in FINAL,
        may_stop=acting(request).holds(*ACCESS["POST", _ROLLBACK]),
    )


@router.post(_ROLLBACK)
async def rollback(request: Request, rollout_id: str) -> Response:
    """Roll back from the page."""
    reason = (await form(request)).get("reason", "")
    if len(reason) < 3:
        raise BadInput("a reason is needed", remedy="Go back and say in a few words why.")
    needs(request).rollouts.rollback(rollout_id, actor=acting(request), reason=reason)
    return RedirectResponse(f"/rollouts/{rollout_id}", status_code=303)
