"""The false-alarm budget: what each monitor may spend at each look."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ombud.project import Project
from ombud_app.portal.access import needs
from ombud_app.services.budgeting import budget_of

__all__ = ["BudgetTable", "budget_table", "router"]

router = APIRouter(prefix="/api/v1/budget", tags=["monitoring"])


class BudgetLine(BaseModel):
    """One monitor's line."""

    purpose: str = Field(description="`paging` (harm) or `noticing` (change); each has a budget of that size")
    monitor: str = Field(examples=["audio.harm"])
    share: float = Field(description="Its share of the whole, in (0, 1]")
    level: float = Field(description="What one planned look may spend")
    total: float = Field(description="What all its planned looks may spend together")


class BudgetTable(BaseModel):
    """The split: the totals of each purpose add up to at most the probability."""

    model: str
    probability: float = Field(description="Chance of any false alarm in one period")
    period_days: int
    looks: int = Field(description="Planned looks per period")
    lines: list[BudgetLine]


def budget_table(project: Project) -> BudgetTable:
    """The project's budget as a table."""
    return BudgetTable(
        model=project.name,
        probability=project.budget.probability,
        period_days=project.budget.period_days,
        looks=project.budget.looks,
        lines=[
            BudgetLine(
                purpose=purpose, monitor=row.monitor, share=row.share, level=row.level, total=row.total
            )
            for purpose, row in budget_of(project).table()
        ],
    )


@router.get("")
def get_budget(request: Request) -> BudgetTable:
    """How the budget is split over the monitors."""
    return budget_table(needs(request).project)
