"""Two arms and pairs, arrays in: against the definition, the rollout's functions, and their own laws."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise, product

import numpy as np
import pytest

from ombud.domain.rollout import Arm, Increment, Outcome2x2, RolloutState
from ombud.errors import BadInput, Corrupted
from ombud_monitors.sequential import (
    Block,
    Blocks,
    DifferenceSequence,
    MeanSequence,
    PairedProcess,
    TwoArmProcess,
    paired_harm,
    paired_not_worse,
    split_harm,
    split_not_worse,
)
from ombud_monitors.sequential.difference import GAPS, SIZES

AT = datetime(2026, 11, 1, tzinfo=UTC)


def looks(seed: int, count: int, control: float, challenger: float) -> list[tuple[list[int], list[int]]]:
    rng = np.random.default_rng(seed)
    return [([40, 30], [rng.binomial(40, control), rng.binomial(30, challenger)]) for _ in range(count)]


def blocks(seed: int, count: int, control: float, challenger: float) -> list[Block]:
    made = Blocks()
    found = [made.add(n, e, stratum=0) for n, e in looks(seed, count, control, challenger)]
    return [block for block in found if block is not None]


def block_wealth(made: list[Block], gap: float, toward: int) -> np.ndarray:
    """``(looks,)`` the definition in two_arm's docstring, factor by factor, mixed at last."""
    wealth, path = np.ones(len(SIZES.sizes)), []
    for block in made:
        (n_a, n_b), (e_a, e_b), g = block.requests, block.errors, block.guess
        k = SIZES.sizes.copy()
        a, b = n_b / (n_a + n_b), n_a / (n_a + n_b)
        paid = {
            "control wrong": -toward * a * (1 - g),
            "control right": toward * a * g,
            "challenger wrong": toward * b * (1 - gap - g),
            "challenger right": -toward * b * (gap + g),
        }
        k = np.minimum(k, 0.98 / max(-v for v in paid.values()))
        for (_, pay), often in zip(paid.items(), (e_a, n_a - e_a, e_b, n_b - e_b), strict=True):
            wealth = wealth * (1 + k * pay) ** often
        path.append(float(np.exp(SIZES.log_weights) @ wealth))
    return np.array(path)


@pytest.mark.parametrize(("control", "challenger"), [(0.1, 0.3), (0.5, 0.45)])
def test_the_interval_is_what_no_e_process_rejects(control: float, challenger: float) -> None:
    made = blocks(1, 25, control, challenger)
    seen = DifferenceSequence(alpha=0.1).add(made)
    above = [block_wealth(made, gap, 1).max() >= 20 for gap in GAPS]
    below = [block_wealth(made, gap, -1).max() >= 20 for gap in GAPS]
    first, last = above.index(False), len(GAPS) - below[::-1].index(False)
    assert seen.lower == GAPS[first - 1]
    assert seen.upper == GAPS[last]
    assert seen.covers(challenger - control)


def test_tested_differences_are_dense_where_models_differ() -> None:
    steps = np.diff(GAPS)
    assert (np.sort(GAPS) == GAPS).all()
    assert 0.0 in GAPS
    near = np.abs(GAPS[:-1]) < 0.01
    assert steps[near].max() < 0.0009
    assert (steps[~near] / np.abs(GAPS[:-1][~near])).max() < 0.07


def test_the_estimate_is_mantel_haenszel_over_blocks() -> None:
    made = [Block((30, 10), (3, 2), 0.1), Block((10, 30), (5, 18), 0.2)]
    weight = 30 * 10 / 40
    expected = (weight * (0.2 - 0.1) + weight * (0.6 - 0.5)) / (2 * weight)
    assert DifferenceSequence().add(made).estimate == pytest.approx(expected)


def test_limits_only_close_in_and_the_state_shrinks() -> None:
    sequence = DifferenceSequence()
    seen = [sequence.add([block]) for block in blocks(2, 60, 0.1, 0.12)]
    assert all(a.lower <= b.lower and a.upper >= b.upper for a, b in pairwise(seen))
    assert len(sequence.state()["gaps"]) < len(GAPS) / 1.5
    assert len(json.dumps(sequence.state())) < 60_000
    at_once = DifferenceSequence().add(blocks(2, 60, 0.1, 0.12))
    assert (at_once.lower, at_once.upper) == (seen[-1].lower, seen[-1].upper)


