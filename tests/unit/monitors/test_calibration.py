"""Calibration error on probabilities whose true calibration is known."""

from itertools import pairwise

import numpy as np
import pytest

from ombud_monitors.calibration import expected_calibration_error, reliability
from ombud_monitors.clusters import Units


def answers(n, seed, *, gap=0.0, k=4):
    """Confidences in [0.5, 0.95]; right with probability confidence - gap."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.5, 0.95, n)
    predicted = rng.integers(0, k, n)
    right = rng.random(n) < confidence - gap
    truth = np.where(right, predicted, (predicted + rng.integers(1, k, n)) % k)
    p = np.repeat(((1 - confidence) / (k - 1))[:, None], k, axis=1)
    p[np.arange(n), predicted] = confidence
    return p.astype(np.float32), truth.astype(np.int64)


@pytest.mark.parametrize("gap", [0.1, 0.3])
def test_a_known_gap_is_recovered(gap):
    error = expected_calibration_error(*answers(20_000, 0, gap=gap))
    assert error.value == pytest.approx(gap, abs=0.012)
    assert error.low <= gap <= error.high


def test_the_interval_of_a_calibrated_model_reaches_down_to_zero():
    lows = [expected_calibration_error(*answers(500, seed), resamples=200).low for seed in range(40)]
    assert np.mean(np.array(lows) == 0) >= 0.9


def test_the_interval_holds_the_truth_as_often_as_it_says():
    found = [expected_calibration_error(*answers(600, seed, gap=0.1), resamples=200) for seed in range(60)]
    assert sum(e.low <= 0.1 <= e.high for e in found) >= 54


def test_a_real_gap_at_small_n_is_told_from_zero():
    error = expected_calibration_error(*answers(400, 1, gap=0.25))
    assert error.low > 0.1


def test_clusters_widen_the_interval():
    rng = np.random.default_rng(5)
    unit = np.repeat(np.arange(20), 50)
    p = np.tile(np.array([0.7, 0.3], np.float32), (1000, 1))
    good = rng.random(20) < 0.7
    truth = np.where(good[unit], 0, 1).astype(np.int64)
    alone = expected_calibration_error(p, truth)
    clustered = expected_calibration_error(p, truth, units=Units("speaker_id", unit, 20))
    assert clustered.value == alone.value
    assert clustered.high - clustered.low > 3 * (alone.high - alone.low)


def test_too_few_clusters_give_a_value_and_no_interval():
    p, truth = answers(200, 0)
    error = expected_calibration_error(p, truth, units=Units("speaker_id", np.arange(200) % 3, 3))
    assert error.value is not None
    assert error.low is None
    assert "3 distinct speaker_id" in error.reason


def test_failed_and_unlabelled_rows_are_left_out():
    p, truth = answers(300, 0)
    spoilt_p, spoilt_truth = p.copy(), truth.copy()
    spoilt_p[:50] = np.nan
    spoilt_truth[50:80] = -1
    error = expected_calibration_error(spoilt_p, spoilt_truth)
    assert error.n == 220
    assert error.value == expected_calibration_error(p[80:], truth[80:]).value


@pytest.mark.parametrize("n", [0, 1, 29])
def test_too_few_rows_are_declined_with_the_number_needed(n):
    error = expected_calibration_error(*answers(n, 0))
    assert error.value is None
    assert "30" in error.reason


def test_equal_seeds_give_equal_numbers():
    given = answers(300, 0)
    assert expected_calibration_error(*given, seed=3) == expected_calibration_error(*given, seed=3)


def test_the_table_splits_rows_evenly_and_in_order():
    table = reliability(*answers(1500, 0), bins=15)
    assert [b.n for b in table] == [100] * 15
    assert all(one.high <= other.low for one, other in pairwise(table))
    assert all(b.low <= b.confidence <= b.high for b in table)
    assert all(b.accuracy_low <= b.accuracy <= b.accuracy_high for b in table)


def test_equal_confidences_share_a_bin():
    p = np.tile([0.9, 0.1], (100, 1))
    table = reliability(p, np.zeros(100, np.int64))
    assert [(b.n, b.accuracy) for b in table] == [(100, 1.0)]


def test_no_rows_give_no_table():
    assert reliability(np.zeros((0, 3)), np.zeros(0, np.int64)) == ()
