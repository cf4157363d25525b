"""The false-alarm budget: how it is split, what was spent, what a verdict cost, and its periods."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from ombud.domain.identity import Actor
from ombud.domain.verdict import StoredVerdict
from ombud.project import Project
from ombud_app.portal.access import acting, needs
from ombud_app.portal.idempotency import IdempotentRoute
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.paging import Cursor, Limit, Page, paged
from ombud_app.services.budget_account import (
    BudgetAccount,
    MonitorAccount,
    account_of,
    cost,
    unspent_account,
)
from ombud_app.services.budget_periods import current_version, open_period, version_or_current
from ombud_app.services.budget_records import BudgetPeriod, PeriodCause, periods_of
from ombud_monitors.panel import Purpose

__all__ = [
    "BudgetTable",
    "PeriodItem",
    "PeriodOpening",
    "budget_table",
    "declare_period",
    "period_item",
    "router",
    "version_periods",
]

router = APIRouter(prefix="/api/v1/budget", tags=["monitoring"], route_class=IdempotentRoute)

Version = Annotated[
    int | None, Query(ge=1, description="About this version; without it the last one promoted or looked at")
]


class BudgetLine(BaseModel):
    """One monitor's line."""

    purpose: Purpose = Field(description="`paging` (harm) or `noticing` (change); both share the one budget")
    monitor: str = Field(examples=["audio.harm"])
    share: float = Field(description="Its share of the whole budget, in (0, 1]", examples=[0.305])
    level: float = Field(description="What the next look may spend", examples=[0.0038])
    total: float = Field(description="What all looks of a period may spend together", examples=[0.0152])
    judged: int = Field(description="Looks of this period at which it judged")
    spent: float = Field(description="The levels at which it judged, together")
    lapsed: float = Field(description="Levels of looks at which it could not judge; not handed on")
    remaining: float = Field(description="What looks to come may spend together")


class PeriodItem(BaseModel):
    """A stretch of time with one budget for one version; its opening is a ledger entry."""

    period_id: str = Field(examples=["digits/2/2026-03-01T06:00:00+00:00"])
    version: int
    opened_at: datetime
    ends_at: datetime = Field(description="By calendar, unless another period opens before")
    cause: PeriodCause = Field(description="`promotion`, `context` (declared by a person) or `calendar`")
    reason: str
    opened_by: str


class VerdictCost(BaseModel):
    """What one verdict cost the budget."""

    verdict_id: str
    window_id: str
    monitor: str
    outcome: str = Field(examples=["drift", "quiet", "not_applicable"])
    cost: float = Field(description="The level at which it was judged; 0 where nothing was judged")
    at: datetime


class BudgetTable(BaseModel):
    """The split and the account: the totals of all lines add up to at most the probability."""

    model: str
    version: int | None = Field(description="Null before any version was promoted or looked at")
    probability: float = Field(description="Chance of any false alarm about one version in one period")
    noticing_share: float = Field(description="Part of it for monitors that never page")
    period_days: int
    looks: int = Field(description="Planned looks per period")
    open_ended: bool = Field(description="Whether looks beyond the plan get a level too")
    period: PeriodItem | None
    looks_taken: int = Field(description="Looks taken in this period")
    spent: float = Field(description="What all monitors have spent in this period")
    lines: list[BudgetLine]
    verdicts: list[VerdictCost] = Field(description="The latest of this period, newest first")


class PeriodOpening(BaseModel):
    """A declared change of context."""

    reason: str = Field(
        min_length=3, max_length=2000, examples=["Site B went live: its microphones are part of normal now."]
    )
    version: int | None = Field(None, ge=1, description="Without it the last one promoted or looked at")


def period_item(period: BudgetPeriod) -> PeriodItem:
    """A period as the API shows it."""
    return PeriodItem(
        period_id=period.period_id,
        version=period.version,
        opened_at=period.opened_at,
        ends_at=period.ends_at,
        cause=period.cause,
        reason=period.reason,
        opened_by=period.opened_by,
    )


