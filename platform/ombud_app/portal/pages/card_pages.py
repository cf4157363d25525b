"""A model card and an evidence document, as people read them."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from ombud_app.portal.access import needs
from ombud_app.portal.api.cards import current_card
from ombud_app.portal.finite import finite_tree
from ombud_app.portal.headers import CARD_POLICY
from ombud_app.portal.rendering import page
from ombud_cards import render_html

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/models/{model}/versions/{version}/card")
def card_page(request: Request, model: str, version: int) -> HTMLResponse:
    """The card as one self-contained file: what is seen here can be saved and sent."""
    card = current_card(needs(request), model, version)
    headers = {"ETag": f'"{card.core_digest}+{card.annex_digest}"', "Content-Security-Policy": CARD_POLICY}
    return HTMLResponse(render_html(card), headers=headers)


@router.get("/evidence/{digest}")
def evidence_page(request: Request, digest: str) -> HTMLResponse:
    """One evidence document."""
    with needs(request).uow.begin(write=False) as tx:
        evidence = tx.evidence.get(digest)
    return page(request, "evidence.html", evidence=evidence, content=finite_tree(dict(evidence.content)))
