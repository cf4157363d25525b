"""Nothing changes in a null, and every listed shift changes something: judged by tests from scipy.

Welch's test on one column of every pair: under a null it must fire as often as its level, no more, no
less. A leak between windows, a population that drifts or rows drawn twice would show here.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, ks_2samp, ttest_ind

from ombud.domain.modality import AUDIO
from ombud_monitors.simulate import COLOUR_ONLY, NULLS, SHIFTS, pairs
from statistical.binomial import at_most

LEVEL, REPEATS = 0.05, 1000
LARGER = [
    code
    for code, shift in SHIFTS.items()
    if shift.modality != AUDIO and shift.keep is None and code not in COLOUR_ONLY
]
"""Audio and knock-out have tests of their own, by exact power and by labels."""


@pytest.mark.parametrize("code", NULLS)
def test_a_null_fires_as_often_as_the_level(code: str) -> None:
    fired = 0
    for pair in pairs(NULLS[code], 200, REPEATS, seed=3):
        # The sum of all columns: defined and far from constant in every population.
        before, after = pair.reference.sum(axis=1), pair.current.sum(axis=1)
        fired += ttest_ind(before, after, equal_var=False).pvalue <= LEVEL
    print(f"{code}: {fired / REPEATS:.3f}")
    assert binom.ppf(0.001, REPEATS, LEVEL) <= fired <= at_most(LEVEL, REPEATS)


@pytest.mark.parametrize("code", LARGER)
def test_a_larger_shift_is_seen_by_a_plain_test(code: str) -> None:
    """Four times the size, a long window: Kolmogorov-Smirnov on columns and on two products of them."""
    shift = SHIFTS[code]
    large = shift.at(min(shift.largest, 4 * shift.size))
    (pair,) = pairs(large, 800, 1, seed=4)
    both = np.concatenate([pair.reference, pair.current])
    both = (both - both.mean(axis=0)) / np.where(both.std(axis=0) > 0, both.std(axis=0), 1)
    views = np.concatenate(
        [both, (both**2).sum(axis=1, keepdims=True), both.sum(axis=1, keepdims=True) ** 2], axis=1
    )
    p = min(ks_2samp(v[:500], v[500:], method="asymp").pvalue for v in views.T if v.std() > 0)
    print(f"{code} at {large.size:g}: {p * views.shape[1]:.2g}")
    assert p * views.shape[1] <= 0.01
