"""Two-sample tests keep their level on clustered nulls, and still see shifts.

The nulls have cluster effects and clusters of unequal size in both windows, the reference longer than
the window, as in production. Permuting rows fails there by an order of magnitude; the last test shows
that, so that nobody can mistake an easy null for a proof.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ombud.domain.verdict import Outcome
from ombud_monitors.detector import Detector
from ombud_monitors.two_sample import KS, MMD, Mean, Ranks
from statistical.binomial import at_most

LEVEL = 0.05
Window = tuple[NDArray[np.float64], NDArray[np.str_]]

DETECTORS: tuple[Detector, ...] = (
    Mean("less", permutations=199), Mean(permutations=199), Ranks(permutations=199),
    KS(permutations=199), MMD(permutations=199),
)  # fmt: skip
NAMES = ("mean, one-sided", "mean", "ranks", "ks", "mmd")


def window(rng: np.random.Generator, clusters: int, rows: int, prefix: str, shift: float = 0.0) -> Window:
    """Rows of speakers: a speaker effect as large as the noise, sizes that differ by a factor of ten."""
    size = 1 + rng.multinomial(rows - clusters, rng.dirichlet(np.full(clusters, 2.0)))
    effect = rng.normal(size=(clusters, 3))
    who = np.repeat(np.arange(clusters), size)
    return effect[who] + rng.normal(size=(rows, 3)) - shift, np.char.add(prefix, who.astype(str))


def alarms(detector: Detector, repeats: int, *, shift: float = 0.0, named: bool = True) -> int:
    rng = np.random.default_rng(7)
    fired = 0
    for i in range(repeats):
        (x, who), (y, them) = window(rng, 20, 240, "r"), window(rng, 9, 120, "c", shift)
        fitted = detector.fit(x, clusters=who if named else None)
        fired += fitted.test(y, clusters=them if named else None, seed=i).outcome is Outcome.DRIFT
    return fired


@pytest.mark.parametrize("detector", DETECTORS, ids=NAMES)
def test_clustered_nulls_are_quiet(detector: Detector) -> None:
    fired = alarms(detector, 400)
    print(f"{detector.name}: {fired / 400:.3f} of clustered nulls")
    assert fired <= at_most(LEVEL, 400)


@pytest.mark.parametrize("detector", DETECTORS, ids=NAMES)
def test_independent_nulls_are_quiet(detector: Detector) -> None:
    rng = np.random.default_rng(8)
    fired = sum(
        detector.fit(rng.normal(size=(120, 3))).test(rng.normal(size=(80, 3)), seed=i).fired
        for i in range(400)
    )
    print(f"{detector.name}: {fired / 400:.3f} of independent nulls")
    assert fired <= at_most(LEVEL, 400)


@pytest.mark.parametrize("detector", DETECTORS, ids=NAMES)
def test_a_shift_of_two_cluster_deviations_is_seen(detector: Detector) -> None:
    assert alarms(detector, 60, shift=2.0) >= 54


def test_speakers_heard_in_both_windows_do_not_cry_wolf() -> None:
    rng = np.random.default_rng(9)
    fired = 0
    for i in range(400):
        effect = rng.normal(size=24)
        x_who, y_who = rng.integers(0, 16, 200), rng.integers(8, 24, 100)
        x, y = effect[x_who] + rng.normal(size=200), effect[y_who] + rng.normal(size=100)
        fitted = Mean("less", permutations=199).fit(x, clusters=x_who.astype(str))
        fired += fitted.test(y, clusters=y_who.astype(str), seed=i).fired
    assert fired <= at_most(LEVEL, 400)


def test_two_clusters_much_larger_than_the_reference_s_do_not_cry_wolf() -> None:
    """Sums instead of standardised means would: the largest clusters always look most extreme."""
    rng = np.random.default_rng(10)
    fired = 0
    for i in range(400):
        reference = rng.integers(5, 60, 25)
        x = np.concatenate([rng.normal(rng.normal(0, 0.5), 1.0, n) for n in reference])
        y = np.concatenate([rng.normal(rng.normal(0, 0.5), 1.0, 300) for _ in range(2)])
        fitted = Mean("less").fit(x, clusters=np.repeat(np.arange(25), reference).astype(str))
        fired += fitted.test(y, clusters=np.repeat(["c0", "c1"], 300), seed=i).fired
    assert fired <= at_most(LEVEL, 400)


def test_permuting_rows_would_fail_on_the_same_nulls() -> None:
    assert alarms(Mean(permutations=199), 100, named=False) > 4 * at_most(LEVEL, 100)


def test_the_minimum_detectable_effect_is_detected_with_power_four_fifths() -> None:
    rng = np.random.default_rng(11)
    detector = Mean("greater", permutations=199)
    promised = [
        detector.fit(rng.normal(size=150)).test(rng.normal(size=100), seed=i).minimum_detectable_effect
        for i in range(40)
    ]
    effect = float(np.mean([p for p in promised if p is not None]))
    seen = sum(
        detector.fit(rng.normal(size=150)).test(rng.normal(effect, size=100), seed=i).fired
        for i in range(400)
    )
    print(f"minimum detectable effect {effect:.3f}: power {seen / 400:.3f}")
    assert 0.74 <= seen / 400 <= 0.86
