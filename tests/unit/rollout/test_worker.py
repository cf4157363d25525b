"""The worker: one process that moves things, can be woken, and outlives what fails around it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from ombud.adapters.memory.inference_log import MemoryInferenceLog
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.alert import Alert, AlertStatus, Severity
from ombud.domain.inference import LabelledInference
from ombud.domain.ports import LogQuery
from ombud.domain.rollout import OutboxItem, RolloutState
from ombud.errors import NotFound
from ombud.project.schema import RolloutPolicy
from ombud_app.services.rollouts import RolloutService
from ombud_app.services.worker import NotifyEffect, Worker, wake
from unit.rollout.trial import CI, MODEL, ON_CALL, Trial


class Listener:
    """A route that writes down what it hears."""

    route = "pager"

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []

    def deliver(self, alert: Alert, *, event: str, idempotency_key: str) -> None:
        self.heard.append((alert.alert_id, event, idempotency_key))


class TornLog(MemoryInferenceLog):
    def read(self, query: LogQuery) -> Sequence[LabelledInference]:
        raise OSError(f"the log of {query.model} is away")


def test_an_alert_reaches_its_route_by_the_outbox(trial: Trial) -> None:
    listener, now = Listener(), trial.clock.now()
    notify = NotifyEffect(trial.uow, [listener])
    alert = Alert(
        "al-1",
        "digits/2/rollback/",
        MODEL,
        2,
        "rollback",
        None,
        None,
        Severity.CRITICAL,
        "Rolled back",
        "It was worse.",
        ("r-1",),
        {},
        AlertStatus.OPEN,
        now,
        now,
    )
    with trial.uow.begin() as tx:
        tx.alerts.put(alert)
        tx.commit()
    item = OutboxItem("alert:al-1:pager", "notify", {"alert_id": "al-1", "route": "pager"}, now)
    notify(item)
    assert listener.heard == [("al-1", "opened", "alert:al-1:pager")]
    with pytest.raises(NotFound, match="no route 'fax', known: \\['pager'\\]"):
        notify(OutboxItem("k", "notify", {"alert_id": "al-1", "route": "fax"}, now))


def test_a_wake_up_says_whether_anybody_hears_it(trial: Trial) -> None:
    with trial.uow.begin() as tx:
        assert wake(tx, trial.clock.now()) is False
        tx.commit()
    trial.worker.run_once()
    with trial.uow.begin() as tx:
        assert wake(tx, trial.clock.now()) is True
        assert wake(tx, trial.clock.now()) is True
        tx.commit()
    with trial.uow.begin(write=False) as tx:
        assert tx.outbox.pending() == [], "a second wake-up within a second is the same one"


def test_the_loop_runs_until_it_is_told_to_stop(trial: Trial) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=trial.worker.run, args=(stop, 0.001))
    thread.start()
    rollout = trial.start(1)
    trial.approve(1)
    with trial.uow.begin() as tx:
        wake(tx, trial.clock.now())
        tx.commit()
    while trial.state(rollout) is not RolloutState.PROMOTED:
        trial.clock.advance(seconds=1)
    stop.set()
    thread.join()


def test_a_log_that_is_away_stops_no_rollback(tmp_path: Path) -> None:
    trial = Trial(tmp_path, MemoryUnitOfWork(), log=TornLog())
    rollout = trial.in_shadow()
    trial.controller.rollback(rollout.rollout_id, ON_CALL, "users complain")
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK


def test_the_log_is_sealed_now_and_then(trial: Trial) -> None:
    trial.first_champion()
    trial.users(10, {1: 0.1})
    trial.worker.run_once()
    trial.clock.advance(seconds=61)
    trial.worker.run_once()
    assert trial.log.seal() == 0, "the worker has sealed it"


def test_a_second_worker_does_nothing_while_the_first_leads(tmp_path: Path) -> None:
    uow = MemoryUnitOfWork()
    trial = Trial(tmp_path, uow)
    trial.worker.run_once()
    rollout = trial.start(1)
    trial.approve(1)
    effects = type(trial.effects)(uow, trial.clock, {}, owner="w2")
    second = Worker(uow, trial.clock, trial.controller, trial.evidence, effects, trial.log)
    assert second.run_once() == 0
    assert trial.state(rollout) is RolloutState.REGISTERED


def test_the_facade_starts_shows_and_stops(trial: Trial) -> None:
    trial.first_champion()
    service = RolloutService(trial.uow, trial.clock, trial.controller, RolloutPolicy(shadow_requests=5))
    rollout = service.start(MODEL, 2, actor=CI)
    assert rollout.plan.shadow_requests == 5
    status = service.status(rollout.rollout_id)
    assert [e.target for e in status.events] == [RolloutState.REGISTERED]
    assert "waiting for the gate" in status.decision.reason
    trial.approve(2)
    trial.worker.run_once()
    assert service.status(rollout.rollout_id).decision.numbers["alpha"] == 0.05
    found = service.latest(MODEL, 2)
    assert found is not None
    assert found.state is RolloutState.SHADOW
    assert service.hold(rollout.rollout_id, actor=ON_CALL, reason="wait").state is RolloutState.HOLD
    assert service.resume(rollout.rollout_id, actor=ON_CALL, reason="go").state is RolloutState.SHADOW
    assert service.rollback(rollout.rollout_id, actor=ON_CALL, reason="no").state is RolloutState.ROLLING_BACK
