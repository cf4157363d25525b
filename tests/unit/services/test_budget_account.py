"""The account: spent, lapsed and remaining add up to what was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import at, verdict, window
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.project import Project, parse_project
from ombud_app.services.budget_account import MonitorAccount, account_of, cost, unspent_account
from ombud_app.services.budgeting import budget_of

DAY = 24 * 60
TEXT = """
name: digits
task: {labels: [none, some]}
data: {training: training.parquet}
budget: {looks: 4, open_ended: OPEN}
"""


def watched(*, open_ended: bool = False) -> Project:
    return parse_project(TEXT.replace("OPEN", str(open_ended).lower()))


def look(uow: MemoryUnitOfWork, project: Project, day: int, number: int, *, able: bool = True) -> None:
    """One look: audio.harm judges if it can, at its level; a second opinion is stored beside it."""
    seen = replace(window(f"2026-11-{day + 1:02}"), created_at=at(day * DAY))
    level = budget_of(project).level("audio.harm", number) if able else None
    given = verdict("v", window_id=seen.window_id, minutes=day * DAY)
    with uow.begin() as tx:
        tx.windows.put(seen)
        judged = replace(given.verdict, monitor="audio.harm", threshold=level)
        tx.verdicts.put(replace(given, verdict_id=f"{seen.window_id}/1", advisory=False, verdict=judged))
        asked = replace(judged, detector="alibi-detect:mmd", threshold=0.05)
        tx.verdicts.put(replace(given, verdict_id=f"{seen.window_id}/2", advisory=True, verdict=asked))
        tx.commit()


def audio(uow: MemoryUnitOfWork, project: Project, day: int) -> MonitorAccount:
    with uow.begin(write=False) as tx:
        found = account_of(tx, project, 1, at(day * DAY))
    return next(line for line in found.lines if line.monitor == "audio.harm")


@pytest.mark.parametrize("open_ended", [False, True])
def test_what_was_given_is_spent_lapsed_or_left(open_ended: bool) -> None:
    project, uow = watched(open_ended=open_ended), MemoryUnitOfWork()
    for number, (day, able) in enumerate([(0, True), (1, False), (2, True)], start=1):
        look(uow, project, day, number, able=able)
    line, level = audio(uow, project, 3), budget_of(project).level("audio.harm", 1)
    assert line.spent == pytest.approx(2 * level)
    assert line.lapsed == pytest.approx(level)
    assert line.spent + line.lapsed + line.remaining == pytest.approx(line.total)
    assert (line.judged, line.level) == (2, budget_of(project).level("audio.harm", 4))


def test_a_spent_plan_has_nothing_left_and_an_open_one_always_something() -> None:
    for open_ended in (False, True):
        project, uow = watched(open_ended=open_ended), MemoryUnitOfWork()
        for number, day in enumerate(range(6), start=1):
            look(uow, project, day, number)
        line = audio(uow, project, 6)
        assert (line.level > 0, line.remaining > 1e-9) == (open_ended, open_ended)
        assert line.spent <= line.total


def test_only_verdicts_of_this_period_count_and_second_opinions_cost_nothing() -> None:
    project, uow = watched(), MemoryUnitOfWork()
    look(uow, project, 0, 1)
    look(uow, project, 29, 2)
    with uow.begin(write=False) as tx:
        before = account_of(tx, project, 1, at(29 * DAY + 1))
        after = account_of(tx, project, 1, at(70 * DAY))
    assert (before.looks_taken, len(before.verdicts)) == (2, 2)
    assert [v.window_id for v in before.verdicts] == ["digits/1/2026-11-30", "digits/1/2026-11-01"]
    assert all(cost(v) == v.verdict.threshold for v in before.verdicts)
    assert (after.looks_taken, after.verdicts) == (0, ())
    with uow.begin(write=False) as tx:
        assert {cost(v) for v in tx.verdicts.list("digits") if v.advisory} == {0.0}


def test_before_any_version_there_is_only_the_plan() -> None:
    account = unspent_account(watched())
    assert (account.version, account.period, account.looks_taken) == (None, None, 0)
    assert sum(line.remaining for line in account.lines) == pytest.approx(0.05)
    assert all(line.spent == line.lapsed == 0 for line in account.lines)
