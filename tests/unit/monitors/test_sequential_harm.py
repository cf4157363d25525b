"""Tracking a risk with late labels: bookkeeping, the link of alarm and limits, refusals."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from ombud.errors import BadInput, Corrupted
from ombud_monitors.sequential import HarmfulShift, MeanProcess, MeanSequence
from ombud_monitors.sequential.arrivals import Arrivals
from ombud_monitors.sequential.betting import enough


def names(n: int) -> list[str]:
    return [f"r{i}" for i in range(n)]


def reference(n: int = 1000, rate: float = 0.1) -> np.ndarray:
    return (np.arange(n) < rate * n).astype(float)


def tracker(n: int = 1000, **settings: float) -> HarmfulShift:
    shift = HarmfulShift(reference(), **{"tolerance": 0.02, **settings})
    shift.requested(names(n))
    return shift


def test_the_null_is_the_references_upper_limit_plus_the_tolerance() -> None:
    losses = np.random.default_rng(1).random(300) < 0.3
    seen = tracker(300, alpha=0.1).labelled(names(300), losses)
    limit = MeanSequence(alpha=0.1).update(reference()).upper + 0.02
    assert seen.limit == limit
    assert seen.threshold == 20.0
    assert seen.e_value == MeanProcess(limit).update(losses).e_value
    assert seen.harm == pytest.approx(losses.mean() - 0.1)


@pytest.mark.parametrize("errors", range(120, 180, 4))
def test_the_alarm_is_the_lower_limit_above_the_null(errors: int) -> None:
    """Right answers first, so that the wealth is largest at the end and one look decides both."""
    losses = np.repeat([0.0, 1.0], [600 - errors, errors])
    seen = tracker(600).labelled(names(600), losses)
    assert seen.alarm == (seen.lower > seen.limit)


def test_the_order_of_arrival_leaves_the_final_e_value_alone() -> None:
    rng = np.random.default_rng(2)
    losses, order = (rng.random(500) < 0.15).astype(float), rng.permutation(500)
    straight = tracker(500).labelled(names(500), losses)
    shuffled = tracker(500).labelled([names(500)[i] for i in order], losses[order])
    assert shuffled.e_value == pytest.approx(straight.e_value)
    assert (shuffled.lower, shuffled.upper) == pytest.approx((straight.lower, straight.upper))


def test_the_first_label_wins_and_refusals_are_counted() -> None:
    shift = tracker(10)
    first = shift.labelled(["r1", "r2"], [0.0, 0.0])
    again = shift.labelled(["r1", "r2", "stranger"], [1.0, 1.0, 1.0])
    assert (again.n, again.estimate, again.e_value) == (2, 0.0, first.e_value)
    assert (again.refused, again.unlabelled) == (3, 8)
    twice_at_once = shift.labelled(["r3", "r3"], [1.0, 0.0])
    assert (twice_at_once.n, twice_at_once.estimate, twice_at_once.refused) == (3, pytest.approx(1 / 3), 4)


def test_a_request_taken_twice_is_one_request() -> None:
    shift = tracker(5)
    shift.labelled(["r1"], [0.0])
    shift.requested(["r1", "r2"])
    assert shift.labelled(["r1"], [1.0]).n == 1
    assert shift.evidence.unlabelled == 4


def test_forgotten_requests_stay_counted_as_unlabelled() -> None:
    arrivals = Arrivals(remember=3)
    arrivals.request(names(3))
    assert arrivals.label(["r0"]) == [0]
    arrivals.request(["r3", "r4"])
    assert arrivals.label(["r0", "r1", "r2"]) == [2]
    assert (arrivals.requested, arrivals.labelled, arrivals.unlabelled) == (5, 2, 3)
    assert (arrivals.refused, arrivals.forgotten) == (2, 1)


def test_before_the_first_label_nothing_is_claimed() -> None:
    for seen in (tracker().evidence, tracker().labelled([], [])):
        assert (seen.n, seen.alarm, seen.lower, seen.upper, seen.unlabelled) == (0, False, 0.0, 1.0, 1000)
        assert math.isnan(seen.harm)
        assert seen.minimum_detectable == math.inf
        plain = seen.to_json()
        assert (plain["estimate"], plain["minimum_detectable"], plain["alarm"]) == (None, None, False)


def test_the_detectable_rise_is_the_binomial_one_and_falls_with_n() -> None:
    shift, found = tracker(4000), []
    for start in range(0, 4000, 500):
        batch = names(4000)[start : start + 500]
        found.append(shift.labelled(batch, np.zeros(500)).minimum_detectable)
    assert found == sorted(found, reverse=True)
    risk, rng = found[-1] + 0.1, np.random.default_rng(3)
    needed = enough(4000, shift.evidence.limit, alpha=0.025)
    assert (rng.binomial(4000, risk, 20_000) >= needed).mean() == pytest.approx(0.8, abs=0.01)


def test_other_units_give_the_same_verdict() -> None:
    losses = (np.random.default_rng(4).random(400) < 0.2).astype(float)
    one = tracker(400).labelled(names(400), losses)
    euros = HarmfulShift(50 * reference(), tolerance=1.0, high=50.0)
    euros.requested(names(400))
    other = euros.labelled(names(400), 50 * losses)
    assert other.e_value == pytest.approx(one.e_value)
    assert (other.lower, other.limit, other.minimum_detectable) == pytest.approx(
        (50 * one.lower, 50 * one.limit, 50 * one.minimum_detectable)
    )


def test_a_restored_state_continues_bit_for_bit() -> None:
    rng = np.random.default_rng(5)
    losses = rng.beta(1, 5, 600)
    shift = HarmfulShift(rng.beta(1, 6, 300), tolerance=0.01, alpha=0.01, remember=550)
    shift.requested(names(600))
    shift.labelled(names(300), losses[:300])
    again = HarmfulShift.restore(json.loads(json.dumps(shift.state())))
    assert again.labelled(names(600), losses) == shift.labelled(names(600), losses)
    assert again.state() == shift.state()
    with pytest.raises(Corrupted):
        HarmfulShift.restore({**shift.state(), "tolerance": 0.5})


def test_bad_input_is_refused_and_leaves_no_trace() -> None:
    shift = tracker(10)
    before = shift.state()
    for ids, losses, message in (
        (["r1"], [np.nan], "not finite"),
        (["r1"], [1.5], "in \\[0.0, 1.0\\]"),
        (["r1", "r2"], [0.0], "one loss for each of 2"),
        (["r1"], [[0.0]], "one loss for each of 1"),
    ):
        with pytest.raises(BadInput, match=message):
            shift.labelled(ids, losses)
    assert shift.state() == before


def test_a_reference_that_can_show_no_harm_is_refused() -> None:
    with pytest.raises(BadInput, match="after 5 losses"):
        HarmfulShift(np.zeros(5), tolerance=0.5)
    with pytest.raises(BadInput, match="after 0 losses"):
        HarmfulShift([], tolerance=0.0)
    with pytest.raises(BadInput, match="tolerance"):
        HarmfulShift(reference(), tolerance=-0.01)
    with pytest.raises(BadInput, match="remember"):
        HarmfulShift(reference(), tolerance=0.01, remember=0)
