"""Quantiles: exact counts at every edge, limits where coins reject, tests without memory."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from ombud.errors import BadInput, Corrupted
from ombud_monitors.sequential import MeanProcess, QuantileProcess, QuantileSequence
from ombud_monitors.sequential.betting import enough
from ombud_monitors.sequential.log_bins import MOST_BINS, LogBins


def spread(seed: int, n: int = 3000) -> np.ndarray:
    """Both signs, zeros, ties, ten decades."""
    rng = np.random.default_rng(seed)
    x = rng.choice([-1.0, 1.0], n) * 10.0 ** rng.uniform(-5, 5, n)
    x[rng.random(n) < 0.1] = 0.0
    x[rng.random(n) < 0.1] = 7.0
    return x


@pytest.mark.parametrize("resolution", [0.001, 0.005, 0.1])
def test_counts_at_edges_are_exact_also_after_mergers(resolution: float) -> None:
    bins, seen = LogBins(resolution), []
    for seed in range(5):
        x = spread(seed)
        bins.add(x)
        seen.append(x)
        every = np.concatenate(seen)
        lows, highs, at_most = bins.cumulative()
        assert len(highs) <= MOST_BINS
        assert (np.diff(highs) > 0).all()
        assert at_most.tolist() == [int((every <= edge).sum()) for edge in highs]
        below = np.append(0, at_most[:-1])
        assert [int((every <= low).sum()) for low in lows[lows != 0]] == below[lows != 0].tolist()


def test_values_on_an_edge_belong_below_it() -> None:
    bins = LogBins(0.01)
    edges = np.exp(np.arange(-400.0, 400.0) * math.log1p(0.01))
    bins.add(edges)
    _, highs, at_most = bins.cumulative()
    assert at_most.tolist() == list(range(1, 801))
    assert highs == pytest.approx(edges)


def test_mergers_halve_the_resolution_as_seldom_as_they_can() -> None:
    bins = LogBins(0.001)
    bins.add(np.geomspace(1, 1000, 20_000))
    # 6,911 bins of a per mille do not fit into 4,096; 3,456 of two per mille do.
    assert bins.resolution == pytest.approx(0.002, rel=0.01)


@pytest.mark.parametrize("p", [0.02, 0.5, 0.95])
@pytest.mark.parametrize("n", [1, 30, 120])
def test_counts_that_are_enough_are_those_that_betting_rejects(n: int, p: float) -> None:
    found = enough(n, p, alpha=0.05)
    rejecting = [
        ones
        for ones in range(n + 1)
        if MeanProcess(p).update(np.repeat([0, 1], [n - ones, ones])).e_value >= 20
    ]
    assert found == min(rejecting, default=n + 1)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.95])
def test_limits_are_where_the_coin_of_a_candidate_is_rejected(level: float) -> None:
    x = np.random.default_rng(1).lognormal(0, 1, 700)
    seen = QuantileSequence(level, alpha=0.1).update(x)
    for limit, alternative, inward in ((seen.lower, "greater", 1.011), (seen.upper, "less", 1 / 1.011)):
        assert QuantileProcess(level, limit, alternative=alternative).update(x).e_value >= 20
        assert QuantileProcess(level, limit * inward, alternative=alternative).update(x).e_value < 20


def test_the_estimate_is_the_sample_quantile_to_half_a_bin() -> None:
    x = np.random.default_rng(2).normal(0, 50, 4001)
    for level in (0.01, 0.3, 0.5, 0.99):
        truth = np.quantile(x, level, method="inverted_cdf")
        assert QuantileSequence(level).update(x).estimate == pytest.approx(truth, rel=0.0025)


def test_any_increasing_change_of_unit_moves_the_limits_along() -> None:
    x = np.random.default_rng(3).lognormal(0, 1, 1000)
    one, other = QuantileSequence(0.9).update(x), QuantileSequence(0.9).update(1000 * x)
    assert (other.lower, other.upper) == pytest.approx((1000 * one.lower, 1000 * one.upper), rel=0.005)
    mirrored = QuantileSequence(0.1).update(-x)
    assert (mirrored.lower, mirrored.upper) == pytest.approx((-one.upper, -one.lower), rel=0.005)


def test_few_values_rule_out_nothing() -> None:
    sequence = QuantileSequence(0.95)
    assert math.isnan(sequence.interval.estimate)
    assert sequence.update([3.0]).lower == -math.inf
    # Three values would all lie above p95 with chance .05 ** 3 only: that decides, upward nothing does.
    seen = sequence.update([3.0, 3.0])
    assert seen.lower == pytest.approx(3.0, rel=0.005)
    assert seen.upper == math.inf
    assert seen.to_json()["upper"] is None


@pytest.mark.parametrize(("level", "n"), [(0.5, 9), (0.95, 88)])
def test_the_documented_number_of_values_gives_an_upper_limit(level: float, n: int) -> None:
    assert QuantileSequence(level).update(np.ones(n - 1)).upper == math.inf
    assert QuantileSequence(level).update(np.ones(n)).upper < math.inf


def test_constant_values_pin_the_quantile_down() -> None:
    seen = QuantileSequence(0.5).update(np.full(200, 7.0))
    assert seen.lower <= 7.0 <= seen.upper
    assert seen.width < 0.04
    zero = QuantileSequence(0.5).update(np.zeros(200))
    assert (zero.lower, zero.estimate, zero.upper) == (0.0, 0.0, 0.0)


def test_limits_only_close_in() -> None:
    sequence, rng = QuantileSequence(0.8), np.random.default_rng(4)
    seen = [sequence.update(rng.exponential(1, 30)) for _ in range(40)]
    assert all(a.lower <= b.lower and a.upper >= b.upper for a, b in pairwise(seen))


def test_the_test_is_the_coin_of_values_up_to_the_null() -> None:
    x = np.random.default_rng(5).exponential(100, 500)
    coin = (x <= 250.0).astype(float)
    higher = QuantileProcess(0.95, 250.0).update(x)
    lower = QuantileProcess(0.95, 250.0, alternative="less").update(x)
    assert higher.e_value == MeanProcess(0.95, alternative="less").update(coin).e_value
    assert lower.e_value == MeanProcess(0.95).update(coin).e_value


def test_memory_is_bounded_over_any_range() -> None:
    sequence = QuantileSequence(0.5, resolution=0.0001)
    rng = np.random.default_rng(6)
    for _ in range(5):
        sequence.update(rng.choice([-1, 1], 20_000) * np.exp(rng.uniform(-700, 700, 20_000)))
    state = sequence.state()
    assert len(state["counts"]) <= MOST_BINS
    assert len(json.dumps(state)) < 100_000


def test_restored_states_continue_bit_for_bit() -> None:
    first, second = spread(7), spread(8)
    process = QuantileProcess(0.9, 30.0, alternative="less", alpha=0.01, resolution=0.001)
    process.update(first)
    again = QuantileProcess.restore(json.loads(json.dumps(process.state())))
    assert again.update(second) == process.update(second)
    assert again.state() == process.state()
    empty = QuantileSequence.restore(json.loads(json.dumps(QuantileSequence(0.5).state())))
    assert empty.interval.upper == math.inf
    with pytest.raises(Corrupted):
        QuantileProcess.restore({**process.state(), "null": 31.0})


def test_bad_input_is_refused_and_leaves_no_trace() -> None:
    process = QuantileProcess(0.5, 1.0)
    before = process.state()
    for values, message in (([1.0, np.nan], "not finite"), ([[1.0]], r"vector \(n,\)"), (["a"], "numbers")):
        with pytest.raises(BadInput, match=message):
            process.update(values)
    assert process.state() == before
    assert process.update([]).n == 0
    for arguments, message in (((1.0, 0.0), "level"), ((0.5, math.inf), "null")):
        with pytest.raises(BadInput, match=message):
            QuantileProcess(*arguments)
    with pytest.raises(BadInput, match="alternative"):
        QuantileProcess(0.5, 1.0, alternative="two-sided")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="resolution"):
        QuantileSequence(0.5, resolution=0.0)
    with pytest.raises(BadInput, match="alpha"):
        QuantileSequence(0.5, alpha=2.0)
