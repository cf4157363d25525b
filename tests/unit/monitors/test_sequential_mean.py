"""Betting on a bounded mean against brute force, closed forms and its own laws."""

from __future__ import annotations

import json
from itertools import pairwise, product

import numpy as np
import pytest

from ombud.errors import BadInput, Corrupted
from ombud_monitors.sequential import MeanProcess, MeanSequence, mean_log_wealth
from ombud_monitors.sequential.betting import SIZES

WEIGHTS = np.exp(SIZES.log_weights)


def wealth(x: np.ndarray, mean: float) -> float:
    """The definition, multiplied out: what betting every size on "above ``mean``" has won."""
    slopes = np.minimum(SIZES.sizes / np.sqrt(mean * (1 - mean)), 0.95 / mean)
    with np.errstate(over="ignore"):
        return float(WEIGHTS @ np.prod(1 + slopes * (x[:, None] - mean), axis=0))


@pytest.mark.parametrize("alternative", ["greater", "less", "two-sided"])
@pytest.mark.parametrize("mean", [0.05, 0.5, 0.8])
def test_the_e_value_has_expectation_one_at_the_null(alternative: str, mean: float) -> None:
    """All sequences of six outcomes, summed exactly."""
    total = 0.0
    for outcomes in product((0, 1), repeat=6):
        chance = mean ** sum(outcomes) * (1 - mean) ** (6 - sum(outcomes))
        total += chance * MeanProcess(mean, alternative=alternative).update(outcomes).e_value
    assert total == pytest.approx(1.0)


def test_the_e_value_is_the_product_of_its_bets() -> None:
    x = np.random.default_rng(3).beta(2, 5, 40)
    up = MeanProcess(0.2).update(x)
    down = MeanProcess(0.2, alternative="less").update(x)
    both = MeanProcess(0.2, alternative="two-sided").update(x)
    assert up.e_value == pytest.approx(wealth(x, 0.2))
    assert down.e_value == pytest.approx(wealth(1 - x, 0.8))
    assert both.e_value == pytest.approx((up.e_value + down.e_value) / 2)
    path = [wealth(x[:n], 0.2) for n in range(41)]
    assert up.peak == pytest.approx(max(path))
    assert mean_log_wealth(x, 0.2) == pytest.approx(np.log(path[1:]))


def test_streams_side_by_side_are_the_streams_one_by_one() -> None:
    streams = np.random.default_rng(4).random((3, 2, 50))
    together = mean_log_wealth(streams, 0.4, alternative="two-sided")
    alone = mean_log_wealth(streams[2, 1], 0.4, alternative="two-sided")
    assert together.shape == (3, 2, 50)
    assert together[2, 1] == pytest.approx(alone)


@pytest.mark.parametrize("n", [1, 12, 300])
def test_limits_are_where_betting_rejects(n: int) -> None:
    """Values on the knots, so that nothing is shared; the truth by a scan of means."""
    x = np.random.default_rng(n).integers(0, 257, n) / 256
    seen = MeanSequence(alpha=0.1).update(x)
    means = np.linspace(0.0005, 0.9995, 1999)
    below = means[[wealth(x, m) >= 20 for m in means]]
    above = means[[wealth(1 - x, 1 - m) >= 20 for m in means]]
    assert seen.lower == pytest.approx(below.max(initial=0.0), abs=0.0005)
    assert seen.upper == pytest.approx(above.min(initial=1.0), abs=0.0005)
    assert wealth(x, seen.lower) == pytest.approx(20, rel=1e-6) or seen.lower == 0


def test_sharing_between_knots_only_widens_and_hardly() -> None:
    x = np.random.default_rng(5).beta(10, 30, 2000)
    seen = MeanSequence().update(x)
    assert wealth(x, seen.lower) >= 40
    assert wealth(x, seen.lower + 0.02 * seen.width) < 40
    assert seen.estimate == pytest.approx(x.mean())


def test_bounds_only_move_and_stretch_the_scale() -> None:
    x = np.random.default_rng(6).random(200)
    unit, moved = MeanSequence().update(x), MeanSequence(-3.0, 5.0).update(8 * x - 3)
    assert [moved.estimate, moved.lower, moved.upper] == pytest.approx(
        [8 * v - 3 for v in (unit.estimate, unit.lower, unit.upper)]
    )
    here, there = MeanProcess(0.4).update(x), MeanProcess(0.2, low=-3.0, high=5.0).update(8 * x - 3)
    assert there.e_value == pytest.approx(here.e_value)


def test_mirrored_values_mirror_everything() -> None:
    x = np.random.default_rng(7).random(200) ** 2
    up, down = MeanProcess(0.3).update(x), MeanProcess(0.7, alternative="less").update(1 - x)
    assert down.e_value == pytest.approx(up.e_value)
    assert [down.lower, down.upper] == pytest.approx([1 - up.upper, 1 - up.lower])


