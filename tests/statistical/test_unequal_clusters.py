"""Clusters of a long reference are larger than those of a day: that alone is no drift.

Units of unequal size are not exchangeable, so nothing is exact here; what is tested is that each feature's
differences are divided by what *its* averages vary, which one intra-class correlation for all of them missed
(25% and 20% false alarms at a level of 5%).
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ombud_monitors.two_sample import Aggregated, SecondMoment
from ombud_monitors.two_sample.fitting import TwoSampleTest
from statistical.binomial import at_most

RHO = 0.3


def _window(
    rng: np.random.Generator, clusters: int, rows: int, prefix: str, *, stretch: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    shared = np.sqrt(RHO) * rng.normal(size=(clusters, 1, 3))
    own = stretch * np.sqrt(1 - RHO) * rng.normal(size=(clusters, rows, 3))
    return (shared + own).reshape(-1, 3), np.repeat([f"{prefix}{i}" for i in range(clusters)], rows)


@pytest.mark.parametrize("detector", [Aggregated(), SecondMoment()], ids=lambda d: d.name)
def test_thirty_clusters_of_forty_rows_against_six_of_five(detector: TwoSampleTest) -> None:
    fired = {1.0: 0, 3.0: 0}
    repeats = {1.0: 200, 3.0: 20}
    for stretch, count in repeats.items():
        for i in range(count):
            rng = np.random.default_rng([i, 7])
            x, who = _window(rng, 30, 40, "r")
            y, them = _window(rng, 6, 5, "c", stretch=stretch)
            fired[stretch] += detector.fit(x, clusters=who).test(y, clusters=them, seed=i).fired
    print(f"{detector.name}: {fired[1.0] / 200:.3f} of nulls, power {fired[3.0] / 20:.2f}")
    assert fired[1.0] <= at_most(0.05, 200)
    assert fired[3.0] >= 15