def test_a_difference_that_turned_around_empties_the_interval() -> None:
    sequence = DifferenceSequence()
    sequence.add(blocks(3, 40, 0.1, 0.4))
    seen = sequence.add(blocks(4, 60, 0.4, 0.1))
    assert seen.width < 0
    assert sequence.add(blocks(5, 3, 0.1, 0.1)).n == seen.n + 210


@pytest.mark.parametrize(("alternative", "margin"), [("greater", 0.0), ("less", 0.02)])
def test_rollout_and_public_form_are_one_engine(alternative: str, margin: float) -> None:
    process = TwoArmProcess(margin, alternative=alternative)
    increments = []
    for look, (requests, errors) in enumerate(looks(6, 40, 0.05, 0.12), start=1):
        step = look // 15
        process.update_counts(requests, errors, stratum=step)
        increments.append(
            Increment(
                look,
                RolloutState.RAMP,
                step,
                "all",
                AT,
                requests={Arm.CONTROL: requests[0], Arm.CHALLENGER: requests[1]},
                errors={Arm.CONTROL: errors[0], Arm.CHALLENGER: errors[1]},
            )
        )
    rollout = split_harm(increments) if margin == 0 else split_not_worse(increments, delta=margin)
    assert process.evidence.peak == pytest.approx(rollout)


def test_requests_one_by_one_are_counted_per_stratum_in_looks_of_120() -> None:
    rng = np.random.default_rng(7)
    arm, wrong = rng.random(600) < 0.4, rng.random(600) < 0.1
    strata = np.where(np.arange(600) % 3 == 0, "night", "day")
    by_request, by_count = TwoArmProcess(), TwoArmProcess()
    by_request.update(arm, wrong, strata=strata)
    for name in ("night", "day"):
        inside = np.flatnonzero(strata == name)
        for part in np.split(inside, range(120, len(inside), 120)):
            by_count.update_counts(
                [int((~arm[part]).sum()), int(arm[part].sum())],
                [int((wrong & ~arm)[part].sum()), int((wrong & arm)[part].sum())],
                stratum=name,
            )
    assert by_request.evidence == by_count.evidence
    assert by_request.evidence.n == 600


def test_strata_guess_for_themselves() -> None:
    """Interleaved strata of very different rates: each block's guess nears its own stratum's rate."""
    made = Blocks()
    for _ in range(20):
        easy = made.add((50, 50), (1, 1), stratum="easy")
        hard = made.add((50, 50), (20, 20), stratum="hard")
    assert easy is not None
    assert hard is not None
    assert (easy.guess, hard.guess) == (pytest.approx(0.02, abs=0.01), pytest.approx(0.4, abs=0.01))


def test_one_arm_alone_is_no_evidence() -> None:
    seen = TwoArmProcess().update(np.ones(500), np.ones(500))
    assert (seen.n, seen.peak, seen.lower, seen.upper) == (0, 1.0, -1.0, 1.0)
    assert np.isnan(seen.estimate)


@pytest.mark.parametrize("margin", [-0.2, 0.0, 0.1])
@pytest.mark.parametrize("alternative", ["less", "greater"])
def test_the_paired_e_value_has_expectation_one_at_the_margin(margin: float, alternative: str) -> None:
    """All sequences of five pairs whose difference of error rates is the margin, summed exactly."""
    worse = 0.3 + margin / 2
    chances = {(1, 0): 0.3 - margin / 2, (0, 0): 0.4, (0, 1): worse}
    total = 0.0
    for pairs in product(chances, repeat=5):
        chance = float(np.prod([chances[pair] for pair in pairs]))
        control, challenger = zip(*pairs, strict=True)
        total += chance * PairedProcess(margin, alternative=alternative).update(control, challenger).e_value
    assert total == pytest.approx(1.0)


def test_shadow_and_public_form_are_one_engine() -> None:
    rng = np.random.default_rng(8)
    harm, within = PairedProcess(), PairedProcess(0.05, alternative="less")
    increments = []
    for look in range(1, 30):
        better, worse, same = rng.multinomial(30, [0.02, 0.04, 0.94]).tolist()
        harm.update_counts(better=better, worse=worse, same=same)
        within.update_counts(better=better, worse=worse, same=same)
        paired = Outcome2x2(same, better, worse, 0)
        increments.append(Increment(look, RolloutState.SHADOW, 0, "all", AT, paired=paired))
    assert harm.evidence.peak == pytest.approx(paired_harm(increments))
    assert within.evidence.peak == pytest.approx(paired_not_worse(increments, delta=0.05))


