"""Window states: exact merging, no rows inside, and the same verdict as from the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ombud.domain.verdict import Outcome
from ombud.errors import BadInput
from ombud_monitors.two_sample import BinnedKS, Bins, FittedBinnedKS, Histograms
from ombud_monitors.two_sample.histograms import BINS


def rows(seed: int, n: int = 400, d: int = 5) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) * 10.0 ** np.arange(d) + 100 * np.arange(d)


def fitted(level: float = 0.05, clusters: Any = None) -> FittedBinnedKS:
    made = BinnedKS(level=level).fit(rows(0), clusters=clusters)
    assert isinstance(made, FittedBinnedKS)
    return made


BINS_OF_ROWS = Bins.of(rows(0))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=False, width=64), min_size=1, max_size=60),
    st.integers(0, 60),
    st.randoms(use_true_random=False),
)
def test_merging_parts_in_any_order_is_counting_all_rows(values: list[float], cut: int, random: Any) -> None:
    bins = Bins.of(np.array(values))
    shuffled = random.sample(values, len(values))
    parts = [np.array(part) for part in (shuffled[:cut], shuffled[cut:]) if part]
    states = [bins.count(part) for part in parts]
    for ordered in (states, states[::-1]):
        total = ordered[0] if len(ordered) == 1 else ordered[0].merge(ordered[1])
        assert total == bins.count(np.array(values))
    assert total.n == len(values)
    assert total.missing[0] == np.isnan(values).sum()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e30, 1e30), min_size=2, max_size=60))
def test_larger_values_never_fall_into_lower_bins(values: list[float]) -> None:
    ordered = np.sort(np.array(values, dtype=np.float32))[:, None]
    numbers = Bins.of(rows(0)[:, :1]).numbers(ordered)[:, 0]
    # One rounding of single precision apart two values may change places; nobody measures that.
    steps = np.diff(numbers)
    near = np.diff(ordered[:, 0]) <= 4 * np.spacing(np.abs(ordered[1:, 0]))
    assert (steps[~near] >= 0).all()


def test_a_column_takes_two_kilobytes_whatever_was_counted() -> None:
    for n in (1, 400, 30_000):
        state = BINS_OF_ROWS.count(rows(1, n))
        assert sum(array.nbytes for array in state.arrays.values()) <= 5 * 2048
        assert state.nbytes == 5 * 2040


def test_a_state_holds_no_rows() -> None:
    """Rows that fall into the same bins leave the same state: nothing of them is left but counts."""
    numbers = BINS_OF_ROWS.numbers(rows(1))
    others = np.take_along_axis(BINS_OF_ROWS.middles.T, numbers, axis=0)
    inside = (numbers > 0) & (numbers < BINS - 1)
    others = np.where(inside, others, rows(1))
    assert not np.array_equal(others, rows(1))
    assert BINS_OF_ROWS.count(others) == BINS_OF_ROWS.count(rows(1))


def test_a_state_survives_its_arrays() -> None:
    state = BINS_OF_ROWS.count(rows(1))
    again = Histograms.restore({name: array.copy() for name, array in state.arrays.items()})
    assert again == state
    assert again != BINS_OF_ROWS.count(rows(2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n", [1, 3, 700, 40_000])
def test_counts_are_those_of_the_numbers_in_any_memory_order(dtype: Any, order: Any, n: int) -> None:
    x = np.asarray(rows(3, n), dtype=dtype, order=order)
    numbers = BINS_OF_ROWS.numbers(x)
    counted = np.stack([np.bincount(column, minlength=BINS + 1) for column in numbers.T])
    assert np.array_equal(BINS_OF_ROWS.count(x).counts, counted)


def hard(n: int, d: int) -> NDArray[np.float64]:
    """Missing values, values at the ends of bins, and some that single precision can hardly hold or not."""
    rng = np.random.default_rng(n + d)
    x = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-44, 38, size=d)
    x[rng.random((n, d)) < 0.05] = np.nan
    x[rng.random((n, d)) < 0.05] = 3.4e38
    x[rng.random((n, d)) < 0.05] = -3.4e38
    x[rng.random((n, d)) < 0.1] = 0.0
    return x


def counted(bins: Bins, x: NDArray[Any]) -> NDArray[np.int64]:
    return np.stack([np.bincount(column, minlength=BINS + 1) for column in bins.numbers(x).T])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fitted_in", [np.float32, np.float64])
@pytest.mark.parametrize(("n", "d"), [(1, 1), (3000, 1), (900, 7), (500, 33), (3, 1000), (400, 700)])
def test_compiled_counts_are_those_of_numpy_to_the_last_bit(
    n: int, d: int, dtype: Any, fitted_in: Any
) -> None:
    x = hard(n, d).astype(dtype)
    with np.errstate(invalid="ignore"):
        bins = Bins.of(hard(50, d).astype(fitted_in))
    assert np.array_equal(bins.counts(x), counted(bins, x))
    near = (bins.middles[:, :-1] / 2 + bins.middles[:, 1:] / 2).clip(-3e38, 3e38).T.astype(dtype)
    ends = np.concatenate([np.nextafter(near, -np.inf), near, np.nextafter(near, np.inf)])
    assert np.array_equal(bins.counts(ends), counted(bins, ends))


def test_windows_in_any_memory_are_counted() -> None:
    x = rows(5, 600)
    expected = BINS_OF_ROWS.counts(x)
    frozen = np.frombuffer(x.tobytes(), x.dtype).reshape(x.shape)
    odd = np.frombuffer(b"." + x.tobytes(), np.uint8)[1:].view(x.dtype).reshape(x.shape)
    spaced = np.repeat(np.repeat(x, 2, axis=0), 3, axis=1)[::2, ::3]
    backwards = x[::-1].copy()[::-1]
    assert not frozen.flags.writeable
    assert not odd.flags.aligned
    for same in (frozen, odd, spaced, backwards):
        assert np.array_equal(BINS_OF_ROWS.counts(same), expected)


def test_counting_leaves_the_window_as_it_was() -> None:
    x = rows(6)
    before = x.copy()
    BINS_OF_ROWS.count(x)
    assert np.array_equal(x, before)


def test_middles_fall_into_their_bins() -> None:
    numbers = BINS_OF_ROWS.numbers(BINS_OF_ROWS.middles.T)
    assert (numbers[1:-1] == np.arange(1, BINS - 1)[:, None]).all()
    assert (np.diff(BINS_OF_ROWS.middles, axis=1) > 0).all()


def test_bins_are_fine_where_the_mass_is() -> None:
    rng = np.random.default_rng(4)
    for sample, most in ((rng.normal(3e6, 2e-1, 200_000), 0.0046), (rng.standard_cauchy(200_000), 0.0068)):
        counts = Bins.of(sample).count(sample).counts[0, :BINS]
        assert counts.max() / len(sample) < most


def test_columns_that_hardly_vary_have_bins_too() -> None:
    column = np.full(1000, 7.0)
    for few in (1, 20, 300):
        column[:few] = 7.5
        counts = Bins.of(column).count(column).counts[0]
        assert sorted(counts[counts > 0].tolist()) == sorted([few, 1000 - few])
    constant = Bins.of(np.full(50, 3.0))
    assert np.count_nonzero(constant.count([2.999, 3.0, 3.001]).counts[0]) == 3


def test_values_beyond_single_precision_fall_into_the_outermost_bins() -> None:
    state = Bins.of(np.arange(100.0)).count([-1e300, 1e300, 50.0])
    assert (state.counts[0, 0], state.counts[0, BINS - 1], state.missing[0]) == (1, 1, 0)


def test_the_verdict_of_a_state_is_that_of_its_rows() -> None:
    test = fitted()
    for shift in (0.0, 0.4):
        y = rows(1, 300) + shift * 10.0 ** np.arange(5)
        state = test.bins.count(y[:100]).merge(test.bins.count(y[100:]))
        assert test.test_state(state) == test.test(y, seed=0)
    assert test.test_state(state).fired


def test_states_of_other_bins_are_refused() -> None:
    other = Bins.of(rows(7))
    with pytest.raises(BadInput, match="expected counts in the bins"):
        fitted().test_state(other.count(rows(1)))
    with pytest.raises(BadInput, match="expected counts in the bins"):
        BINS_OF_ROWS.count(rows(1)).merge(other.count(rows(1)))


def test_missing_values_are_counted_and_refused_by_the_test() -> None:
    y = rows(1)
    y[3, 2] = np.nan
    state = fitted().bins.count(y)
    assert state.missing.tolist() == [0, 0, 1, 0, 0]
    with pytest.raises(BadInput, match=r"1 cells are missing \(columns \[2\]\)"):
        fitted().test_state(state)


def test_infinite_values_strings_and_other_widths_are_not_counted() -> None:
    y = rows(1)
    y[0, 0] = np.inf
    for bad, words in (
        (y, "not finite"),
        (rows(1, d=4), "expected 5 columns"),
        (np.full((3, 5), "a"), "expected numbers"),
        (np.zeros((0, 5)), "non-empty"),
    ):
        with pytest.raises(BadInput, match=words):
            BINS_OF_ROWS.count(bad)


def test_states_that_do_not_add_up_are_refused() -> None:
    state = BINS_OF_ROWS.count(rows(1))
    spoiled = state.counts.copy()
    spoiled[2, 5] += 1
    for arrays, words in (
        ({**state.arrays, "counts": spoiled}, "add up to 400 rows"),
        ({**state.arrays, "counts": -state.counts}, "add up"),
        ({**state.arrays, "counts": state.counts[:, :-1]}, "expected .* counts"),
        ({**state.arrays, "counts": state.counts.astype(float)}, "expected .* counts"),
        ({**state.arrays, "n": np.array([399])}, "add up to 399 rows"),
        ({"counts": state.counts}, "got no bins, n"),
    ):
        with pytest.raises(BadInput, match=words):
            Histograms.restore(arrays)


def test_counters_do_not_overflow() -> None:
    half = np.zeros((1, BINS + 1), np.int32)
    half[0, 7] = 2**30
    state = Histograms(half, 2**30, BINS_OF_ROWS.digest)
    with pytest.raises(BadInput, match="at most 2147483647 rows"):
        state.merge(state)


def test_states_cannot_stand_for_clusters_and_the_reason_says_so() -> None:
    test = fitted(clusters=(np.arange(400) % 40).astype(str))
    verdict = test.test_state(test.bins.count(rows(1)))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.p_value is None
    assert "clusters" in verdict.reason


def test_small_states_constant_ones_and_a_spent_budget_are_declined() -> None:
    one = fitted().test_state(fitted().bins.count(rows(1, 1)))
    assert one.p_value is None
    assert "2 would do" in one.reason
    assert "budget is spent" in fitted(level=0.0).test_state(fitted().bins.count(rows(1))).reason
    constant = BinnedKS().fit(np.ones((50, 2)))
    assert isinstance(constant, FittedBinnedKS)
    assert "constant" in constant.test_state(constant.bins.count(np.ones((9, 2)))).reason


def test_bins_have_a_digest_of_their_own() -> None:
    assert Bins.of(rows(0)).digest == BINS_OF_ROWS.digest
    assert Bins.of(rows(1)).digest != BINS_OF_ROWS.digest
    assert replace(BINS_OF_ROWS, spread=BINS_OF_ROWS.spread * 2).digest != BINS_OF_ROWS.digest
