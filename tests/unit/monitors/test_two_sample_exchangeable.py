"""What may be permuted: units, splits, assignments, p-values."""

from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy.stats import chi2, chisquare

from ombud.errors import BadInput
from ombud_monitors.two_sample import Exchangeable, clusters_needed
from ombud_monitors.two_sample.assignments import assignments, permutations_for
from ombud_monitors.two_sample.permuting import permutation_p_value


def test_a_cluster_of_one_window_is_one_unit() -> None:
    units = Exchangeable.of(4, 2, ["a", "a", "b", "b"], ["c", "c"])
    assert units.size == 3
    assert (units.n_reference, units.n_current, units.shared) == (2, 1, 0)
    assert units.splits == 3


def test_a_cluster_of_both_windows_only_swaps_with_itself() -> None:
    units = Exchangeable.of(3, 3, ["a", "b", "c"], ["a", "b", "d"])
    every = assignments(units, 999, seed=0)
    assert len(every) == units.splits == 2 * 4
    pairs = [(i, int(p)) for i, p in enumerate(units.partner) if p > i]
    assert all((every[:, i] != every[:, p]).all() for i, p in pairs)


def test_rows_without_a_name_move_among_themselves() -> None:
    units = Exchangeable.of(4, 3, ["a", "b", "", ""], ["c", "", ""])
    every = assignments(units, 999, seed=0)
    assert len(every) == units.splits == 3 * 6
    assert set(every[:, units.named].sum(axis=1)) == {1}
    assert set(every[:, ~units.named].sum(axis=1)) == {2}


def test_one_sided_cluster_names_mean_independent_rows() -> None:
    assert not Exchangeable.of(3, 2, ["a", "a", "b"], None).clustered


def test_cluster_names_must_fit_the_rows() -> None:
    with pytest.raises(BadInput, match="one name for each of 3 rows"):
        Exchangeable.of(3, 2, ["a"], ["b", "c"])


@pytest.mark.parametrize(("reference", "current"), list(product((1, 3, 5), (1, 2, 4))))
def test_enumeration_has_every_split_once_and_the_observed_first(reference: int, current: int) -> None:
    names = [f"r{i}" for i in range(reference)], [f"c{i}" for i in range(current)]
    units = Exchangeable.of(reference, current, *names)
    every = assignments(units, 10_000, seed=0)
    assert len(np.unique(every, axis=0)) == len(every) == units.splits
    assert (every[0] == units.in_current).all()


def test_random_assignments_keep_the_number_of_current_units_and_repeat_by_seed() -> None:
    units = Exchangeable.of(40, 20)
    drawn = assignments(units, 200, seed=7)
    assert drawn.shape == (201, 60)
    assert (drawn.sum(axis=1) == 20).all()
    assert (drawn == assignments(units, 200, seed=7)).all()
    assert not (drawn == assignments(units, 200, seed=8)).all()


@pytest.mark.parametrize(("reference", "current"), [(4, 4), (6, 2), (2, 7), (7, 1), (1, 8)])
def test_random_assignments_are_all_equally_likely(reference: int, current: int) -> None:
    units = Exchangeable.of(reference, current)
    least = units.splits - 1
    drawn = np.concatenate([assignments(units, least, seed)[1:] for seed in range(20_000 // least)])
    times = np.bincount(drawn @ (1 << np.arange(units.size)))
    times = times[times > 0]
    assert len(times) == units.splits
    assert chisquare(times).pvalue > 1e-3


def test_units_of_large_windows_are_chosen_equally_often() -> None:
    """Beyond the first flags, whose chance is a whole number of 256ths."""
    for reference, current in ((2000, 1000), (30, 1970), (2990, 10)):
        drawn = assignments(Exchangeable.of(reference, current), 3000, seed=1)[1:]
        assert (drawn.sum(axis=1) == current).all()
        n, share = drawn.shape[1], current / (reference + current)
        together = drawn.sum(axis=0)
        # Each unit's count is binomial; all of them add up to a constant, which takes one degree of freedom.
        spread = ((together - 3000 * share) ** 2).sum() / (3000 * share * (1 - share)) * (n - 1) / n
        assert 1e-3 < chi2.sf(spread, n - 1) < 1 - 1e-3


def test_splits_are_counted_exactly_up_to_more_than_anybody_draws() -> None:
    for reference, current in product((1, 2, 9, 40, 500), (1, 3, 30, 499)):
        counted = Exchangeable.of(reference, current).splits
        assert counted == min(comb(reference + current, current), 10**18)
    names = np.arange(70).astype(str)
    assert Exchangeable.of(70, 70, names, names).splits == 10**18
    assert Exchangeable.of(20, 20, names[:20], names[:20]).splits == 2**20


def test_p_values_are_never_zero_and_ties_count_against() -> None:
    assert permutation_p_value(np.array([9.0, 0.0, 1.0, 2.0])) == 0.25
    assert permutation_p_value(np.zeros(10)) == 1.0
    assert permutation_p_value(np.array([1.0, 1.0 - 1e-13, 0.0, 0.0])) == 0.5


def test_refusal_names_what_would_do_and_that_number_does() -> None:
    units = Exchangeable.of(25, 2, [f"r{i}" for i in range(25)], ["c0", "c1"])
    reason = units.refusal(0.001, 4000)
    assert "351 distinct splits" in reason
    needed = clusters_needed(25, 0.001)
    assert needed is not None
    assert f"{needed} clusters in the current window would do" in reason
    more = Exchangeable.of(25, needed, [f"r{i}" for i in range(25)], [f"c{i}" for i in range(needed)])
    assert more.refusal(0.001, 4000) == ""
    fewer = [f"c{i}" for i in range(needed - 1)]
    assert Exchangeable.of(25, needed - 1, [f"r{i}" for i in range(25)], fewer).refusal(0.001, 4000)


def test_refusal_when_permutations_are_too_few() -> None:
    assert "99 permutations would do" in Exchangeable.of(50, 50).refusal(0.01, 20)
    assert Exchangeable.of(50, 50).refusal(0.01, 99) == ""


@pytest.mark.parametrize("level", [0.05, 0.01, 0.003, 0.0003])
def test_default_permutations_reach_the_level(level: float) -> None:
    assert Exchangeable.of(50, 50).refusal(level, permutations_for(level)) == ""
