"""Model cards as documents: read the current one, or have it built from the evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from ombud.domain.card import StoredCard
from ombud.errors import NotFound
from ombud_app.portal.access import needs
from ombud_app.portal.idempotency import IdempotentRoute
from ombud_app.portal.needs import PortalNeeds

__all__ = ["CardDocument", "current_card", "router"]

router = APIRouter(tags=["cards"], route_class=IdempotentRoute)


class CardDocument(BaseModel):
    """A card: frozen core, living annex, and the digest of each."""

    model: str = Field(examples=["digits"])
    version: int = Field(examples=[2])
    core_digest: str = Field(description="What an approval binds, together with the model digest")
    annex_digest: str
    built_at: datetime
    core: dict[str, Any]
    annex: dict[str, Any]


def current_card(house: PortalNeeds, model: str, version: int) -> StoredCard:
    """The newest build of a version's card.

    Raises:
        NotFound: The version does not exist, or has no card yet.
    """
    house.registry.version(model, version)
    with house.uow.begin(write=False) as tx:
        card = tx.cards.current(model, version)
    if card is None:
        raise NotFound(
            f"{model} version {version} has no card yet",
            remedy=f"Build it: `ombud cards build {model} {version}`.",
        )
    return card


def _document(card: StoredCard, response: Response) -> CardDocument:
    response.headers["ETag"] = f'"{card.core_digest}+{card.annex_digest}"'
    return CardDocument(
        model=card.model,
        version=card.version,
        core_digest=card.core_digest,
        annex_digest=card.annex_digest,
        built_at=card.built_at,
        core=dict(card.core),
        annex=dict(card.annex),
    )


@router.get("/api/v1/models/{model}/versions/{version}/card")
def get_card(request: Request, response: Response, model: str, version: int) -> CardDocument:
    """The current card. As a page: ``/models/{model}/versions/{version}/card``."""
    return _document(current_card(needs(request), model, version), response)


@router.post("/api/v1/models/{model}/versions/{version}/card", status_code=201)
def build_card(request: Request, response: Response, model: str, version: int) -> CardDocument:
    """Build the card anew from the evidence; an unchanged core keeps its digest and its approvals."""
    house = needs(request)
    house.registry.version(model, version)
    return _document(house.cards.build(model, version), response)
