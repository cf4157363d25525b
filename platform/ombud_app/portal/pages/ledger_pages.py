"""The ledger for an auditor's first look; the proof is the verification, not the page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ombud.governance.ledger import verify
from ombud_app.portal.access import needs
from ombud_app.portal.api.ledger import entry_item
from ombud_app.portal.rendering import page

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_SHOWN = 100


@router.get("/ledger")
def ledger_page(request: Request, before: int | None = None) -> HTMLResponse:
    """Entries, the newest first, and what recomputing the chain found."""
    with needs(request).uow.begin(write=False) as tx:
        entries = tx.ledger.entries()
    wanted = [e for e in entries if before is None or e.seq < before]
    shown = [entry_item(e) for e in reversed(wanted[-_SHOWN:])]
    older = shown[-1].seq if len(wanted) > _SHOWN else None
    return page(request, "ledger.html", entries=shown, report=verify(entries), older=older)