def test_agreements_leave_the_test_alone_and_narrow_the_interval() -> None:
    few, many = PairedProcess(), PairedProcess()
    a = few.update_counts(better=3, worse=9, same=0)
    b = many.update_counts(better=3, worse=9, same=988)
    assert a.e_value == b.e_value
    assert b.width < a.width
    assert (a.estimate, b.estimate) == (pytest.approx(0.5), pytest.approx(0.006))
    alone = PairedProcess().update([1, 0, 1, 0], [1, 0, 0, 1])
    assert alone.e_value == pytest.approx(PairedProcess().update([1, 0], [0, 1]).e_value)


def test_the_paired_interval_is_the_mean_of_the_differences() -> None:
    rng = np.random.default_rng(9)
    control, challenger = rng.random(400) < 0.2, rng.random(400) < 0.3
    seen = PairedProcess().update(control, challenger)
    mean = MeanSequence(-1, 1).update(challenger.astype(int) - control)
    assert (seen.estimate, seen.lower, seen.upper) == pytest.approx((mean.estimate, mean.lower, mean.upper))


def test_swapping_the_versions_turns_the_paired_evidence_around() -> None:
    rng = np.random.default_rng(10)
    control, challenger = rng.random(300) < 0.2, rng.random(300) < 0.3
    one = PairedProcess(0.05, alternative="less").update(control, challenger)
    other = PairedProcess(-0.05, alternative="greater").update(challenger, control)
    assert other.e_value == pytest.approx(one.e_value)
    assert (other.lower, other.upper) == pytest.approx((-one.upper, -one.lower))


def test_restored_states_continue_bit_for_bit() -> None:
    rng = np.random.default_rng(11)
    arm, wrong = rng.random((2, 500)) < 0.5, rng.random((2, 500)) < 0.2
    strata = [["a", "b"][i % 2] for i in range(500)]
    split = TwoArmProcess(0.01, alternative="less", alpha=0.01)
    split.update(arm[0], wrong[0], strata=strata)
    again = TwoArmProcess.restore(json.loads(json.dumps(split.state())))
    assert again.update(arm[1], wrong[1], strata=strata) == split.update(arm[1], wrong[1], strata=strata)
    assert again.state() == split.state()
    paired = PairedProcess(0.02, alternative="less", alpha=0.01)
    paired.update(arm[0], wrong[0])
    twin = PairedProcess.restore(json.loads(json.dumps(paired.state())))
    assert twin.update(arm[1], wrong[1]) == paired.update(arm[1], wrong[1])
    assert twin.state() == paired.state()
    with pytest.raises(Corrupted):
        PairedProcess.restore({**paired.state(), "margin": 0.5})


def test_bad_input_is_refused_and_leaves_no_trace() -> None:
    split, paired = TwoArmProcess(), PairedProcess()
    before = split.state(), paired.state()
    with pytest.raises(BadInput, match="one length"):
        split.update([0, 1], [0])
    with pytest.raises(BadInput, match="0 and 1"):
        split.update([0, 2], [0, 1])
    with pytest.raises(BadInput, match="strata as names"):
        split.update([0, 1], [0, 1], strata=[0.5, 1.5])  # type: ignore[list-item]
    with pytest.raises(BadInput, match="errors <= requests"):
        split.update_counts([5, 5], [6, 0])
    with pytest.raises(BadInput, match="one length"):
        paired.update([0, 1], [0])
    with pytest.raises(BadInput, match="not finite"):
        paired.update([0, np.nan], [0, 1])
    with pytest.raises(BadInput, match="at least 0"):
        paired.update_counts(better=-1, worse=0, same=0)
    assert (split.state(), paired.state()) == before


@pytest.mark.parametrize("kind", [TwoArmProcess, PairedProcess])
def test_bad_settings_are_refused(kind: type) -> None:
    with pytest.raises(BadInput, match="margin"):
        kind(1.0)
    with pytest.raises(BadInput, match="alternative"):
        kind(alternative="two-sided")
    with pytest.raises(BadInput, match="alpha"):
        kind(alpha=1.0)
