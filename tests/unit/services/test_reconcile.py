"""The tamper alarm: it goes off when the champion alias was moved by nobody, and only then."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.alerts import AlertDesk
from ombud.domain.alert import Severity
from ombud.domain.model_version import Alias
from ombud.domain.rollout import RolloutState as S
from ombud.project import parse_project
from ombud.rollout.history import JUDGE
from ombud.rollout.moves import Move, apply
from ombud_app.services.reconcile import ReconcileService
from unit.rollout.trial import MODEL, Trial


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path, MemoryUnitOfWork())


def reconcile(trial: Trial) -> ReconcileService:
    project = parse_project(f"{{name: {MODEL}, task: {{labels: [a, b]}}, data: {{training: x.parquet}}}}")
    return ReconcileService(trial.registry, trial.uow, AlertDesk(trial.clock, trial.ids), project)


def test_an_alias_as_decided_is_no_alarm_and_one_moved_by_nobody_is_one(trial: Trial) -> None:
    trial.first_champion()
    house = reconcile(trial)
    assert house.check() is None
    trial.registry.set_alias(MODEL, Alias.CHAMPION, 3)
    alert = house.check()
    assert alert is not None
    assert (alert.kind, alert.severity, alert.version) == ("tamper", Severity.CRITICAL, 3)
    assert "champion is version 1; the registry points at version 3" in alert.cause
    assert house.check() is None, "told once"
    trial.registry.clear_alias(MODEL, Alias.CHAMPION)
    gone = house.check()
    assert gone is not None
    assert "points nowhere" in gone.cause


def test_a_registry_that_was_in_use_before_keeps_its_champion(trial: Trial) -> None:
    trial.registry.set_alias(MODEL, Alias.CHAMPION, 2)
    assert reconcile(trial).check() is None


def test_a_promotion_between_the_two_questions_is_no_tampering(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollout = trial.in_shadow(2)
    ask: Callable[[str, Alias], int | None] = trial.registry.alias

    def promoted_meanwhile(name: str, alias: Alias) -> int | None:
        monkeypatch.undo()
        for target in (S.RAMP, S.CERTIFIED, S.PROMOTING, S.BAKING):
            with trial.uow.begin() as tx:
                now = tx.rollouts.get(rollout.rollout_id)
                apply(tx, now, Move(target, JUDGE, "certified"), trial.clock.now())
                tx.commit()
        trial.effects.run_once()
        return ask(name, alias)

    monkeypatch.setattr(trial.registry, "alias", promoted_meanwhile)
    assert reconcile(trial).check() is None
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 2
    assert reconcile(trial).check() is None
