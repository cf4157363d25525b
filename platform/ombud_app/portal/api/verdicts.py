"""Windows looked at, and what each monitor said about them."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud_app.portal.access import needs
from ombud_app.portal.api.models_and_versions import known_model
from ombud_app.portal.finite import finite
from ombud_app.portal.paging import Cursor, Limit, Page, paged

__all__ = ["VerdictItem", "WindowItem", "router", "verdict_item"]

router = APIRouter(prefix="/api/v1/models/{model}", tags=["monitoring"])


class WindowItem(BaseModel):
    """One look at one version's traffic."""

    window_id: str = Field(examples=["digits/2/2026-03-01"])
    version: int
    partition: str
    start: datetime
    end: datetime
    n: int = Field(description="Requests in it")
    labelled: int
    created_at: datetime
    links: dict[str, str]


class CauseItem(BaseModel):
    """How much one named quantity moved."""

    name: str = Field(examples=["snr_db"])
    reference: float | None
    current: float | None
    effect: float | None = Field(description="In standard deviations of the reference")


class VerdictItem(BaseModel):
    """What one monitor said about one window, with its evidence."""

    verdict_id: str
    version: int
    window_id: str
    at: datetime
    run_id: str
    advisory: bool = Field(description="A second opinion: never pages, costs no budget")
    monitor: str = Field(examples=["audio.harm"])
    modality: str
    detector: str
    outcome: str = Field(examples=["drift", "quiet", "not_applicable"])
    grade: str = Field(examples=["estimated_harm"])
    pages: bool = Field(description="Whether this verdict wakes somebody")
    n_reference: int
    n_current: int
    clusters_reference: int | None
    clusters_current: int | None
    statistic: float | None
    p_value: float | None
    e_value: float | None
    threshold: float | None
    effect: float | None
    effect_unit: str
    effect_low: float | None = Field(description="Lower end of the effect's 95% interval")
    effect_high: float | None = Field(description="Upper end of the effect's 95% interval")
    minimum_detectable_effect: float | None
    reason: str
    causes: list[CauseItem]


def verdict_item(stored: StoredVerdict) -> VerdictItem:
    """A verdict as the API shows it; numbers that are not finite become null."""
    v = stored.verdict
    return VerdictItem(
        verdict_id=stored.verdict_id,
        version=stored.version,
        window_id=stored.window_id,
        at=stored.at,
        run_id=stored.run_id,
        advisory=stored.advisory,
        monitor=v.monitor,
        modality=v.modality,
        detector=v.detector,
        outcome=v.outcome.value,
        grade=v.grade.value,
        pages=v.fired and v.grade.pages and not stored.advisory,
        n_reference=v.n_reference,
        n_current=v.n_current,
        clusters_reference=v.clusters_reference,
        clusters_current=v.clusters_current,
        statistic=finite(v.statistic),
        p_value=finite(v.p_value),
        e_value=finite(v.e_value),
        threshold=finite(v.threshold),
        effect=finite(v.effect),
        effect_unit=v.effect_unit,
        effect_low=finite(v.effect_low),
        effect_high=finite(v.effect_high),
        minimum_detectable_effect=finite(v.minimum_detectable_effect),
        reason=v.reason,
        causes=[
            CauseItem(
                name=c.name,
                reference=finite(c.reference),
                current=finite(c.current),
                effect=finite(c.effect),
            )
            for c in v.causes
        ],
    )


def _window_item(window: Window) -> WindowItem:
    return WindowItem(
        window_id=window.window_id,
        version=window.version,
        partition=window.partition,
        start=window.start,
        end=window.end,
        n=window.n,
        labelled=window.labelled,
        created_at=window.created_at,
        links=dict(window.links),
    )


@router.get("/windows")
def list_windows(
    request: Request, model: str, version: int | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[WindowItem]:
    """Windows, the newest first."""
    house = needs(request)
    known_model(house, model)
    with house.uow.begin(write=False) as tx:
        found = list(reversed(tx.windows.list(model, version=version)))
    return paged(found, key=lambda w: w.window_id, cursor=cursor, limit=limit, show=_window_item)


@router.get("/verdicts")
def list_verdicts(
    request: Request,
    model: str,
    version: int | None = None,
    window_id: str | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[VerdictItem]:
    """Verdicts, the newest first."""
    house = needs(request)
    known_model(house, model)
    with house.uow.begin(write=False) as tx:
        found = list(reversed(tx.verdicts.list(model, version=version, window_id=window_id)))
    return paged(found, key=lambda v: v.verdict_id, cursor=cursor, limit=limit, show=verdict_item)
