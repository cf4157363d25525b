"""Budget periods: when a version's false-alarm budget starts anew, and who or what said so.

A period opens when a version is promoted (it is compared with a reference of its own from then on), when
a person declares that the context changed, and when the period before it was over by calendar. Each
opening is an evidence document, which is what is read back, and a ledger entry ``budget.period_opened``
with its digest, both in the transaction that opens it. So nobody gets a fresh budget without a trace.

How a look uses it::

    with uow.begin(write=False) as tx:
        number, period = look_number(tx, project, version, window_id, window.created_at)
    ...  # judge at level(code, number)
    with uow.begin() as tx:
        ensure_recorded(tx, period, at=now)  # in the transaction that stores the verdicts
        ...
        tx.commit()

Limits: :func:`look_number` reads and does not lock. Two looks at different windows of one version at
    the same instant may get the same number; both then judge at a level that one of them should have had.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ombud.domain.identity import Actor
from ombud.domain.ports import Transaction
from ombud.domain.rollout import Rollout, RolloutEvent
from ombud.domain.window import Window
from ombud.errors import BadInput, NotFound
from ombud.project import Project
from ombud.rollout.moves import role_of
from ombud.rollout.traffic import last_promoted
from ombud_app.services.budget_records import BudgetPeriod, PeriodCause, latest_period, record_period

__all__ = [
    "current_version",
    "ensure_recorded",
    "look_number",
    "looks_in",
    "open_period",
    "period_at",
    "period_of_promotion",
    "version_or_current",
]

_CALENDAR = "ombud:monitor"


def period_at(tx: Transaction, project: Project, version: int, now: datetime) -> BudgetPeriod:
    """The period in force; one that is due by calendar but not on record yet is returned as it will be.

    Args:
        tx: Any transaction.
        project: Says how long periods are.
        version: Version watched.
        now: Aware, UTC.
    """
    days = project.budget.period_days
    latest = latest_period(tx, project.name, version)
    if latest is None:
        # Looks that were taken before there were records of periods count.
        since = now - timedelta(days=days)
        looked = [w.created_at for w in tx.windows.list(project.name, version=version)]
        began = min((at for at in looked if since < at <= now), default=now)
        reason = "the first look at this version, before any promotion of it was on record"
    elif now < latest.ends_at:
        return latest
    else:
        began = latest.opened_at + (now - latest.opened_at) // timedelta(days=latest.days) * timedelta(
            days=latest.days
        )
        reason = f"the period that opened on {latest.opened_at:%Y-%m-%d} was over after {latest.days} days"
    return _period(project.name, version, began, days, PeriodCause.CALENDAR, reason, _CALENDAR, "service")


def ensure_recorded(tx: Transaction, period: BudgetPeriod, *, at: datetime) -> BudgetPeriod:
    """Put a period on record unless it is, or one that is in force at its opening was recorded meanwhile.

    Args:
        tx: An open write transaction; the caller commits.
        period: As :func:`period_at` or :func:`look_number` gave it.
        at: When it is recorded (aware, UTC); a period that is due by calendar may have begun before.

    Returns:
        The period on record.
    """
    latest = latest_period(tx, period.model, period.version)
    if latest is not None and period.opened_at < latest.ends_at:
        return latest
    return record_period(tx, period, at)


def look_number(
    tx: Transaction, project: Project, version: int, window_id: str, now: datetime
) -> tuple[int, BudgetPeriod]:
    """Which look of the period in force a look at this window is, and the period.

    Args:
        tx: Any transaction.
        project: Names the model and says how long periods are.
        version: Version watched.
        window_id: The window; an earlier look at it is the same look.
        now: When the look is taken; not later than the ``created_at`` that the window will carry, or
            the period's first look would be left out of the count.
    """
    period = period_at(tx, project, version, now)
    taken = looks_in(period, tx.windows.list(project.name, version=version))
    return sum(w.window_id != window_id for w in taken) + 1, period


def looks_in(period: BudgetPeriod, windows: Sequence[Window]) -> list[Window]:
    """Windows of the period's version that were looked at since it opened."""
    return [w for w in windows if w.version == period.version and w.created_at >= period.opened_at]


def open_period(
    tx: Transaction,
    model: str,
    version: int,
    *,
    days: int,
    cause: PeriodCause,
    reason: str,
    actor: Actor,
    at: datetime,
) -> BudgetPeriod:
    """Open a period now, with its ledger entry; what the one before had left lapses.

    Args:
        tx: An open write transaction; the caller commits.
        model: Model name.
        version: Version watched.
        days: How long it lasts by calendar.
        cause: What opens it.
        reason: Why, as a sentence.
        actor: Who opens it.
        at: When (aware, UTC).

    Raises:
        BadInput: No reason was given.
    """
    if len(reason.strip()) < 3:
        raise BadInput(
            "a new budget period needs a reason", remedy="Say in a sentence what changed: it goes on record."
        )
    period = _period(model, version, at, days, cause, reason.strip(), actor.identity, role_of(actor))
    return record_period(tx, period, at)


def period_of_promotion(project: Project, tx: Transaction, rollout: Rollout, event: RolloutEvent) -> None:
    """Open the period of a version that was just promoted; a hook of the rollout controller.

    Args:
        project: Says how long periods are.
        tx: The transaction that enters PROMOTED; the caller commits.
        rollout: The rollout as it stands after the event.
        event: The promotion.
    """
    reason = f"promoted by rollout {rollout.rollout_id}: from now on it has a reference of its own"
    period = _period(
        rollout.model,
        rollout.challenger,
        event.at,
        project.budget.period_days,
        PeriodCause.PROMOTION,
        reason,
        event.actor,
        event.role,
    )
    record_period(tx, period, event.at)


def current_version(tx: Transaction, model: str) -> int | None:
    """The version whose budget people ask about: the last promoted one, else the one looked at last."""
    promoted = last_promoted(tx.rollouts.list(model=model))
    if promoted is not None:
        return promoted
    windows = tx.windows.list(model)
    return max(windows, key=lambda w: w.created_at).version if windows else None


def version_or_current(tx: Transaction, model: str, version: int | None) -> int:
    """The version named, else the current one.

    Raises:
        NotFound: None was named, and none was promoted or looked at yet.
    """
    found = version if version is not None else current_version(tx, model)
    if found is None:
        raise NotFound(
            f"{model}: no version was promoted or looked at yet", remedy="Name one with its version number."
        )
    return found


def _period(
    model: str, version: int, at: datetime, days: int, cause: PeriodCause, reason: str, by: str, role: str
) -> BudgetPeriod:
    period_id = f"{model}/{version}/{at.isoformat()}"
    return BudgetPeriod(period_id, model, version, at, days, cause, reason, by, role)
