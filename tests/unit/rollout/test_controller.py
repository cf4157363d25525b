"""Starting, gating, signing, promoting, rolling back: one transition at a time, all on the ledger."""

from __future__ import annotations

import itertools
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.approval import ApprovalKind, Decision
from ombud.domain.identity import Role
from ombud.domain.model_version import Alias
from ombud.domain.ports import Transaction
from ombud.domain.rollout import Rollout, RolloutEvent, RolloutPlan, RolloutState, Step
from ombud.errors import BadInput, Conflict, NotFound, StaleTransition
from ombud.governance.ledger import verify
from unit.rollout.trial import CI, MODEL, ON_CALL, PLAN, Trial, put_on_record, sign

GOOD = {1: 0.10, 2: 0.08, 3: 0.08}
BAD = {1: 0.10, 2: 0.45, 3: 0.08}


def test_the_first_champion_goes_by_bootstrap(trial: Trial) -> None:
    rollout = trial.start(1)
    trial.worker.run_once()
    assert "no gate evidence" in trial.controller.look(rollout.rollout_id).reason
    trial.approve(1)
    trial.worker.run_once()
    assert trial.path(rollout) == ["registered", "gated", "approved", "bootstrap", "promoted"]
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 1


def test_a_good_candidate_is_promoted(trial: Trial) -> None:
    rollout = trial.in_shadow()
    assert trial.registry.alias(MODEL, Alias.CHALLENGER) == 2
    assert trial.drive(rollout, GOOD) == "promoted"
    assert trial.path(rollout)[3:] == [
        "shadow",
        "ramp",
        "ramp",
        "certified",
        "promoting",
        "baking",
        "promoted",
    ]
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 2
    assert trial.registry.alias(MODEL, Alias.CHALLENGER) is None


