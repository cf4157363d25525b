"""e-Bonferroni, e-BH and its closure against their definitions, by brute force."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ombud.errors import BadInput
from ombud_monitors.multiplicity import closed_e_bh, e_bh, e_bonferroni

# Multiples of 1/4 and a level of 1/16 keep every comparison exact in floats.
E = st.lists(st.integers(0, 480).map(lambda n: n / 4), min_size=1, max_size=6)
LEVEL = 1 / 16


@given(E)
def test_e_bh_by_definition(e: list[float]) -> None:
    k = len(e)
    sizes = [r for r in range(1, k + 1) if Fraction(sorted(e)[-r]) * r * Fraction(LEVEL) >= k]
    rejected = e_bh(e, level=LEVEL)
    assert len(rejected) == max(sizes, default=0)
    kept = set(range(k)) - set(rejected)
    assert all(e[i] >= e[j] for i in rejected for j in kept)


@settings(max_examples=60)
@given(E)
def test_the_closure_by_trying_all_sets(e: list[float]) -> None:
    everything = [s for n in range(1, len(e) + 1) for s in combinations(range(len(e)), n)]

    def may_be_rejected(wanted: tuple[int, ...]) -> bool:
        return all(
            Fraction(sum(Fraction(e[i]) for i in s), len(s)) * len(wanted) * Fraction(LEVEL)
            >= len(set(s) & set(wanted))
            for s in everything
        )

    alone = [s for s in everything if all(e[i] * LEVEL >= 1 for i in s)]
    largest = max((len(s) for s in alone if may_be_rejected(s)), default=0)
    rejected = closed_e_bh(e, level=LEVEL)
    assert len(rejected) == largest
    assert not rejected or may_be_rejected(rejected)
    assert set(e_bh(e, level=LEVEL)) <= set(rejected)


@given(E)
def test_who_controls_any_false_one_rejects_least(e: list[float]) -> None:
    assert set(e_bonferroni(e, level=LEVEL)) <= set(e_bh(e, level=LEVEL))
    assert e_bonferroni(e, level=LEVEL) == tuple(i for i, x in enumerate(e) if x >= len(e) / LEVEL)


def test_weights_say_who_needs_how_much() -> None:
    assert e_bonferroni([39.9, 200.0], level=0.05, weights=[1, 1]) == (1,)
    assert e_bonferroni([25.0, 200.0], level=0.05, weights=[9, 1]) == (0, 1)
    assert e_bonferroni([25.0, 199.0], level=0.05, weights=[9, 1]) == (0,)
    assert e_bh([25.0, 150.0], level=0.05, weights=[9, 1]) == (0, 1)
    assert e_bonferroni([1e6, 1e6], level=0.05, weights=[1, 0]) == (0,)


def test_many_hypotheses_are_no_trouble() -> None:
    e = np.concatenate([np.full(40, 99.0), np.full(160, 0.5)])
    assert e_bonferroni(e, level=0.05) == ()
    assert len(e_bh(e, level=0.05)) == 0
    assert closed_e_bh(e, level=0.05) == tuple(range(40)), "e-BH needs 100 each"


@pytest.mark.parametrize("rule", [e_bonferroni, e_bh, closed_e_bh])
@pytest.mark.parametrize(
    ("e", "level"),
    [
        ([], 0.05),
        ([1.0, float("nan")], 0.05),
        ([-1.0], 0.05),
        ([1.0], 0.0),
        ([1.0], 1.0),
        ([1.0], float("nan")),
    ],
)
def test_what_is_none_is_refused(rule: object, e: list[float], level: float) -> None:
    assert callable(rule)
    with pytest.raises(BadInput):
        rule(e, level=level)