def test_the_interval_never_grows_and_a_rejection_latches() -> None:
    rng = np.random.default_rng(8)
    process = MeanProcess(0.3)
    seen = [process.update(rng.random(20) < 0.6) for _ in range(5)]
    seen += [process.update(np.zeros(20)) for _ in range(20)]
    assert all(a.lower <= b.lower and a.upper >= b.upper for a, b in pairwise(seen))
    assert seen[-1].rejected
    assert seen[-1].e_value < 1
    assert seen[-1].width < 0, "no single mean explains a stream that moved"


def test_counts_are_repetitions_and_batches_do_not_matter() -> None:
    repeated = MeanSequence().update(np.repeat([0.0, 0.5, 1.0], [70, 20, 10]))
    counted = MeanSequence().update([0.0, 0.5, 1.0], [70, 20, 10])
    assert vars(counted) == pytest.approx(vars(repeated))
    x = np.random.default_rng(9).random(6000)
    whole, parts = MeanProcess(0.48), MeanProcess(0.48)
    whole.update(x)
    for part in np.split(x, 60):
        parts.update(part)
    assert parts.evidence.e_value == pytest.approx(whole.evidence.e_value)
    assert parts.evidence.peak == pytest.approx(whole.evidence.peak)


def test_before_the_first_value_nothing_is_known() -> None:
    for seen in (MeanProcess(0.5).evidence, MeanProcess(0.5).update([])):
        assert (seen.n, seen.lower, seen.upper, seen.peak) == (0, 0.0, 1.0, 1.0)
        assert np.isnan(seen.estimate)
        assert seen.to_json()["estimate"] is None


def test_constant_streams() -> None:
    zeros = MeanSequence().update(np.zeros(500))
    assert zeros.lower == 0.0
    # The exact binomial bound for one look; no sequence can be below it, and ours is close.
    assert 1 - 0.025 ** (1 / 500) < zeros.upper < 0.02
    ones = MeanProcess(0.5).update(np.ones(5000))
    assert (ones.e_value, ones.peak) == (1e300, 1e300)
    assert ones.upper == 1.0


def test_a_billion_values_are_no_trouble() -> None:
    seen = MeanSequence().update([0, 1], [900_000_000, 100_000_000])
    assert 0.0999 < seen.lower < 0.1 < seen.upper < 0.1001


@pytest.mark.parametrize("kind", [MeanSequence, MeanProcess])
def test_a_restored_state_continues_bit_for_bit(kind: type) -> None:
    rng = np.random.default_rng(10)
    first, second = rng.beta(1, 8, 500), rng.beta(2, 8, 500)
    original = kind(0.1, alternative="two-sided", alpha=0.01) if kind is MeanProcess else kind(-1, 2)
    original.update(first)
    text = json.dumps(original.state())
    assert len(text) < 10_000
    restored = kind.restore(json.loads(text))
    assert restored.update(second) == original.update(second)
    assert restored.state() == original.state()


def test_altered_states_are_refused() -> None:
    process = MeanProcess(0.1)
    process.update([0.0, 1.0])
    state = process.state()
    with pytest.raises(Corrupted, match="digest"):
        MeanProcess.restore({**state, "log_peak": 9.0})
    with pytest.raises(BadInput, match="expected MeanSequence version 1, got MeanProcess"):
        MeanSequence.restore(state)
    with pytest.raises(BadInput, match="version"):
        MeanProcess.restore({**state, "version": 2})
    with pytest.raises(BadInput, match="None"):
        MeanProcess.restore({})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0.5, np.nan], "not finite"),
        ([np.inf], "not finite"),
        ([1.01], r"in \[0.0, 1.0\]"),
        ([-0.01], r"in \[0.0, 1.0\]"),
        (["a"], "numbers"),
        ([[0.5]], r"vector \(n,\)"),
    ],
)
def test_bad_values_are_refused_and_leave_no_trace(values: list[object], message: str) -> None:
    process = MeanProcess(0.5)
    process.update([0.3])
    before = process.state()
    with pytest.raises(BadInput, match=message):
        process.update(values)
    assert process.state() == before


def test_bad_settings_are_refused() -> None:
    with pytest.raises(BadInput, match="alpha"):
        MeanSequence(alpha=0.0)
    with pytest.raises(BadInput, match="low < high"):
        MeanSequence(1.0, 1.0)
    with pytest.raises(BadInput, match="low < high"):
        MeanSequence(0.0, np.inf)
    with pytest.raises(BadInput, match="null"):
        MeanProcess(1.0)
    with pytest.raises(BadInput, match="alternative"):
        MeanProcess(0.5, alternative="bigger")  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="count"):
        MeanSequence().update([0.5], [1.5])
    with pytest.raises(BadInput, match="count"):
        MeanSequence().update([0.5], [1, 2])
