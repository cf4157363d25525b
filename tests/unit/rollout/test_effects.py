"""The outbox: effects happen once in effect, failures are kept, fences hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.model_version import Alias
from ombud.domain.rollout import OutboxItem, RolloutState
from ombud.errors import Unavailable
from ombud.rollout.effects import AliasEffect, EffectsWorker
from unit.rollout.trial import MODEL, ON_CALL, Trial


def add(trial: Trial, key: str, effect: str) -> None:
    with trial.uow.begin() as tx:
        tx.outbox.add(OutboxItem(key, effect, {}, trial.clock.now()))
        tx.commit()


def items(trial: Trial) -> Sequence[OutboxItem]:
    with trial.uow.begin(write=False) as tx:
        return tx.outbox.pending()


def test_a_failing_effect_is_kept_with_its_attempts_and_does_not_stop_the_others(tmp_path: Path) -> None:
    tries: list[str] = []

    def flaky(item: OutboxItem) -> None:
        tries.append(item.key)
        if len(tries) < 3:
            raise Unavailable("nobody is listening")

    trial = Trial(tmp_path, MemoryUnitOfWork(), more={"flaky": flaky})
    add(trial, "a", "flaky")
    add(trial, "b", "wake")
    assert trial.effects.run_once() == 1
    (left,) = items(trial)
    assert (left.key, left.attempts, left.error) == ("a", 1, "Unavailable: nobody is listening")
    assert trial.effects.run_once() == 0, "it rests before it is tried again"
    assert len(tries) == 1
    for _ in range(2):
        trial.clock.advance(seconds=30)
        trial.effects.run_once()
    assert items(trial) == []
    assert len(tries) == 3


def test_an_effect_that_nobody_knows_is_never_lost(trial: Trial) -> None:
    add(trial, "a", "teleport")
    trial.effects.run_once()
    (left,) = items(trial)
    assert "no handler for effect 'teleport'" in left.error


def test_a_second_worker_waits_for_the_lease_and_a_fenced_one_marks_nothing(trial: Trial) -> None:
    second = EffectsWorker(trial.uow, trial.clock, {"wake": lambda _i: None}, owner="w2", lease_seconds=15)
    first_lease = trial.effects.lead()
    assert first_lease is not None
    assert second.lead() is None
    add(trial, "a", "wake")
    assert second.run_once() == 0
    trial.clock.advance(seconds=16)
    taken = second.lead()
    assert taken is not None
    assert taken.fence > first_lease.fence
    assert trial.effects.run_once() == 0
    assert [i.key for i in items(trial)] == ["a"]
    assert second.run_once() == 1


def test_losing_the_lease_inside_an_effect_leaves_it_to_the_new_owner(tmp_path: Path) -> None:
    done: list[str] = []

    def slow(item: OutboxItem) -> None:
        done.append(item.key)
        trial.clock.advance(seconds=60)
        thief.lead()

    trial = Trial(tmp_path, MemoryUnitOfWork(), more={"slow": slow})
    thief = EffectsWorker(trial.uow, trial.clock, {"slow": lambda _i: done.append("again")}, owner="w2")
    add(trial, "a", "slow")
    assert trial.effects.run_once() == 0
    assert [i.key for i in items(trial)] == ["a"]
    assert thief.run_once() == 1
    assert done == ["a", "again"]


def test_a_delayed_promotion_does_not_undo_the_rollback_after_it(trial: Trial) -> None:
    rollout = trial.in_shadow()
    while trial.state(rollout) is not RolloutState.PROMOTING:
        trial.users(50, {1: 0.1, 2: 0.05})
        trial.evidence.collect(trial.get(rollout))
        trial.controller.tick(rollout.rollout_id)
    (promotion,) = [i for i in items(trial) if i.payload.get("version") == 2]
    trial.controller.rollback(rollout.rollout_id, ON_CALL, "wait")
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK
    AliasEffect(trial.uow, trial.registry)(promotion)
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 1


def test_promoting_waits_until_the_alias_has_been_seen_to_move(trial: Trial) -> None:
    rollout = trial.in_shadow()
    while trial.state(rollout) is not RolloutState.PROMOTING:
        trial.users(50, {1: 0.1, 2: 0.05})
        trial.evidence.collect(trial.get(rollout))
        trial.controller.tick(rollout.rollout_id)
    assert trial.controller.tick(rollout.rollout_id).state is RolloutState.PROMOTING
    trial.effects.run_once()
    assert trial.controller.tick(rollout.rollout_id).state is RolloutState.BAKING
