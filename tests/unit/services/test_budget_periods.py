"""Budget periods: what opens one, what it leaves on record, and which look a look is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from contracts.storage_examples import at, window
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.events import AuditEvent
from ombud.domain.identity import Actor, Role
from ombud.domain.ports import Transaction
from ombud.domain.rollout import Rollout, RolloutEvent, RolloutState
from ombud.domain.window import Window
from ombud.errors import BadInput, NotFound
from ombud.governance.ledger import unseal
from ombud.project import parse_project
from ombud_app.services.budget_periods import (
    current_version,
    ensure_recorded,
    look_number,
    open_period,
    period_at,
    period_of_promotion,
    version_or_current,
)
from ombud_app.services.budget_records import OPENED, BudgetPeriod, PeriodCause, periods_of
from unit.rollout.trial import Trial

MODEL = "digits"
PROJECT = parse_project("""
name: digits
task: {labels: [none, some]}
data: {training: training.parquet}
budget: {period_days: 10, looks: 4}
""")
OWNER = Actor("olga@example.org", frozenset({Role.MODEL_OWNER}))
DAY = 24 * 60


def seen(day: int, *, version: int = 1) -> Window:
    """A window whose look is taken at the start of that day."""
    return replace(window(f"2026-11-{day + 1:02}", version=version), created_at=at(day * DAY))


def looked(uow: MemoryUnitOfWork, *days: int, version: int = 1) -> None:
    with uow.begin() as tx:
        for day in days:
            tx.windows.put(seen(day, version=version))
        tx.commit()


def number_on(uow: MemoryUnitOfWork, day: int, *, version: int = 1) -> tuple[int, BudgetPeriod]:
    with uow.begin(write=False) as tx:
        return look_number(tx, PROJECT, version, f"{MODEL}/{version}/2026-11-{day + 1:02}", at(day * DAY))


def take_look(uow: MemoryUnitOfWork, day: int) -> int:
    """As monitoring does: number first, then window and period in one transaction."""
    number, period = number_on(uow, day)
    with uow.begin() as tx:
        tx.windows.put(seen(day))
        ensure_recorded(tx, period, at=at(day * DAY))
        tx.commit()
    return number


def declare(uow: MemoryUnitOfWork, when: datetime, reason: str = "site B went live") -> BudgetPeriod:
    with uow.begin() as tx:
        period = open_period(
            tx, MODEL, 1, days=10, cause=PeriodCause.CONTEXT, reason=reason, actor=OWNER, at=when
        )
        tx.commit()
    return period


def openings(uow: MemoryUnitOfWork) -> list[AuditEvent]:
    with uow.begin(write=False) as tx:
        return [e for e in map(unseal, tx.ledger.entries()) if e.action == OPENED]


def test_the_first_look_opens_the_first_period_once() -> None:
    uow = MemoryUnitOfWork()
    assert [take_look(uow, day) for day in (0, 1, 2)] == [1, 2, 3]
    (event,) = openings(uow)
    assert (event.actor, event.role, event.subject) == ("ombud:monitor", "service", "model:digits/1")
    assert event.details["cause"] == "calendar"


def test_looking_again_is_the_same_look() -> None:
    uow = MemoryUnitOfWork()
    take_look(uow, 0)
    take_look(uow, 1)
    assert number_on(uow, 1)[0] == 2


def test_a_period_ends_by_calendar_and_the_next_one_follows_without_a_gap() -> None:
    uow = MemoryUnitOfWork()
    assert [take_look(uow, day) for day in (0, 5, 9, 10, 11, 29)] == [1, 2, 3, 1, 2, 1]
    assert [e.details["period_id"].rpartition("/")[2][:10] for e in openings(uow)] == [
        "2026-11-01",
        "2026-11-11",
        "2026-11-21",
    ]
    assert [e.at for e in openings(uow)] == [at(0), at(10 * DAY), at(29 * DAY)], "recorded when it was seen"
    assert "was over after 10 days" in openings(uow)[1].reason


def test_looks_taken_before_there_were_records_count() -> None:
    uow = MemoryUnitOfWork()
    looked(uow, 0, 15, 18)
    number, period = number_on(uow, 20)
    assert (number, period.opened_at) == (3, at(15 * DAY))


def test_versions_have_periods_of_their_own() -> None:
    uow = MemoryUnitOfWork()
    take_look(uow, 0)
    looked(uow, 1, version=2)
    assert number_on(uow, 2, version=2)[0] == 2
    assert number_on(uow, 2, version=3)[0] == 1


def test_a_declared_change_of_context_starts_the_count_anew_and_says_who_and_why() -> None:
    uow = MemoryUnitOfWork()
    assert [take_look(uow, day) for day in (0, 1)] == [1, 2]
    declared = declare(uow, at(1 * DAY + 60))
    assert [take_look(uow, day) for day in (2, 3)] == [1, 2]
    event = openings(uow)[-1]
    assert (event.actor, event.role, event.reason) == ("olga@example.org", "model_owner", "site B went live")
    assert event.before == openings(uow)[0].after
    with uow.begin(write=False) as tx:
        assert [p.cause for p in periods_of(tx, MODEL, 1)] == [PeriodCause.CONTEXT, PeriodCause.CALENDAR]
        assert periods_of(tx, MODEL, 1)[0] == declared
        assert tx.evidence.get(event.after).content["reason"] == "site B went live"


def test_the_length_of_a_period_is_frozen_when_it_opens() -> None:
    uow = MemoryUnitOfWork()
    declare(uow, at(0))
    longer = PROJECT.model_copy(update={"budget": PROJECT.budget.model_copy(update={"period_days": 100})})
    with uow.begin(write=False) as tx:
        assert period_at(tx, longer, 1, at(9 * DAY)).opened_at == at(0)
        following = period_at(tx, longer, 1, at(12 * DAY))
    assert (following.opened_at, following.ends_at) == (at(10 * DAY), at(110 * DAY))


def test_two_first_looks_at_once_record_one_period() -> None:
    uow = MemoryUnitOfWork()
    mine, yours = number_on(uow, 0)[1], number_on(uow, 1)[1]
    with uow.begin() as tx:
        first = ensure_recorded(tx, mine, at=at(0))
        assert ensure_recorded(tx, yours, at=at(1 * DAY)) == first == mine
        tx.commit()
    assert len(openings(uow)) == 1


def test_nothing_is_opened_without_its_transaction() -> None:
    uow = MemoryUnitOfWork()
    with uow.begin() as tx:
        open_period(
            tx, MODEL, 1, days=10, cause=PeriodCause.CONTEXT, reason="forgot to commit", actor=OWNER, at=at()
        )
    with uow.begin(write=False) as tx:
        assert periods_of(tx, MODEL, 1) == []
    assert openings(uow) == []


@pytest.mark.parametrize("reason", ["", "  ", " x "])
def test_a_reason_is_needed(reason: str) -> None:
    with pytest.raises(BadInput, match="reason"):
        declare(MemoryUnitOfWork(), at(), reason)


def test_a_promotion_opens_a_period_in_its_own_transaction(tmp_path: Path) -> None:
    uow = MemoryUnitOfWork()
    trial = Trial(tmp_path, uow, on_promotion=partial(period_of_promotion, PROJECT))
    trial.first_champion()
    rollout = trial.start(2)
    trial.approve(2)
    trial.worker.run_once()
    assert trial.drive(rollout, {1: 0.1, 2: 0.1}) == "promoted"
    with uow.begin(write=False) as tx:
        events = [unseal(e) for e in tx.ledger.entries()]
        (second,) = periods_of(tx, MODEL, 2)
        assert [p.cause for p in periods_of(tx, MODEL, 1)] == [PeriodCause.PROMOTION], "the bootstrap counts"
        assert current_version(tx, MODEL) == 2
    actions = [(e.action, e.details.get("to")) for e in events]
    opened = [i for i, e in enumerate(events) if e.action == OPENED]
    assert len(opened) == 2
    assert all(actions[i - 1] == ("rollout.transition", "promoted") for i in opened)
    assert second.reason.startswith(f"promoted by rollout {rollout.rollout_id}")
    assert second.opened_at == events[opened[1] - 1].at


def test_a_promotion_that_cannot_be_recorded_does_not_happen(tmp_path: Path) -> None:
    def fail(_tx: Transaction, _rollout: Rollout, _event: RolloutEvent) -> None:
        raise OSError("disk full")

    trial = Trial(tmp_path, MemoryUnitOfWork(), on_promotion=fail)
    rollout = trial.start(1)
    trial.approve(1)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.BOOTSTRAP


def test_the_version_people_mean() -> None:
    uow = MemoryUnitOfWork()
    with uow.begin(write=False) as tx:
        assert current_version(tx, MODEL) is None
        with pytest.raises(NotFound, match="no version"):
            version_or_current(tx, MODEL, None)
        assert version_or_current(tx, MODEL, 7) == 7
    looked(uow, 3, version=2)
    looked(uow, 1, version=5)
    with uow.begin(write=False) as tx:
        assert current_version(tx, MODEL) == 2, "looked at last"


def test_the_end_is_exclusive() -> None:
    uow = MemoryUnitOfWork()
    declared = declare(uow, at(0))
    with uow.begin(write=False) as tx:
        assert period_at(tx, PROJECT, 1, declared.ends_at - timedelta(seconds=1)) == declared
        assert period_at(tx, PROJECT, 1, declared.ends_at).opened_at == declared.ends_at
