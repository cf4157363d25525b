"""The judge: what it may do, and that nothing that goes wrong ever passes."""

# ruff: noqa: ARG002  (the told processes ignore what they are given)

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ombud.domain.rollout import Arm, Increment, Outcome2x2, RolloutPlan, Step
from ombud.domain.rollout import RolloutState as S
from ombud.governance.canonical import canonical
from ombud.rollout.alpha import ALL, AVAILABILITY, AlphaSplit
from ombud.rollout.judge import Action, Decision, judge
from ombud_monitors.sequential import RolloutProcesses

T0 = datetime(2026, 11, 1, tzinfo=UTC)
PLAN = RolloutPlan(
    shadow_requests=100, steps=(Step(0.5, 20),), stage_seconds=1000, hold_seconds=100, bake_seconds=60
)


class Fixed:
    """Processes that say what they are told to say."""

    def __init__(self, harm: float = 1.0, not_worse: float = 1.0) -> None:
        self.harm, self.not_worse = harm, not_worse

    def paired_harm(self, increments: Sequence[Increment], /) -> float:
        return self.harm

    def split_harm(self, increments: Sequence[Increment], /) -> float:
        return self.harm

    def paired_not_worse(self, increments: Sequence[Increment], /, *, delta: float) -> float:
        return self.not_worse

    def split_not_worse(self, increments: Sequence[Increment], /, *, delta: float) -> float:
        return self.not_worse


class Raising(Fixed):
    def paired_harm(self, increments: Sequence[Increment], /) -> float:
        raise ArithmeticError("the sum overflowed")


def pairs(look: int, counts: Outcome2x2, segment: str = ALL, stage: S = S.SHADOW) -> Increment:
    return Increment(look, stage, 0, segment, T0, paired=counts)


def split(look: int, n: int, m: int) -> Increment:
    requests = {Arm.CONTROL: n, Arm.CHALLENGER: m}
    return Increment(look, S.RAMP, 0, ALL, T0, requests=requests, errors={Arm.CONTROL: 1, Arm.CHALLENGER: 1})


def say(
    state: S,
    increments: Sequence[Increment],
    processes: Fixed | RolloutProcesses,
    *,
    after: float = 1,
    held: float = -1,
) -> Decision:
    now = T0 + timedelta(seconds=after)
    since = now - timedelta(seconds=held) if held >= 0 else None
    return judge(PLAN, state, 0, increments, processes, now=now, stage_started=T0, held_since=since)


GOOD = pairs(1, Outcome2x2(both_right=100))


def test_waits_for_pairs_then_advances() -> None:
    assert say(S.SHADOW, [], Fixed()).action is Action.WAIT
    assert say(S.SHADOW, [GOOD], Fixed()).action is Action.ADVANCE


def test_no_data_holds_and_holding_too_long_rolls_back() -> None:
    assert say(S.SHADOW, [], Fixed(), after=1001).action is Action.HOLD
    assert say(S.SHADOW, [], Fixed(), after=1001, held=99).action is Action.HOLD
    late = say(S.SHADOW, [], Fixed(), after=1001, held=101)
    assert late.action is Action.ROLL_BACK
    assert "on hold for 101 s" in late.reason


@pytest.mark.parametrize("state", [S.SHADOW, S.RAMP, S.CERTIFIED, S.BAKING])
@pytest.mark.parametrize("processes", [Raising(), Fixed(math.nan), Fixed(1.0, math.nan), Fixed(-1.0)])
def test_a_failing_judge_holds_and_never_passes(state: S, processes: Fixed) -> None:
    assert say(state, [GOOD, split(2, 50, 50)], processes, after=70).action is Action.HOLD


def test_the_failure_is_the_reason() -> None:
    said = say(S.SHADOW, [GOOD], Raising())
    assert said.reason == "the judge failed: ArithmeticError: the sum overflowed"


@pytest.mark.parametrize("state", [S.SHADOW, S.RAMP, S.CERTIFIED, S.PROMOTING, S.BAKING])
def test_harm_rolls_back_from_every_stage(state: S) -> None:
    assert say(state, [GOOD, split(2, 50, 50)], Fixed(harm=1e9), after=70).action is Action.ROLL_BACK


def test_harm_in_an_earlier_stage_still_counts() -> None:
    """A late label of a shadow request can roll back a ramp: crossings latch."""
    bad = pairs(3, Outcome2x2(both_right=20, only_challenger_wrong=40))
    said = say(S.RAMP, [GOOD, split(2, 5, 5), bad], RolloutProcesses())
    assert said.action is Action.ROLL_BACK
    assert "shadow" in said.reason


def test_the_last_step_needs_the_certificate() -> None:
    enough = [GOOD, split(2, 50, 50)]
    assert say(S.RAMP, enough, Fixed(not_worse=1.0)).action is Action.WAIT
    assert say(S.RAMP, enough, Fixed(not_worse=1.0), after=1001).action is Action.HOLD
    assert say(S.RAMP, enough, Fixed(not_worse=1e6)).action is Action.CERTIFY
    assert say(S.RAMP, [GOOD, split(2, 50, 19)], Fixed(not_worse=1e6)).action is Action.WAIT


def test_a_sample_ratio_mismatch_holds_even_with_a_certificate() -> None:
    said = say(S.RAMP, [GOOD, split(2, 500, 100)], Fixed(not_worse=1e6))
    assert said.action is Action.HOLD
    assert "sample-ratio mismatch" in said.reason


def test_missing_answers_count_without_labels() -> None:
    """Sixty requests that the challenger did not answer, none of them labelled."""
    gone = pairs(1, Outcome2x2(only_challenger_wrong=60), AVAILABILITY)
    said = say(S.SHADOW, [gone], RolloutProcesses())
    assert said.action is Action.ROLL_BACK
    assert "availability" in said.reason


def test_one_bad_segment_rolls_back_although_the_whole_looks_fine() -> None:
    bad = pairs(1, Outcome2x2(both_right=5, only_challenger_wrong=40), "audio")
    whole = pairs(1, Outcome2x2(both_right=5, only_control_wrong=40, only_challenger_wrong=40))
    said = say(S.SHADOW, [whole, bad], RolloutProcesses())
    assert said.action is Action.ROLL_BACK
    assert "'audio'" in said.reason


def test_shares_of_all_guardrails_add_up_to_alpha_and_are_shown() -> None:
    split_of = AlphaSplit(0.05, family=7)
    total = split_of.sample_ratio
    for stage in (S.SHADOW, S.RAMP, S.BAKING):
        total += split_of.harm(stage, ALL) + split_of.harm(stage, AVAILABILITY)
        total += 7 * split_of.harm(stage, "any pattern")
    assert total == pytest.approx(0.05)
    assert split_of.certificate(S.SHADOW) + split_of.certificate(S.RAMP) == pytest.approx(0.05)
    rows = say(S.SHADOW, [GOOD], RolloutProcesses()).numbers["guardrails"]
    assert all(row["threshold"] == pytest.approx(1 / row["alpha"]) for row in rows)


def test_replay_in_any_order_gives_the_same_verdict_to_the_last_byte() -> None:
    looks = [pairs(i, Outcome2x2(20, 1, 2, 1)) for i in range(1, 9)] + [split(9, 30, 31), split(10, 20, 18)]
    first = say(S.RAMP, looks, RolloutProcesses())
    again = say(S.RAMP, list(reversed(looks)), RolloutProcesses())
    assert first == again
    assert canonical(first.numbers) == canonical(again.numbers)


def test_infinite_evidence_is_still_json() -> None:
    canonical(say(S.SHADOW, [GOOD], Fixed(harm=math.inf)).numbers)