def test_a_bad_candidate_is_rolled_back_and_the_alert_is_in_the_same_transaction(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []

    def on_rollback(tx: Transaction, rollout: Rollout, event: RolloutEvent) -> None:
        assert tx.rollouts.get(rollout.rollout_id).state is RolloutState.ROLLING_BACK
        told.append((rollout.rollout_id, event.reason))

    trial = Trial(tmp_path, MemoryUnitOfWork(), on_rollback=on_rollback)
    rollout = trial.in_shadow()
    assert trial.drive(rollout, BAD) == "rolled_back"
    assert trial.path(rollout)[-2:] == ["rolling_back", "rolled_back"]
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 1
    assert trial.registry.alias(MODEL, Alias.CHALLENGER) is None
    assert [r for r, _ in told] == [rollout.rollout_id]
    assert "worse" in told[0][1]


def test_a_candidate_that_never_answers_is_rolled_back_without_one_label(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.users(100, GOOD, labelled=False, fails=2)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK


def test_labels_that_never_come_count_against_promotion(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.users(500, GOOD, labelled=False)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.SHADOW
    trial.clock.advance(seconds=PLAN.stage_seconds + 1)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.HOLD
    trial.clock.advance(seconds=PLAN.hold_seconds + 1)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK


def test_a_hold_of_the_judge_is_lifted_by_evidence(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.clock.advance(seconds=PLAN.stage_seconds + 1)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.HOLD
    trial.users(PLAN.shadow_requests, GOOD)
    trial.worker.run_once()
    assert trial.path(rollout)[-3:] == ["hold", "shadow", "ramp"]


def test_a_hold_of_a_person_is_lifted_by_a_person_or_rolls_back(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.controller.hold(rollout.rollout_id, ON_CALL, "something smells")
    trial.users(PLAN.shadow_requests, GOOD)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.HOLD
    trial.controller.resume(rollout.rollout_id, ON_CALL, "it was the drains")
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.RAMP
    trial.controller.hold(rollout.rollout_id, ON_CALL, "again")
    trial.clock.advance(seconds=PLAN.hold_seconds + 1)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK


def test_every_transition_is_in_the_ledger_with_actor_reason_and_evidence(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.drive(rollout, GOOD)
    with trial.uow.begin(write=False) as tx:
        entries, events = tx.ledger.entries(), tx.rollouts.events(rollout.rollout_id)
    assert verify(entries).ok
    said = [json.loads(e.payload) for e in entries]
    mine = [s for s in said if s["subject"] == f"rollout:{rollout.rollout_id}"]
    assert [(s["actor"], s["reason"], s["details"]["to"]) for s in mine] == [
        (e.actor, e.reason, e.target.value) for e in events
    ]
    assert [s["subject_digest"] for s in mine] == [e.evidence_digest for e in events]
    assert all(now["before"] == then["after"] for then, now in itertools.pairwise(mine))


def test_a_failed_gate_refuses_with_the_failing_check(trial: Trial) -> None:
    rollout = trial.start(1)
    put_on_record(trial.uow, trial.clock, 1, passed=False)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.REFUSED
    assert "Accuracy" in trial.get(rollout).reason


def test_an_approver_can_refuse(trial: Trial) -> None:
    rollout = trial.start(1)
    put_on_record(trial.uow, trial.clock, 1)
    sign(trial.uow, trial.registry, trial.clock, 1, "anna", Role.MODEL_OWNER, decision=Decision.REFUSED)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.REFUSED


def test_the_submitter_cannot_approve_and_one_signature_is_not_two(trial: Trial) -> None:
    rollout = trial.start(1)
    put_on_record(trial.uow, trial.clock, 1)
    sign(trial.uow, trial.registry, trial.clock, 1, CI.identity, Role.MODEL_OWNER)
    sign(trial.uow, trial.registry, trial.clock, 1, "carl", Role.COMPLIANCE_OFFICER)
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.GATED
    assert "1 more signature" in trial.controller.look(rollout.rollout_id).reason


def test_promotion_approval_is_waited_for_where_the_plan_asks(trial: Trial) -> None:
    rollout = trial.in_shadow(plan=replace(PLAN, promotion_approval=True))
    trial.drive(rollout, GOOD, rounds=40)
    assert trial.state(rollout) is RolloutState.CERTIFIED
    sign(trial.uow, trial.registry, trial.clock, 2, "dora", Role.MODEL_OWNER, kind=ApprovalKind.PROMOTION)
    assert trial.drive(rollout, GOOD) == "promoted"


def test_a_newer_candidate_supersedes_and_an_older_one_is_told_to_wait(trial: Trial) -> None:
    old = trial.in_shadow(2)
    newer = trial.start(3)
    trial.worker.run_once()
    assert trial.state(old) is RolloutState.SUPERSEDED
    assert trial.registry.alias(MODEL, Alias.CHALLENGER) is None
    assert newer.control == 1
    with pytest.raises(Conflict, match="not newer"):
        trial.start(2)


def test_starts_that_make_no_sense_are_refused_and_write_nothing(trial: Trial) -> None:
    trial.first_champion()
    with pytest.raises(NotFound):
        trial.start(17)
    with pytest.raises(Conflict, match="champion already"):
        trial.start(1)
    with pytest.raises(BadInput, match="rising"):
        trial.start(2, RolloutPlan(steps=(Step(0.5, 1), Step(0.1, 1))))
    with trial.uow.begin(write=False) as tx:
        assert len(tx.rollouts.list(model=MODEL)) == 1


def test_nothing_new_may_start_while_the_alias_moves(trial: Trial) -> None:
    rollout = trial.in_shadow()
    while trial.state(rollout) is not RolloutState.BAKING:
        trial.users(50, GOOD)
        trial.worker.run_once()
    with pytest.raises(Conflict, match="baking"):
        trial.start(3)


@pytest.mark.parametrize("state", ["shadow", "ramp", "certified", "promoting", "baking"])
def test_on_call_can_roll_back_from_every_live_state(trial: Trial, state: str) -> None:
    rollout = trial.in_shadow()
    for _ in range(100):
        if trial.state(rollout).value == state:
            break
        trial.users(50, GOOD)
        trial.evidence.collect(trial.get(rollout))
        trial.controller.tick(rollout.rollout_id)
        if trial.state(rollout) is not RolloutState.PROMOTING or state == "baking":
            trial.effects.run_once()
    assert trial.state(rollout).value == state
    trial.controller.rollback(rollout.rollout_id, ON_CALL, "users complain")
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 1
    assert trial.registry.alias(MODEL, Alias.CHALLENGER) is None


def test_rolling_back_twice_changes_nothing_and_needs_a_reason(trial: Trial) -> None:
    rollout = trial.in_shadow()
    with pytest.raises(BadInput, match="reason"):
        trial.controller.rollback(rollout.rollout_id, ON_CALL, "  ")
    first = trial.controller.rollback(rollout.rollout_id, ON_CALL, "users complain")
    assert trial.controller.rollback(rollout.rollout_id, ON_CALL, "users complain") == first


def test_abort_before_traffic_refuses_and_a_stale_reading_is_told(trial: Trial) -> None:
    rollout = trial.start(1)
    with pytest.raises(StaleTransition):
        trial.controller.abort(rollout.rollout_id, CI, "wrong file", expected_seq=9)
    assert trial.controller.abort(rollout.rollout_id, CI, "wrong file").state is RolloutState.REFUSED
    with pytest.raises(Conflict):
        trial.controller.rollback(rollout.rollout_id, ON_CALL, "too late")


def test_of_many_promoters_exactly_one_wins(trial: Trial) -> None:
    rollout = trial.in_shadow()
    while trial.state(rollout) is not RolloutState.CERTIFIED:
        trial.users(50, GOOD)
        trial.evidence.collect(trial.get(rollout))
        trial.controller.tick(rollout.rollout_id)
    seq = trial.get(rollout).seq
    controllers = [trial.another_controller() for _ in range(8)]
    decided = [c._decide(rollout.rollout_id) for c in controllers]  # all have read, none has written
    outcomes: list[str] = []
    gate = threading.Barrier(len(controllers))

    def promote(i: int) -> None:
        seen, _, move = decided[i]
        assert move is not None
        gate.wait()
        try:
            controllers[i]._write(seen, move)
            outcomes.append("won")
        except StaleTransition:
            outcomes.append("lost")

    threads = [threading.Thread(target=promote, args=(i,)) for i in range(len(controllers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["lost"] * 7 + ["won"]
    assert trial.get(rollout).seq == seq + 1
    with trial.uow.begin(write=False) as tx:
        assert sum(i.effect == "set_alias" for i in tx.outbox.pending()) == 2


def test_a_registry_that_was_in_use_lends_its_champion_as_control(trial: Trial) -> None:
    trial.registry.set_alias(MODEL, Alias.CHAMPION, 1)
    rollout = trial.start(2)
    assert rollout.control == 1
    trial.approve(2)
    trial.worker.run_once()
    assert trial.drive(rollout, BAD) == "rolled_back"
    assert trial.registry.alias(MODEL, Alias.CHAMPION) == 1
