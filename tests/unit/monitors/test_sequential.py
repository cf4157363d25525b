"""E-processes against exact truth: expectations under the null, laws, bad input."""

from __future__ import annotations

from datetime import UTC, datetime
from math import comb

import numpy as np
import pytest

from ombud.domain.rollout import Arm, Increment, Outcome2x2, RolloutState
from ombud.errors import BadInput
from ombud_monitors.sequential import (
    RolloutProcesses,
    paired_harm,
    paired_not_worse,
    split_harm,
    split_not_worse,
)
from ombud_monitors.sequential.two_arm import SMALLEST_BLOCK, Block, blocks, gains

AT = datetime(2026, 11, 1, tzinfo=UTC)


def shadow(better: int, worse: int, same: int = 0, look: int = 1) -> Increment:
    paired = Outcome2x2(same, better, worse, 0)
    return Increment(look, RolloutState.SHADOW, 0, "all", AT, paired=paired)


def ramp(control: tuple[int, int], challenger: tuple[int, int], step: int = 0, look: int = 1) -> Increment:
    """One look: (errors, requests) per arm."""
    return Increment(
        look,
        RolloutState.RAMP,
        step,
        "all",
        AT,
        requests={Arm.CONTROL: control[1], Arm.CHALLENGER: challenger[1]},
        errors={Arm.CONTROL: control[0], Arm.CHALLENGER: challenger[0]},
    )


def test_nothing_seen_is_no_evidence() -> None:
    processes = RolloutProcesses()
    for increments in ([], [shadow(0, 0)], [ramp((0, 0), (0, 0))]):
        assert processes.paired_harm(increments) == 1.0
        assert processes.paired_not_worse(increments, delta=0.02) == 1.0
        assert processes.split_harm(increments) == 1.0
        assert processes.split_not_worse(increments, delta=0.02) == 1.0


@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_paired_harm_has_expectation_at_most_one_before_the_supremum(rate: float) -> None:
    """One look of n disagreements: the mixture itself, summed exactly over the binomial."""
    n = 12
    total = 0.0
    for worse in range(n + 1):
        chance = comb(n, worse) * rate**worse * (1 - rate) ** (n - worse)
        bets = np.linspace(0.02, 0.98, 49)
        total += chance * float(np.mean((1 + bets) ** worse * (1 - bets) ** (n - worse)))
        value = paired_harm([shadow(n - worse, worse)])
        assert value == pytest.approx(max(1.0, np.mean((1 + bets) ** worse * (1 - bets) ** (n - worse))))
    assert total <= 1 + 1e-12
    if rate == 0.5:
        assert total == pytest.approx(1.0)


@pytest.mark.parametrize("guess", [0.02, 0.1, 0.4])
@pytest.mark.parametrize(
    ("control", "challenger", "gap", "toward"),
    [
        (0.05, 0.05, 0.0, 1),
        (0.3, 0.3, 0.0, 1),
        (0.3, 0.1, 0.0, 1),
        (0.05, 0.07, 0.02, -1),
        (0.05, 0.2, 0.02, -1),
        (0.5, 0.52, 0.02, -1),
    ],
)
def test_a_block_has_expectation_at_most_one_whatever_the_guess(
    guess: float, control: float, challenger: float, gap: float, toward: int
) -> None:
    """The proof in two_arm's docstring, checked by summing over all outcomes of a small block."""
    n_a, n_b = 7, 4
    sizes = np.array([0.05, 0.3, 1.0, 3.0, 30.0])
    total = np.zeros(len(sizes))
    for e_a in range(n_a + 1):
        for e_b in range(n_b + 1):
            chance = comb(n_a, e_a) * control**e_a * (1 - control) ** (n_a - e_a)
            chance *= comb(n_b, e_b) * challenger**e_b * (1 - challenger) ** (n_b - e_b)
            block = Block((n_a, n_b), (e_a, e_b), guess)
            total += chance * np.exp(gains([block], sizes, gaps=gap, toward=toward)[0])
    assert (total <= 1 + 1e-12).all()


def test_guesses_come_from_earlier_blocks_only() -> None:
    looks = [ramp((1, 20), (1, 20), look=1), ramp((9, 20), (9, 20), look=2)]
    changed = [looks[0], ramp((0, 20), (20, 20), look=2)]
    assert [b.guess for b in blocks(looks)] == [b.guess for b in blocks(changed)]


