"""The aggregated test sees what it promises to see, and nearly what the best single test sees.

Goals are mean powers at a reference of 500 digits; a test fails where these repeats contradict its goal with
99.9% confidence.
"""

from __future__ import annotations

import numpy as np
import pytest

from ombud_monitors.detector import Detector
from ombud_monitors.simulate import COLOUR_ONLY, SHIFTS, pairs
from ombud_monitors.two_sample import KS, MMD, Aggregated, Norms, Ranks, SecondMoment
from statistical.binomial import at_most

GOAL = (
    "digits.noise-10-large",
    "digits.knock-out-half",
    "digits.knock-out-full",
    "digits.mixing-5",
    "digits.mixing-10",
)
CORRUPTIONS = [code for code in SHIFTS if code.startswith("image.") and code not in COLOUR_ONLY]


def power(detector: Detector, shift: str, n: int, repeats: int, seed: int = 5) -> float:
    drawn = pairs(SHIFTS[shift], n, repeats, seed=seed)
    fired = [detector.fit(p.reference).test(p.current, seed=i).fired for i, p in enumerate(drawn)]
    return float(np.mean(fired))


def reaches(mean: float, goal: float, repeats: int) -> bool:
    """Whether so many successes are not too few for a true mean power of ``goal``.

    Of all powers with this mean, equal ones vary most, so the binomial bound holds (Hoeffding, 1956).
    """
    return round(repeats * (1 - mean)) <= at_most(1 - goal, repeats)


@pytest.mark.parametrize(("n", "goal"), [(50, 0.50), (100, 0.52), (200, 0.61), (500, 0.73)])
def test_mean_power_over_shifts_of_digits(n: int, goal: float) -> None:
    repeats = 20
    found = [power(Aggregated(), shift, n, repeats) for shift in GOAL]
    print(n, dict(zip(GOAL, found, strict=True)), np.mean(found))
    assert reaches(float(np.mean(found)), goal, repeats * len(GOAL))


def test_mild_corruptions_of_images_are_seen() -> None:
    assert len(CORRUPTIONS) >= 17
    found = [power(Aggregated(), shift, 200, 2) for shift in CORRUPTIONS]
    print(dict(zip(CORRUPTIONS, found, strict=True)), np.mean(found))
    assert reaches(float(np.mean(found)), 0.80, 2 * len(CORRUPTIONS))


def test_a_tenth_more_of_norm_is_seen_where_kernels_and_columns_see_little() -> None:
    shift, repeats = "embedding.norm-10", 40
    ours = power(Aggregated(), shift, 500, repeats)
    assert reaches(ours, 0.70, repeats)
    assert reaches(power(Norms(permutations=199), shift, 500, repeats), 0.70, repeats)
    assert ours > power(KS(), shift, 500, repeats)


@pytest.mark.parametrize("shift", ["digits.knock-out-full", "digits.mixing-5"])
def test_single_tests_see_one_kind_of_shift_and_the_aggregate_both(shift: str) -> None:
    repeats, n = 60, 100
    ours = power(Aggregated(), shift, n, repeats)
    singles = {d.name: power(d, shift, n, repeats) for d in (MMD(), SecondMoment(), Ranks(permutations=199))}
    print(shift, ours, singles)
    assert ours > min(singles.values()) + 0.2
    # Three standard errors of a difference of powers near one half on the same windows.
    assert ours > max(singles.values()) - 0.02 - 3 * np.sqrt(0.5 / repeats)
