"""The aggregated test and its parts keep their level on hard nulls: tails, ties, few rows, clusters.

The aggregated test estimates much from the rows (components, groups, what is usual) before it judges them;
a mistake there would show as false alarms.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest

from ombud_monitors.detector import Detector
from ombud_monitors.simulate import NULLS, pairs
from ombud_monitors.two_sample import Aggregated, Norms, SecondMoment
from statistical.binomial import at_most

LEVEL = 0.05
REPEATS = 300
Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]

AWKWARD: dict[str, Draw] = {
    "heavy tails": lambda rng, n: rng.standard_cauchy(size=(n, 5)),
    "ties": lambda rng, n: rng.poisson(0.7, size=(n, 6)).astype(float),
    "fewer rows than columns": lambda rng, n: rng.normal(size=(n, 150)),
    "duplicated rows of few kinds": lambda rng, n: np.eye(4)[rng.integers(0, 4, n)],
}


def false_alarms(detector: Detector, draw: Draw, repeats: int, n: int = 60, m: int = 40) -> int:
    rng = np.random.default_rng(1)
    return sum(detector.fit(draw(rng, n)).test(draw(rng, m), seed=i).fired for i in range(repeats))


@pytest.mark.parametrize("draw", AWKWARD.values(), ids=AWKWARD.keys())
def test_awkward_nulls_are_quiet(draw: Draw) -> None:
    for detector in (Aggregated(), SecondMoment(), Norms(permutations=199)):
        fired = false_alarms(detector, draw, REPEATS)
        print(f"{detector.name}: {fired / REPEATS:.3f}")
        assert fired <= at_most(LEVEL, REPEATS)


def test_the_aggregate_wastes_nothing_of_its_level_on_digits_and_its_p_values_are_uniform() -> None:
    verdicts = [
        Aggregated().fit(pair.reference).test(pair.current, seed=i)
        for i, pair in enumerate(pairs(NULLS["digits"], 100, REPEATS, seed=2, reference=200))
    ]
    p = np.array([verdict.p_value for verdict in verdicts], dtype=float)
    fired = sum(verdict.fired for verdict in verdicts)
    assert fired <= at_most(LEVEL, REPEATS)
    assert REPEATS - fired <= at_most(1 - LEVEL, REPEATS)
    assert kstest(p, "uniform").pvalue > 0.001


def speakers(
    rng: np.random.Generator, count: int, rows: int, prefix: str
) -> tuple[NDArray[np.float64], NDArray[np.str_]]:
    """Speakers with an effect as large as the noise and of very unequal size."""
    size = 1 + rng.multinomial(rows - count, rng.dirichlet(np.full(count, 2.0)))
    who = np.repeat(np.arange(count), size)
    return rng.normal(size=(count, 4))[who] + rng.normal(size=(rows, 4)), np.char.add(prefix, who.astype(str))


def clustered_alarms(detector: Detector, repeats: int, *, named: bool) -> int:
    rng = np.random.default_rng(3)
    fired = 0
    for i in range(repeats):
        (x, who), (y, them) = speakers(rng, 20, 200, "r"), speakers(rng, 12, 100, "c")
        fitted = detector.fit(x, clusters=who if named else None)
        fired += fitted.test(y, clusters=them if named else None, seed=i).fired
    return fired


def test_clustered_nulls_are_quiet_and_rows_permuted_instead_would_cry_wolf() -> None:
    for detector in (Aggregated(), SecondMoment(), Norms(permutations=199)):
        fired = clustered_alarms(detector, REPEATS, named=True)
        print(f"{detector.name}: {fired / REPEATS:.3f}")
        assert fired <= at_most(LEVEL, REPEATS)
    assert clustered_alarms(Aggregated(), 60, named=False) > 4 * at_most(LEVEL, 60)


def test_speakers_heard_in_both_windows_do_not_cry_wolf() -> None:
    rng = np.random.default_rng(4)
    fired = 0
    for i in range(REPEATS):
        effect = rng.normal(size=(24, 4))
        x_who, y_who = rng.integers(0, 16, 150), rng.integers(8, 24, 80)
        x, y = effect[x_who] + rng.normal(size=(150, 4)), effect[y_who] + rng.normal(size=(80, 4))
        fitted = Aggregated().fit(x, clusters=x_who.astype(str))
        fired += fitted.test(y, clusters=y_who.astype(str), seed=i).fired
    assert fired <= at_most(LEVEL, REPEATS)


def test_stopping_early_keeps_a_small_level() -> None:
    detector = Aggregated(level=0.01, permutations=2999)
    fired = false_alarms(detector, lambda rng, n: rng.normal(size=(n, 3)), 200, 40, 30)
    assert fired <= at_most(0.01, 200)
