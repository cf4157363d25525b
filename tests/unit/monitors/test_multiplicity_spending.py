"""Spending over time, nested splits and evidence that adds up: laws in exact arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.errors import BadInput, Corrupted
from ombud_monitors.multiplicity import (
    Branch,
    Budget,
    OpenEnded,
    PlannedLooks,
    RestartingEvidence,
    Spending,
    SpentEvidence,
    all_or_nothing,
)

WEIGHT = st.floats(1e-3, 1e3)
NAMES = st.text("abc.", min_size=1, max_size=3)
TREES = st.recursive(
    st.dictionaries(NAMES, WEIGHT, min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        NAMES, WEIGHT | st.builds(Branch, weight=WEIGHT, parts=inner), min_size=1, max_size=3
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("expected", [1, 4, 30])
def test_an_open_end_spends_everything_and_no_more(expected: int) -> None:
    spending = OpenEnded(expected)
    spent = Fraction(0)
    for look in range(1, expected * 1023 + 1):
        spent += spending.part(look)
        assert spending.part(look + 1) <= spending.part(look)
    assert spent == 1 - Fraction(1, 11), "ten octaves of 1 / ((j + 1)(j + 2))"
    assert sum(spending.part(look) for look in range(1, expected + 1)) == Fraction(1, 2)
    assert spending.part(10**30) > 0


def test_a_plan_spends_everything_within_it() -> None:
    parts = [PlannedLooks(7).part(look) for look in range(1, 20)]
    assert sum(parts) == sum(parts[:7]) == 1


@given(TREES, st.floats(1e-6, 0.999), st.integers(1, 20), st.booleans())
def test_a_nested_split_never_exceeds_the_budget(
    tree: Mapping[str, float | Branch], probability: float, looks: int, open_ended: bool
) -> None:
    split = Budget(probability, looks, open_ended).split(tree)
    assert sum(split.shares.values()) == 1
    spent = sum(Fraction(split.level(leaf, look)) for leaf in split.shares for look in range(1, 3 * looks))
    assert 0 < spent <= Fraction(probability)
    assert sum(Fraction(split.total(leaf)) for leaf in split.shares) <= Fraction(probability)


def test_slices_live_off_their_monitor_alone() -> None:
    plain = {"text.harm": 1.0, "audio.harm": 3.0}
    sliced = {"text.harm": 1.0, "audio.harm": Branch(3.0, {"all": 2.0, "site_a": 1.0, "site_b": 1.0})}
    whole, parts = Budget().split(plain), Budget().split(sliced)
    assert parts.level("text.harm", 1) == whole.level("text.harm", 1)
    assert parts.shares["audio.harm/all"] == whole.shares["audio.harm"] / 2
    below = [leaf for leaf in parts.shares if leaf.startswith("audio.harm/")]
    assert sum(parts.shares[leaf] for leaf in below) == whole.shares["audio.harm"]
    with pytest.raises(BadInput, match="no share"):
        parts.level("audio.harm", 1)


def test_a_budget_without_end_says_so_in_its_table() -> None:
    split = Budget(0.05, looks=4, open_ended=True).split({"a": 1.0})
    assert split.table(look=1)[0].level == pytest.approx(0.05 / 8)
    assert split.table(look=5)[0].level == pytest.approx(0.05 / 6 / 8)
    assert split.table(look=5)[0].total == pytest.approx(0.05)


@pytest.mark.parametrize(
    "tree",
    [
        {"a": Branch(1.0, {})},
        {"a": Branch(0.0, {"b": 1.0})},
        {"a": Branch(1.0, {"b": -1.0})},
        {"a/b": 1.0},
        {"a": Branch(1.0, {"b/c": 1.0})},
    ],
)
def test_trees_that_are_none_are_refused(tree: Mapping[str, float | Branch]) -> None:
    with pytest.raises(BadInput, match="budget"):
        Budget().split(tree)


@pytest.mark.parametrize("kind", [PlannedLooks, OpenEnded])
def test_looks_that_are_none_are_refused(kind: type[PlannedLooks] | type[OpenEnded]) -> None:
    with pytest.raises(BadInput, match="at least one look"):
        kind(0)
    with pytest.raises(BadInput, match="from 1"):
        kind(4).part(0)


@given(st.lists(st.sampled_from([0.0005, 0.001, 0.0011, 0.003, 0.01, 0.2, 1.0]), min_size=1, max_size=9))
def test_alpha_spending_is_a_sum_of_e_values(p: list[float]) -> None:
    """The identity in the module's docstring, look by look."""
    level, spending = 0.0625, OpenEnded(2)
    evidence, fired = SpentEvidence(), False
    for look, one in enumerate(p, start=1):
        at = level * float(spending.part(look))
        evidence = evidence.after(float(all_or_nothing(one, level=at)), spending)
        fired = fired or one <= at
        # The parts of the octaves are no dyadic numbers, so the sum is short of 1 / level by rounding.
        assert evidence.reached(level * (1 + 1e-12)) == fired


@given(st.lists(st.floats(0, 50), max_size=12), st.booleans())
def test_restarts_are_the_sum_over_all_starts(e: list[float], planned: bool) -> None:
    spending: Spending = PlannedLooks(9) if planned else OpenEnded(3)
    evidence = RestartingEvidence()
    for one in e:
        evidence = evidence.after(one, spending)
    direct, unspent = 0.0, 1.0
    for start in range(len(e)):
        wealth = float(spending.part(start + 1))
        unspent -= wealth
        for one in e[start:]:
            wealth *= one
        direct += wealth
    assert evidence.value == pytest.approx(direct + unspent, rel=1e-9, abs=1e-12)
    assert RestartingEvidence.from_json(evidence.to_json(), spending) == evidence


def test_e_values_of_one_leave_the_process_at_one() -> None:
    evidence = RestartingEvidence()
    for _ in range(30):
        evidence = evidence.after(1.0, PlannedLooks(20))
        assert evidence.value == pytest.approx(1.0)


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"looks": 1.5, "value": 2.0},
        {"looks": 1},
        {"looks": 1, "value": float("nan")},
        {"looks": 1, "value": 2, "x": 1},
    ],
)
def test_a_state_that_is_none_is_refused(state: Mapping[str, float]) -> None:
    with pytest.raises(Corrupted):
        SpentEvidence.from_json(state)
    with pytest.raises(Corrupted):
        RestartingEvidence.from_json(state, PlannedLooks(3))


@pytest.mark.parametrize("e", [-1.0, float("nan"), float("inf")])
def test_what_is_no_e_value_is_not_counted(e: float) -> None:
    for evidence in (SpentEvidence(), RestartingEvidence()):
        with pytest.raises(BadInput):
            evidence.after(e, PlannedLooks(3))