def budget_table(house: PortalNeeds, *, version: int | None = None, verdicts: int = 20) -> BudgetTable:
    """The project's budget as a table.

    Args:
        house: The platform.
        version: About this version; None means the last one promoted or looked at.
        verdicts: At most this many, the newest.

    Raises:
        NotFound: There is no such version.
    """
    project = house.project
    if version is not None:
        house.registry.version(project.name, version)
    with house.uow.begin(write=False) as tx:
        about = version if version is not None else current_version(tx, project.name)
        account = (
            unspent_account(project) if about is None else account_of(tx, project, about, house.clock.now())
        )
    return _table(project, account, verdicts)


def declare_period(house: PortalNeeds, actor: Actor, opening: PeriodOpening) -> PeriodItem:
    """Open a period because a person says that the context changed.

    Raises:
        NotFound: There is no such version.
        BadInput: No reason was given.
    """
    project = house.project
    if opening.version is not None:
        house.registry.version(project.name, opening.version)
    with house.uow.begin() as tx:
        period = open_period(
            tx,
            project.name,
            version_or_current(tx, project.name, opening.version),
            days=project.budget.period_days,
            cause=PeriodCause.CONTEXT,
            reason=opening.reason,
            actor=actor,
            at=house.clock.now(),
        )
        tx.commit()
    return period_item(period)


def version_periods(house: PortalNeeds, version: int | None) -> list[BudgetPeriod]:
    """Periods on record of a version, newest first; none before any version was promoted or looked at."""
    with house.uow.begin(write=False) as tx:
        about = version if version is not None else current_version(tx, house.project.name)
        return [] if about is None else periods_of(tx, house.project.name, about)


def _table(project: Project, account: BudgetAccount, verdicts: int) -> BudgetTable:
    stated = project.budget
    return BudgetTable(
        model=project.name,
        version=account.version,
        probability=stated.probability,
        noticing_share=stated.noticing_share,
        period_days=stated.period_days,
        looks=stated.looks,
        open_ended=stated.open_ended,
        period=None if account.period is None else period_item(account.period),
        looks_taken=account.looks_taken,
        spent=sum(line.spent for line in account.lines),
        lines=[_line(line) for line in account.lines],
        verdicts=[_cost(stored) for stored in account.verdicts[:verdicts]],
    )


def _line(line: MonitorAccount) -> BudgetLine:
    return BudgetLine(
        purpose=line.purpose,
        monitor=line.monitor,
        share=line.share,
        level=line.level,
        total=line.total,
        judged=line.judged,
        spent=line.spent,
        lapsed=line.lapsed,
        remaining=line.remaining,
    )


def _cost(stored: StoredVerdict) -> VerdictCost:
    return VerdictCost(
        verdict_id=stored.verdict_id,
        window_id=stored.window_id,
        monitor=stored.verdict.monitor,
        outcome=stored.verdict.outcome.value,
        cost=cost(stored),
        at=stored.at,
    )


@router.get("")
def get_budget(
    request: Request,
    version: Version = None,
    verdicts: Annotated[int, Query(ge=0, le=1000, description="At most this many, the newest")] = 20,
) -> BudgetTable:
    """How the budget is split over the monitors, what was spent in this period and what is left."""
    return budget_table(needs(request), version=version, verdicts=verdicts)


@router.get("/periods")
def list_periods(
    request: Request, version: Version = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[PeriodItem]:
    """Periods of one version, the newest first."""
    found = version_periods(needs(request), version)
    return paged(found, key=lambda p: p.period_id, cursor=cursor, limit=limit, show=period_item)


@router.post("/periods", status_code=201)
def post_period(request: Request, body: PeriodOpening) -> PeriodItem:
    """Declare that the context changed: a new period opens, and what the old one had left lapses."""
    return declare_period(needs(request), acting(request), body)
