"""The account of a budget: what each monitor may spend, has spent, let lapse and has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from ombud.domain.ports import Transaction
from ombud.domain.verdict import StoredVerdict
from ombud.project import Project
from ombud_app.services.budget_periods import looks_in, period_at
from ombud_app.services.budget_records import BudgetPeriod
from ombud_app.services.budgeting import budget_of
from ombud_monitors.panel import PanelBudget, Purpose

__all__ = ["BudgetAccount", "MonitorAccount", "account_of", "cost", "unspent_account"]


@dataclass(frozen=True)
class MonitorAccount:
    """One monitor's line.

    Args:
        purpose: Paging or noticing.
        monitor: Its code.
        share: Its share of the whole budget, in (0, 1].
        level: What the next look may spend.
        total: What all looks of the period may spend together.
        judged: Looks of this period at which it judged.
        spent: The levels at which it judged, together.
        lapsed: Levels of looks at which it could not judge, together; they are not handed on.
        remaining: What looks to come may spend together.
    """

    purpose: Purpose
    monitor: str
    share: float
    level: float
    total: float
    judged: int = 0
    spent: float = 0.0
    lapsed: float = 0.0
    remaining: float = 0.0


@dataclass(frozen=True)
class BudgetAccount:
    """One version's budget in one period.

    Args:
        version: The version; None where none was promoted or looked at yet.
        period: The period in force; None without a version.
        looks_taken: Windows looked at in it.
        lines: One per monitor.
        verdicts: What was said in it and counts (second opinions do not), newest first.
    """

    version: int | None
    period: BudgetPeriod | None
    looks_taken: int
    lines: tuple[MonitorAccount, ...]
    verdicts: tuple[StoredVerdict, ...]


def account_of(tx: Transaction, project: Project, version: int, now: datetime) -> BudgetAccount:
    """Read the account from the verdicts on record.

    Args:
        tx: Any transaction.
        project: Its budget as it is now; verdicts cost what they cost when they were reached.
        version: Version watched.
        now: Aware, UTC.
    """
    period = period_at(tx, project, version, now)
    windows = {w.window_id for w in looks_in(period, tx.windows.list(project.name, version=version))}
    said = [v for v in tx.verdicts.list(project.name, version=version) if v.window_id in windows]
    counted = [v for v in said if not v.advisory]
    budget, taken = budget_of(project), len(windows)
    lines = tuple(
        _line(line, budget, [v for v in counted if v.verdict.monitor == line.monitor], taken)
        for line in _plan(budget, taken + 1)
    )
    return BudgetAccount(version, period, taken, lines, tuple(reversed(counted)))


def unspent_account(project: Project) -> BudgetAccount:
    """The plan alone, before any version was promoted or looked at."""
    return BudgetAccount(None, None, 0, _plan(budget_of(project), 1), ())


def cost(stored: StoredVerdict) -> float:
    """What a verdict cost the budget: the level at which it was judged; 0 where nothing was judged."""
    return 0.0 if stored.advisory else stored.verdict.threshold or 0.0


def _plan(budget: PanelBudget, look: int) -> tuple[MonitorAccount, ...]:
    return tuple(
        MonitorAccount(purpose, row.monitor, row.share, row.level, row.total, remaining=row.total)
        for purpose, row in budget.table(look)
    )


def _line(
    plan: MonitorAccount, budget: PanelBudget, said: Sequence[StoredVerdict], taken: int
) -> MonitorAccount:
    costs = [cost(v) for v in said]
    given = sum((Fraction(budget.level(plan.monitor, look)) for look in range(1, taken + 1)), Fraction(0))
    spent = sum(map(Fraction, costs), Fraction(0))
    return MonitorAccount(
        plan.purpose,
        plan.monitor,
        plan.share,
        plan.level,
        plan.total,
        judged=sum(c > 0 for c in costs),
        spent=float(spent),
        lapsed=float(max(given - spent, Fraction(0))),
        remaining=float(max(Fraction(plan.total) - given, Fraction(0))),
    )