def test_small_looks_wait_for_the_next_of_their_step_and_never_mix_steps() -> None:
    small = [ramp((0, 3), (1, 3), look=i) for i in range(1, 5)]
    merged = list(blocks(small))
    assert [sum(b.requests) for b in merged] == [SMALLEST_BLOCK, SMALLEST_BLOCK]
    across = [ramp((0, 5), (1, 5), step=0), ramp((0, 5), (1, 5), step=1, look=2)]
    assert list(blocks(across)) == []


def test_late_labels_of_a_step_join_their_own_step() -> None:
    """The first step's labels go on arriving while the second is under way."""
    late = [ramp((0, 5), (1, 5)), ramp((0, 9), (1, 2), step=1, look=2), ramp((1, 2), (0, 2), look=3)]
    assert [b.requests for b in blocks(late)] == [(7, 7)]


def test_a_look_with_one_arm_only_waits_for_the_other() -> None:
    looks = [ramp((2, 40), (0, 0)), ramp((1, 20), (3, 5), look=2)]
    assert [b.requests for b in blocks(looks)] == [(60, 5)]
    baking = Increment(
        3, RolloutState.BAKING, 0, "all", AT, requests={Arm.CHALLENGER: 50}, errors={Arm.CHALLENGER: 50}
    )
    assert split_harm([baking]) == 1.0


def test_a_crossing_latches() -> None:
    bad = [shadow(0, 12)]
    assert paired_harm([*bad, shadow(500, 0, look=2)]) == paired_harm(bad) > 20
    broken = [ramp((2, 60), (40, 60))]
    assert split_harm([*broken, ramp((600, 600), (0, 600), look=2)]) == split_harm(broken) > 20


def test_evidence_points_the_right_way() -> None:
    assert paired_harm([shadow(40, 2, 400)]) < 2 < 20 < paired_not_worse([shadow(40, 2, 400)], delta=0.0)
    assert paired_not_worse([shadow(2, 40, 400)], delta=0.02) == pytest.approx(1.0, abs=0.5)
    better = [ramp((60, 200), (20, 200), look=i) for i in range(1, 4)]
    assert split_harm(better) < 2 < 20 < split_not_worse(better, delta=0.0)
    worse = [ramp((20, 200), (60, 200), look=i) for i in range(1, 4)]
    assert split_not_worse(worse, delta=0.02) < 2 < 20 < split_harm(worse)


def test_a_wider_margin_is_easier_to_certify() -> None:
    values = [paired_not_worse([shadow(5, 5, 600)], delta=d) for d in (0.005, 0.01, 0.02, 0.05)]
    assert values == sorted(values)
    assert values[-1] > 20


def test_agreement_is_no_evidence_of_harm_but_is_evidence_of_no_harm() -> None:
    assert paired_harm([shadow(0, 0, 1000)]) == 1.0
    assert paired_not_worse([shadow(0, 0, 1000)], delta=0.02) > 1000


def test_overwhelming_evidence_stays_a_finite_number() -> None:
    assert paired_harm([shadow(0, 100_000)]) == 1e300
    assert split_harm([ramp((0, 10**6), (10**6, 10**6))]) == 1e300


def test_a_drifting_base_rate_does_not_pose_as_harm() -> None:
    """Pooled over steps the challenger looks far worse: it got its traffic when the base rate was high."""
    steps = [
        ramp((28, 950), (2, 50), step=0),
        ramp((37, 750), (13, 250), step=1, look=2),
        ramp((35, 500), (35, 500), step=2, look=3),
    ]
    assert split_harm(steps) < 2


@pytest.mark.parametrize("delta", [-0.01, 1.0, 2.0])
def test_margins_that_are_none_are_refused(delta: float) -> None:
    for process in (paired_not_worse, split_not_worse):
        with pytest.raises(BadInput, match="delta"):
            process([], delta=delta)


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(BadInput, match="errors <= requests"):
        split_harm([ramp((5, 4), (0, 10))])
    with pytest.raises(BadInput, match="negative"):
        paired_harm([shadow(-1, 0)])
