"""Harmful shifts: quiet under harmless ones, alarmed by harm, whatever the delay of labels.

``pytest -s`` prints the operating characteristics.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from ombud_monitors.sequential import HarmEvidence, HarmfulShift
from statistical.binomial import at_most

ALPHA = 0.05
NAMES = [str(i) for i in range(3000)]


def track(
    rng: np.random.Generator, reference: np.ndarray, losses: np.ndarray, *, tolerance: float
) -> HarmEvidence:
    """Labels come after exponential delays, so out of order; a fifth never comes."""
    shift = HarmfulShift(reference, tolerance=tolerance, alpha=ALPHA)
    n = len(losses)
    shift.requested(NAMES[:n])
    order = np.argsort(np.arange(n) + rng.exponential(500, n))[: 4 * n // 5]
    return shift.labelled([NAMES[i] for i in order], losses[order])


def coin(rng: np.random.Generator, risk: float, n: int) -> np.ndarray:
    return (rng.random(n) < risk).astype(float)


def graded(rng: np.random.Generator, risk: float, n: int) -> np.ndarray:
    return rng.beta(4 * risk, 4 * (1 - risk), n)


@pytest.mark.parametrize("loss", [coin, graded])
@pytest.mark.parametrize(("rise", "tolerance"), [(0.0, 0.0), (0.02, 0.02)])
@pytest.mark.parametrize("labelled", [100, 2000])
def test_a_rise_within_the_tolerance_is_seldom_alarmed(
    loss: object, rise: float, tolerance: float, labelled: int
) -> None:
    """Reference and production are drawn anew in every run; every label is looked at."""
    assert callable(loss)
    rng = np.random.default_rng(20261131)
    repeats, alarms = 200, 0
    for _ in range(repeats):
        seen = track(rng, loss(rng, 0.1, labelled), loss(rng, 0.1 + rise, 2500), tolerance=tolerance)
        alarms += seen.alarm
        assert (seen.n, seen.unlabelled, seen.refused) == (2000, 500, 0)
    print(
        f"{loss.__name__}, {labelled} reference losses, tolerance {tolerance}: {alarms / repeats:.3f} alarmed"
    )
    assert alarms <= at_most(ALPHA, repeats)


def test_inputs_that_changed_without_harm_leave_it_quiet() -> None:
    """Another mix of easy requests: any two-sample test sees it at once, the risk stays at 8%."""
    rng = np.random.default_rng(20261132)
    repeats, alarms, seen_by_inputs = 200, 0, 0
    for _ in range(repeats):
        before, after = rng.normal(0, 1, 1000), rng.normal(1, 1.5, 2000)
        # The model errs on 8% on either side of 0, so the mix does not matter.
        alarms += track(rng, coin(rng, 0.08, 1000), coin(rng, 0.08, 2000), tolerance=0.0).alarm
        seen_by_inputs += ks_2samp(before, after).pvalue < 1e-6
    print(f"harmless shift: {alarms / repeats:.3f} alarmed; KS on the inputs {seen_by_inputs / repeats:.2f}")
    assert alarms <= at_most(ALPHA, repeats)
    assert seen_by_inputs == repeats


@pytest.mark.parametrize(("before", "after"), [(0.05, 0.12), (0.1, 0.2)])
def test_harm_is_alarmed_about_as_soon_as_it_can(before: float, after: float) -> None:
    """The oracle knows both risks but tests the same limit: log(2 / alpha) / KL labels."""
    rng = np.random.default_rng(20261133)
    stops, floors = [], []
    for _ in range(60):
        shift = HarmfulShift(coin(rng, before, 2000), tolerance=0.01, alpha=ALPHA)
        shift.requested(NAMES)
        limit = shift.evidence.limit
        divergence = after * np.log(after / limit) + (1 - after) * np.log((1 - after) / (1 - limit))
        floors.append(np.log(2 / ALPHA) / divergence)
        losses = coin(rng, after, 3000)
        for start in range(0, 3000, 20):
            part = slice(start, start + 20)
            if shift.labelled(NAMES[part], losses[part]).alarm:
                stops.append(start + 20)
                break
    print(
        f"risk {before} to {after}: alarmed {len(stops)} of 60 after {np.mean(stops):.0f} labels, "
        f"oracle {np.mean(floors):.0f}"
    )
    assert len(stops) == 60
    assert np.mean(stops) < 2 * np.mean(floors)


@pytest.mark.parametrize(("loss", "most"), [(coin, 0.95), (graded, 1.0)])
def test_the_minimum_detectable_rise_is_found_with_the_promised_power(loss: object, most: float) -> None:
    assert callable(loss)
    rng = np.random.default_rng(20261134)
    reference = loss(rng, 0.1, 2000)
    shift = HarmfulShift(reference, tolerance=0.01, alpha=ALPHA)
    shift.requested(NAMES[:1000])
    quiet = shift.labelled(NAMES[:1000], loss(rng, 0.1, 1000))
    risk = quiet.reference_risk + quiet.minimum_detectable
    repeats = 200
    found = 0
    for _ in range(repeats):
        again = HarmfulShift(reference, tolerance=0.01, alpha=ALPHA)
        again.requested(NAMES[:1000])
        found += again.labelled(NAMES[:1000], loss(rng, risk, 1000)).alarm
    print(
        f"{loss.__name__}: rise of {quiet.minimum_detectable:.3f} at 1,000 labels found {found / repeats:.2f}"
    )
    # Looking at every label finds a little more than the last look alone, which the promise is about.
    assert at_most(0.8, repeats, confidence=0.001) <= found <= at_most(most, repeats)


def test_labels_that_prefer_errors_mislead_and_holding_them_back_repairs() -> None:
    """The stated assumption is needed, and the stated remedy works: the risk is 10% throughout."""
    rng = np.random.default_rng(20261135)
    repeats, misled, repaired = 100, 0, 0
    for _ in range(repeats):
        reference, losses = coin(rng, 0.1, 1000), coin(rng, 0.1, 1500)
        delay = np.where(losses == 1, rng.exponential(20, 1500), rng.uniform(0, 1000, 1500))
        for held in (False, True):
            shift = HarmfulShift(reference, tolerance=0.0, alpha=ALPHA)
            shift.requested(NAMES[:1500])
            # Held until 1,000 requests later, when every label is there: back in the order of requests.
            order = np.arange(1500) if held else np.argsort(np.arange(1500) + delay)
            alarm = shift.labelled([NAMES[i] for i in order], losses[order]).alarm
            repaired, misled = repaired + (held and alarm), misled + (not held and alarm)
    print(f"errors sooner: {misled / repeats:.2f} alarmed as they arrive, {repaired / repeats:.2f} held back")
    assert misled > 90
    assert repaired <= at_most(ALPHA, repeats)
