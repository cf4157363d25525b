"""Expected calibration error: the mean gap between confidence and accuracy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ombud_monitors.calibration.reliability import equal_mass, top_label
from ombud_monitors.clusters import Units, rows
from ombud_monitors.number import Number
from ombud_monitors.resampling import FEWEST_CLUSTERS, expanded_percentiles, resampled

__all__ = ["expected_calibration_error"]

_UNIT = "share"
_FEWEST_ROWS = 30


def expected_calibration_error(
    probabilities: NDArray[np.floating[Any]],
    truth: NDArray[np.int64],
    bins: int = 15,
    *,
    units: Units | None = None,
    seed: int = 0,
    level: float = 0.05,
    resamples: int = 1000,
) -> Number:
    """Top-label expected calibration error with adaptive (equal-mass) bins and a bootstrap interval.

    ``sum_b n_b / n * |accuracy_b - confidence_b|``. The binned gap is biased upwards: a perfectly
    calibrated model of n rows reads more than 0. The value is the plain one, as everybody reports
    it; its interval is honest about the bias: the lower end takes off what noise alone would read,
    the upper end is the bootstrap's, which the same bias makes wide.

    Args:
        probabilities: ``(n, k)``; rows of NaN are left out.
        truth: ``(n,)`` index of the true class; -1 rows are left out.
        bins: How many bins at most; fewer when rows are few, so that a bin holds 10 or more.
        units: Which of the ``n`` rows belong together; None takes them as independent.
        seed: Seed of the resampling.
        level: One minus the coverage of the interval.
        resamples: Bootstrap replicates.

    Source: Guo et al. (2017) for the measure, Nixon et al. (2019) for equal-mass bins, Kumar et al.
        (2019) for the bias.
    Limits: the interval covers more than it claims; the value says nothing about the
        classes that were not predicted.

    Example:
        >>> sure = np.tile([0.9, 0.1], (200, 1))
        >>> half_wrong = np.arange(200) % 2
        >>> round(expected_calibration_error(sure, half_wrong).value, 6)
        0.4
    """
    confidence, right, usable = top_label(probabilities, truth)
    n = len(confidence)
    if n < _FEWEST_ROWS:
        return Number.unknown(n, _UNIT, f"{n} rows with an answer and a label: needs {_FEWEST_ROWS}")
    kept = (units or rows(len(truth))).where(usable)
    number = equal_mass(confidence, min(bins, max(1, n // 10)))
    cells = int(number.max()) + 1
    gap = np.zeros((kept.count, cells))
    np.add.at(gap, (kept.index, number), right - confidence)
    value = float(np.abs(gap.sum(axis=0)).sum()) / n
    if kept.count < FEWEST_CLUSTERS:
        why = f"no interval: {kept.count} distinct {kept.name}, at least {FEWEST_CLUSTERS} are needed"
        return Number(value, None, None, n, _UNIT, why)
    sizes = np.bincount(kept.index, minlength=kept.count).astype(np.float64)
    rng = np.random.default_rng(seed)
    gaps = np.concatenate([(w @ gap) / (w @ sizes)[:, None] for w in resampled(kept.count, resamples, rng)])
    drawn = np.abs(gaps).sum(axis=1)
    high = expanded_percentiles(drawn, kept.count, level)[1]
    # |x| of a centred normal x has mean sqrt(2 / pi) deviations: what noise alone would read.
    noise = math.sqrt(2 / math.pi) * float(gaps.std(axis=0).sum())
    low = value - noise - float(stats.t.isf(level / 2, kept.count - 1)) * float(drawn.std())
    assumed = "rows taken as independent" if kept.name is None else f"resampled by {kept.name}"
    reason = f"{cells} equal-mass bins; {assumed}; noise alone would read {noise:.3f}"
    return Number(value, min(1.0, max(0.0, low)), min(1.0, max(value, high)), n, _UNIT, reason)
