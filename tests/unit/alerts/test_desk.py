"""One alert per problem, however many windows show it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.ids import MemoryIds
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.alerts import AlertDesk, Problem
from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.identity import Actor, Role
from ombud.domain.modality import AUDIO, FUSED, Modality
from ombud.domain.verdict import Grade
from ombud.errors import NotFound

ANNA = Actor("anna@example.org", frozenset({Role.ON_CALL}))
ROUTES = ("console", "webhook:http://receiver#1")


class House:
    """A desk on memory stores; every call is one committed transaction."""

    def __init__(self) -> None:
        self.uow = MemoryUnitOfWork()
        self.clock = MemoryClock()
        self.desk = AlertDesk(self.clock, MemoryIds(), ROUTES)

    def take(self, problem: Problem) -> Alert | None:
        with self.uow.begin() as tx:
            alert = self.desk.take(tx, problem)
            tx.commit()
        return alert

    def resolve(self, alert_id: str, *, notify: bool = False) -> Alert:
        with self.uow.begin() as tx:
            alert = self.desk.resolve(tx, alert_id, actor=ANNA, reason="fixed", notify=notify)
            tx.commit()
        return alert

    def alerts(self) -> list[Alert]:
        with self.uow.begin(write=False) as tx:
            return list(tx.alerts.list())

    def promised(self) -> list[str]:
        with self.uow.begin(write=False) as tx:
            return [item.key for item in tx.outbox.pending()]

    def recorded(self) -> int:
        with self.uow.begin(write=False) as tx:
            return len(tx.ledger.entries())


@pytest.fixture
def house() -> House:
    return House()


def problem(
    *evidence: str,
    modality: Modality = AUDIO,
    grade: Grade = Grade.ESTIMATED_HARM,
    severity: Severity = Severity.WARNING,
    version: int = 1,
) -> Problem:
    return Problem("digits", version, "drift", severity, "title", "cause", evidence, modality, grade)


def test_the_first_window_opens_tells_every_route_once_and_is_on_record(house: House) -> None:
    alert = house.take(problem("w1/audio.harm/mean"))
    assert alert is not None
    assert alert.status is AlertStatus.OPEN
    assert house.alerts() == [alert]
    assert house.promised() == [f"alert:{alert.alert_id}:{route}" for route in ROUTES]
    assert house.recorded() == 1


def test_later_windows_add_evidence_and_tell_nobody_again(house: House) -> None:
    first = house.take(problem("w1"))
    house.clock.advance(days=1)
    again = house.take(problem("w1", "w2", grade=Grade.MEASURED_HARM, severity=Severity.CRITICAL))
    assert first is not None
    assert again is not None
    assert again.alert_id == first.alert_id
    assert again.evidence == ("w1", "w2")
    assert (again.grade, again.severity) == (Grade.MEASURED_HARM, Severity.CRITICAL)
    assert again.updated_at - again.opened_at == timedelta(days=1)
    assert len(house.promised()) == len(ROUTES)
    assert house.recorded() == 2


def test_the_same_evidence_again_changes_nothing(house: House) -> None:
    house.take(problem("w1"))
    assert house.take(problem("w1")) is None
    assert house.recorded() == 1


def test_worse_final_answers_join_the_open_alert_of_their_cause(house: House) -> None:
    house.take(problem("w1"))
    joined = house.take(problem("w2/fused", modality=FUSED))
    assert joined is not None
    assert joined.modality == AUDIO
    assert len(house.alerts()) == 1


def test_another_version_is_another_problem(house: House) -> None:
    house.take(problem("w1"))
    house.take(problem("w1", version=2))
    assert len(house.alerts()) == 2


def test_an_acknowledged_alert_still_collects_and_a_resolved_one_frees_its_fingerprint(house: House) -> None:
    first = house.take(problem("w1"))
    assert first is not None
    with house.uow.begin() as tx:
        house.desk.acknowledge(tx, first.alert_id, actor=ANNA, reason="looking")
        tx.commit()
    collected = house.take(problem("w2"))
    assert collected is not None
    assert (collected.alert_id, collected.status) == (first.alert_id, AlertStatus.ACKNOWLEDGED)
    assert house.resolve(first.alert_id).status is AlertStatus.RESOLVED
    before = house.recorded()
    assert house.resolve(first.alert_id).status is AlertStatus.RESOLVED
    assert house.recorded() == before
    second = house.take(problem("w3"))
    assert second is not None
    assert second.alert_id != first.alert_id


def test_resolving_tells_the_routes_when_asked(house: House) -> None:
    alert = house.take(problem("w1"))
    assert alert is not None
    house.resolve(alert.alert_id, notify=True)
    assert house.promised()[len(ROUTES) :] == [f"alert:{alert.alert_id}:{route}:resolved" for route in ROUTES]


def test_without_a_commit_nobody_hears_of_it(house: House) -> None:
    with house.uow.begin() as tx:
        house.desk.take(tx, problem("w1"))
    assert (house.alerts(), house.promised(), house.recorded()) == ([], [], 0)


def test_an_unknown_alert_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        house.resolve("al-x")
