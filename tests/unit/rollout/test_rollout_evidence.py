"""From the log to increments: deduplicated, attributed to the stage that answered, replayable."""

from __future__ import annotations

from ombud.domain.rollout import Arm, RolloutState
from ombud.rollout.alpha import ALL, AVAILABILITY
from ombud_app.services.rollout_evidence import RolloutEvidence
from unit.rollout.trial import Trial

ERROR = {1: 0.1, 2: 0.2}


def test_a_request_counts_once_however_often_one_looks(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.users(40, ERROR)
    assert trial.evidence.collect(rollout) == 80
    assert trial.evidence.collect(rollout) == 0
    trial.users(10, ERROR)
    trial.evidence.collect(rollout)
    with trial.uow.begin(write=False) as tx:
        increments = tx.rollouts.increments(rollout.rollout_id)
    whole = [i for i in increments if i.segment == ALL]
    assert [i.look for i in whole] == [1, 2]
    assert [i.paired.n for i in whole] == [40, 10]
    patterns = [i for i in increments if i.segment not in (ALL, AVAILABILITY)]
    assert {i.segment for i in patterns} == {"text", "audio+text"}
    assert sum(i.paired.n for i in patterns) == 50


def test_a_late_label_counts_in_the_stage_that_answered(trial: Trial) -> None:
    rollout = trial.in_shadow()
    late = trial.users(30, ERROR, labelled=False)
    trial.users(300, {1: 0.05, 2: 0.05})
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.RAMP
    trial.label(late)
    trial.users(20, ERROR)
    trial.evidence.collect(trial.get(rollout))
    with trial.uow.begin(write=False) as tx:
        last = [i for i in tx.rollouts.increments(rollout.rollout_id) if i.look == 2 and i.segment == ALL]
    by_stage = {i.stage: i for i in last}
    assert by_stage[RolloutState.SHADOW].paired.n == 30
    assert sum(by_stage[RolloutState.RAMP].requests.values()) == 20


def test_failures_are_errors_and_are_counted_apart(trial: Trial) -> None:
    rollout = trial.in_shadow()
    trial.users(20, {1: 0.0, 2: 0.0}, fails=2)
    trial.evidence.collect(rollout)
    with trial.uow.begin(write=False) as tx:
        (whole,) = [i for i in tx.rollouts.increments(rollout.rollout_id) if i.segment == ALL]
    assert whole.paired.only_challenger_wrong == 20
    assert whole.failures == {Arm.CHALLENGER: 20}


def test_traffic_outside_the_trial_is_not_evidence(trial: Trial) -> None:
    trial.first_champion()
    trial.users(30, ERROR)
    rollout = trial.start(2)
    trial.approve(2)
    trial.worker.run_once()
    assert RolloutEvidence(trial.uow, trial.log, trial.clock).collect(trial.get(rollout)) == 0


def test_while_baking_the_old_champion_is_the_control(trial: Trial) -> None:
    rollout = trial.in_shadow()
    good = {1: 0.1, 2: 0.05}
    while trial.state(rollout) is not RolloutState.BAKING:
        trial.users(50, good)
        trial.worker.run_once()
    trial.users(60, {1: 0.0, 2: 0.6})
    trial.worker.run_once()
    assert trial.state(rollout) is RolloutState.ROLLED_BACK
    assert "baking" in list(trial.path(rollout))
