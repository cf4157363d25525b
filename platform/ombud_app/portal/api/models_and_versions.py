"""Models and their versions, with aliases and digests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ombud.domain.evidence import Evidence
from ombud.domain.model_version import Alias, ModelVersion
from ombud.errors import NotFound
from ombud_app.portal.access import needs
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.paging import Cursor, Limit, Page, paged

__all__ = ["ModelItem", "VersionItem", "known_model", "router", "version_item"]

router = APIRouter(prefix="/api/v1/models", tags=["models"])


class ModelItem(BaseModel):
    """A registered model."""

    name: str = Field(examples=["digits"])
    versions: list[int] = Field(examples=[[1, 2, 3]])
    champion: int | None = Field(examples=[2])
    challenger: int | None = Field(examples=[None])


class VersionItem(BaseModel):
    """One immutable version."""

    model: str = Field(examples=["digits"])
    version: int = Field(examples=[2])
    aliases: list[str] = Field(examples=[["champion"]])
    model_digest: str = Field(examples=["sha256:9f2c…"])
    card_digest: str | None = Field(description="Core digest of the current card; null before there is one")
    run_id: str
    source: str
    created_at: datetime
    tags: dict[str, str]


class EvidenceItem(BaseModel):
    """An evidence document without its content."""

    digest: str
    kind: str
    version: int
    run_id: str
    created_at: datetime


def known_model(house: PortalNeeds, name: str) -> ModelItem:
    """A model with its aliases.

    Raises:
        NotFound: The registry does not know it.
    """
    versions = house.registry.versions(name)
    if not versions:
        known = ", ".join(sorted(house.registry.models())) or "none"
        raise NotFound(f"no model {name!r}; registered: {known}", remedy="Check the name; case matters.")
    return ModelItem(
        name=name,
        versions=[v.version for v in versions],
        champion=house.registry.alias(name, Alias.CHAMPION),
        challenger=house.registry.alias(name, Alias.CHALLENGER),
    )


def version_item(version: ModelVersion, aliases: Mapping[Alias, int | None], card: str | None) -> VersionItem:
    """A version as the API shows it."""
    return VersionItem(
        model=version.name,
        version=version.version,
        aliases=[a.value for a, v in aliases.items() if v == version.version],
        model_digest=version.model_digest,
        card_digest=card,
        run_id=version.run_id,
        source=version.source,
        created_at=version.created_at,
        tags=dict(version.tags),
    )


@router.get("")
def list_models(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Page[ModelItem]:
    """Registered models, by name."""
    house = needs(request)
    names = sorted(house.registry.models())
    return paged(names, key=str, cursor=cursor, limit=limit, show=lambda n: known_model(house, n))


@router.get("/{model}")
def get_model(request: Request, model: str) -> ModelItem:
    """One model."""
    return known_model(needs(request), model)


@router.get("/{model}/versions")
def list_versions(
    request: Request, model: str, limit: Limit = 50, cursor: Cursor = None
) -> Page[VersionItem]:
    """Versions, the newest first."""
    house = needs(request)
    known_model(house, model)
    aliases = {alias: house.registry.alias(model, alias) for alias in Alias}
    with house.uow.begin(write=False) as tx:
        cards = {card.version: card.core_digest for card in tx.cards.list(model)}
    return paged(
        sorted(house.registry.versions(model), key=lambda v: -v.version),
        key=lambda v: str(v.version),
        cursor=cursor,
        limit=limit,
        show=lambda v: version_item(v, aliases, cards.get(v.version)),
    )


@router.get("/{model}/versions/{version}")
def get_version(request: Request, model: str, version: int) -> VersionItem:
    """One version."""
    house = needs(request)
    found = house.registry.version(model, version)
    aliases = {alias: house.registry.alias(model, alias) for alias in Alias}
    with house.uow.begin(write=False) as tx:
        card = tx.cards.current(model, version)
    return version_item(found, aliases, card.core_digest if card else None)


@router.get("/{model}/versions/{version}/evidence")
def list_evidence(
    request: Request, model: str, version: int, limit: Limit = 50, cursor: Cursor = None
) -> Page[EvidenceItem]:
    """Evidence about a version, the newest first; version 0 is data that precedes any version."""
    house = needs(request)
    known_model(house, model)
    with house.uow.begin(write=False) as tx:
        found = tx.evidence.list(model, version=version)
    return paged(found, key=lambda e: e.digest, cursor=cursor, limit=limit, show=_evidence_item)


def _evidence_item(evidence: Evidence) -> EvidenceItem:
    return EvidenceItem(
        digest=evidence.digest,
        kind=evidence.kind.value,
        version=evidence.version,
        run_id=evidence.run_id,
        created_at=evidence.created_at,
    )
