"""Online FDR: the published recursions by hand, states that survive, states that are none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import zeta

from ombud.errors import BadInput, Corrupted
from ombud_monitors.multiplicity import ELond, LordPlusPlus, OnlineState

PLACES = st.lists(st.booleans(), max_size=40)


def seen_of(outcomes: list[bool]) -> OnlineState:
    seen = OnlineState()
    for rejected in outcomes:
        seen = seen.then(rejected=rejected)
    return seen


@given(PLACES, st.floats(0.001, 0.5))
def test_lord_levels_are_the_published_sum(outcomes: list[bool], bound: float) -> None:
    """Ramdas et al. (2017), equation for LORD++, with w0 = bound / 2."""
    seen = seen_of(outcomes)
    t, starts = len(outcomes) + 1, [i + 1 for i, rejected in enumerate(outcomes) if rejected]
    gamma = [0.0] + [k**-1.6 / zeta(1.6) for k in range(1, t + 1)]
    expected = gamma[t] * bound / 2
    if starts:
        expected += (bound - bound / 2) * gamma[t - starts[0]]
    expected += bound * sum(gamma[t - s] for s in starts[1:])
    assert LordPlusPlus(bound).level(seen) == pytest.approx(expected)


@given(PLACES)
def test_lord_never_promises_more_than_its_discoveries_allow(outcomes: list[bool]) -> None:
    """The estimate of the false discovery proportion stays below the bound: that is the proof of LORD++."""
    rule, seen, spent = LordPlusPlus(0.1), OnlineState(), 0.0
    for rejected in outcomes:
        spent += rule.level(seen)
        seen = seen.then(rejected=rejected)
        assert spent <= 0.1 * max(len(seen.discoveries), 1) + 1e-12


@given(PLACES)
def test_e_lond_pays_every_test_once(outcomes: list[bool]) -> None:
    """The sum over tests of level / (discoveries + 1) is at most the bound: that is the proof of e-LOND."""
    rule, seen, spent = ELond(0.1), OnlineState(), 0.0
    for rejected in outcomes:
        spent += rule.level(seen) / (len(seen.discoveries) + 1)
        seen = seen.then(rejected=rejected)
    assert spent <= 0.1


@given(PLACES)
def test_states_survive_being_written_down(outcomes: list[bool]) -> None:
    seen = seen_of(outcomes)
    assert OnlineState.from_json(seen.to_json()) == seen
    assert seen.count == len(outcomes)


def test_a_discovery_makes_the_next_test_easier() -> None:
    for rule in (LordPlusPlus(), ELond()):
        fed, hungry = seen_of([False, True]), seen_of([False, False])
        assert rule.level(fed) > rule.level(hungry) > 0


def test_the_thresholds_are_met_exactly() -> None:
    lord, lond = LordPlusPlus(0.05), ELond(0.05)
    at = lord.level(OnlineState())
    assert lord.test(at, OnlineState()).discoveries == (1,)
    assert lord.test(at * 1.0001, OnlineState()).discoveries == ()
    needed = 1 / lond.level(OnlineState())
    assert lond.test(needed * 1.0001, OnlineState()).discoveries == (1,)
    assert lond.test(needed * 0.9999, OnlineState()) == OnlineState(1)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"count": 1},
        {"count": 2, "discoveries": [2, 1]},
        {"count": 2, "discoveries": [3]},
        {"count": 2, "discoveries": [0]},
        {"count": 2, "discoveries": [1, 1]},
        {"count": -1, "discoveries": []},
        {"count": True, "discoveries": []},
        {"count": 2, "discoveries": ["1"]},
        {"count": 2, "discoveries": 1},
        {"count": 2, "discoveries": [], "more": 1},
    ],
)
def test_a_state_that_is_none_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(Corrupted):
        OnlineState.from_json(state)


@pytest.mark.parametrize("bound", [0.0, 1.0, -1.0, float("nan")])
def test_bounds_that_are_none_are_refused(bound: float) -> None:
    with pytest.raises(BadInput):
        LordPlusPlus(bound)
    with pytest.raises(BadInput):
        ELond(bound)


def test_what_is_no_evidence_is_not_tested() -> None:
    with pytest.raises(BadInput):
        LordPlusPlus().test(0.0, OnlineState())
    with pytest.raises(BadInput):
        ELond().test(float("nan"), OnlineState())
