"""The error budget: the promise in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.errors import BadInput
from ombud_monitors.multiplicity import Budget

SHARES = st.dictionaries(
    st.text("abc.", min_size=1, max_size=6), st.floats(1e-6, 1e6), min_size=1, max_size=20
)


@given(SHARES, st.floats(1e-6, 0.999), st.integers(1, 60))
def test_all_levels_together_never_exceed_the_budget(
    shares: dict[str, float], probability: float, looks: int
) -> None:
    split = Budget(probability, looks).split(shares)
    spent = sum(Fraction(split.level(code, look)) for code in shares for look in range(1, looks + 3))
    assert spent <= Fraction(probability)
    assert float(spent) > 0.999999 * probability


@given(SHARES)
def test_only_proportions_matter(shares: dict[str, float]) -> None:
    split = Budget().split(shares)
    doubled = Budget().split({code: 2 * share for code, share in shares.items()})
    assert all(split.level(code, 1) == doubled.level(code, 1) for code in shares)


def test_looks_beyond_the_plan_have_nothing_left() -> None:
    split = Budget(0.05, looks=3).split({"a": 1.0})
    assert [split.level("a", look) > 0 for look in (1, 2, 3, 4, 400)] == [True, True, True, False, False]


def test_the_table_adds_up() -> None:
    rows = Budget(0.05, looks=4).split({"text.harm": 1.0, "audio.harm": 3.0}).table()
    assert [row.monitor for row in rows] == ["audio.harm", "text.harm"]
    assert sum(row.share for row in rows) == pytest.approx(1.0)
    assert sum(row.total for row in rows) == pytest.approx(0.05)
    assert all(row.level * 4 == pytest.approx(row.total) for row in rows)


@pytest.mark.parametrize("shares", [{}, {"a": 0.0}, {"a": -1.0}, {"a": float("nan")}, {"a": float("inf")}])
def test_shares_that_are_none_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="positive share"):
        Budget().split(shares)


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1, float("nan")])
def test_impossible_chances_are_refused(probability: float) -> None:
    with pytest.raises(BadInput, match="probability"):
        Budget(probability)


def test_unknown_monitors_and_looks_are_refused() -> None:
    split = Budget().split({"a": 1.0})
    with pytest.raises(BadInput, match="no share"):
        split.level("b", 1)
    with pytest.raises(BadInput, match="from 1"):
        split.level("a", 0)
    with pytest.raises(BadInput, match="look"):
        Budget(0.05, looks=0)
