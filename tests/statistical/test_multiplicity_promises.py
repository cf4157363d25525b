"""Budgets, accumulated evidence and false discovery rates: simulated under the null, and with power.

Error rates are averages of numbers in [0, 1]; among those with a given mean the coin is the most
dispersed, so the binomial bound holds for sums of false discovery proportions too.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm

from ombud_monitors.multiplicity import (
    Budget,
    Calibrator,
    ELond,
    LordPlusPlus,
    OnlineState,
    OpenEnded,
    PlannedLooks,
    RestartingEvidence,
    Spending,
    SpentEvidence,
    closed_e_bh,
    e_bh,
    e_bonferroni,
    heavy_tailed,
    mixture,
    power,
    shafer,
)
from statistical.binomial import at_most

LEVEL = 0.05


def correlated(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> NDArray[np.float64]:
    """Standard normal rows, every two of whose entries have correlation ``rho``."""
    shared = rng.standard_normal((shape[0], 1))
    return np.sqrt(rho) * shared + np.sqrt(1 - rho) * rng.standard_normal(shape)


def p_of(z: NDArray[np.float64]) -> NDArray[np.float64]:
    return norm.sf(z)


def likelihood_ratio(z: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """E-value of ``z ~ N(0, 1)`` that bets on ``N(mean, 1)``; sequential for independent z."""
    return np.exp(mean * z - mean**2 / 2)


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.99])
@pytest.mark.parametrize("open_ended", [False, True])
def test_any_alarm_of_a_whole_split_stays_within_the_budget(rho: float, open_ended: bool) -> None:
    """8 monitors, 60 looks (30 planned), all 480 tests equally correlated."""
    rng = np.random.default_rng(3)
    shares = {f"m{i}": 1.0 + i for i in range(8)}
    split = Budget(LEVEL, 30, open_ended).split(shares)
    levels = np.array([split.level(code, look) for code in shares for look in range(1, 61)])
    repeats = 4000
    p = p_of(correlated(rng, (repeats, levels.size), rho))
    alarms = int((p <= levels).any(axis=1).sum())
    print(f"rho {rho}, open-ended {open_ended}: any alarm in {alarms / repeats:.4f}")
    assert alarms <= at_most(LEVEL, repeats)
    assert alarms > 0


@pytest.mark.parametrize("calibrate", [power, mixture, shafer, heavy_tailed])
@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_spent_evidence_rarely_reaches_its_bound_however_long_one_looks(
    calibrate: Calibrator, rho: float
) -> None:
    rng = np.random.default_rng(4)
    repeats, looks = 4000, 300
    parts = np.array([float(OpenEnded(30).part(look)) for look in range(1, looks + 1)])
    e = calibrate(p_of(correlated(rng, (repeats, looks), rho)))
    ever = int((np.cumsum(e * parts, axis=1).max(axis=1) * LEVEL >= 1).sum())
    print(f"{getattr(calibrate, '__name__', '?')}, rho {rho}: reached in {ever / repeats:.4f}")
    assert ever <= at_most(LEVEL, repeats)


def test_what_memory_buys_over_four_fair_looks_and_what_it_costs() -> None:
    """A shift of 2.65 standard deviations (p near .004) in each of 4 looks, under 8 monitors."""
    rng = np.random.default_rng(5)
    repeats, plan, level = 800, PlannedLooks(4), LEVEL / 8
    z = rng.standard_normal((repeats, 4)) + 2.65
    alone = (p_of(z) <= level / 4).any(axis=1).mean()
    together = np.mean([_spent(row, plan).reached(level) for row in likelihood_ratio(z, 2.65)])
    multiplied = np.mean([_restarted(row, plan).reached(level) for row in likelihood_ratio(z, 2.65)])
    print(f"alarmed within 4 looks: alone {alone:.2f}, summed {together:.2f}, multiplied {multiplied:.2f}")
    assert multiplied >= alone + 0.05
    assert together >= 0.5, "valid under any dependence, and the price of it is real"


def test_restarting_evidence_rarely_reaches_its_bound_and_finds_a_change_late() -> None:
    rng = np.random.default_rng(6)
    repeats, looks, change, mean = 3000, 200, 150, 2.0
    parts = [float(PlannedLooks(looks).part(look)) for look in range(1, looks + 1)]
    quiet = rng.standard_normal((repeats, looks))
    changed = quiet[:400].copy()
    changed[:, change:] += mean
    reached = {}
    for name, z in {"quiet": quiet, "changed": changed}.items():
        e = likelihood_ratio(z, mean)
        running, at = np.zeros(len(z)), np.full(len(z), looks)
        for look in range(looks):
            running = (running + parts[look]) * e[:, look]
            value = running + 1 - sum(parts[: look + 1])
            at = np.where((at == looks) & (value * LEVEL >= 1), look, at)
        reached[name] = at
    false = int((reached["quiet"] < looks).sum())
    late = reached["changed"][reached["changed"] >= change] - change + 1
    # log(1 / level) + log(looks) nats are needed, and mean^2 / 2 of them come per look.
    needed = (np.log(1 / LEVEL) + np.log(looks)) / (mean**2 / 2)
    print(
        f"reached in {false / repeats:.4f} of quiet; mean delay {late.mean():.1f}, first-order {needed:.1f}"
    )
    assert false <= at_most(LEVEL, repeats)
    assert late.mean() <= 1.25 * needed
    one = _restarted(likelihood_ratio(changed[0], mean)[: change + 2], PlannedLooks(looks))
    assert one.looks == change + 2


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_rejections_keep_their_promises_under_dependence(rho: float) -> None:
    """40 hypotheses, the last 10 false by 4 standard deviations; the level is .1."""
    rng = np.random.default_rng(7)
    repeats, count, true, level = 600, 40, 30, 0.1
    z = correlated(rng, (repeats, count), rho)
    z[:, true:] += 4.0
    e = likelihood_ratio(z, 4.0)
    any_false, proportions, found = (
        0,
        {"e-BH": 0.0, "closed": 0.0},
        {"e-BH": 0, "closed": 0, "e-Bonferroni": 0},
    )
    for row in e:
        first = e_bonferroni(row, level=level)
        any_false += any(i < true for i in first)
        found["e-Bonferroni"] += sum(i >= true for i in first)
        for name, rejected in (("e-BH", e_bh(row, level=level)), ("closed", closed_e_bh(row, level=level))):
            proportions[name] += sum(i < true for i in rejected) / max(len(rejected), 1)
            found[name] += sum(i >= true for i in rejected)
    print(f"rho {rho}: any false {any_false / repeats:.3f}, FDR {proportions}, found {found}")
    assert any_false <= at_most(level, repeats)
    assert all(total <= at_most(level, repeats) for total in proportions.values())
    assert 0.5 * repeats * 10 < found["e-Bonferroni"] < found["e-BH"] < found["closed"]


def test_slices_tested_online_keep_the_share_of_false_ones_low() -> None:
    """300 slices, one in five really worse; LORD++ on independent p-values, e-LOND on copied e-values."""
    rng = np.random.default_rng(8)
    repeats, slices, level = 150, 300, 0.1
    lord, lond = LordPlusPlus(level), ELond(level)
    totals = {"LORD++": 0.0, "e-LOND": 0.0}
    found = {"LORD++": 0, "e-LOND": 0, "Bonferroni": 0}
    for _ in range(repeats):
        worse = rng.random(slices) < 0.2
        z = rng.standard_normal(slices) + 4.0 * worse
        # Overlapping slices: the true nulls come in runs of ten that all share one statistic.
        shared = np.where(worse, z, np.repeat(rng.standard_normal(slices // 10), 10))
        p, e = p_of(z), likelihood_ratio(shared, 4.0)
        lord_state, lond_state = OnlineState(), OnlineState()
        for i in range(slices):
            lord_state = lord.test(float(p[i]), lord_state)
            lond_state = lond.test(float(e[i]), lond_state)
        for name, state in (("LORD++", lord_state), ("e-LOND", lond_state)):
            right = int(sum(worse[place - 1] for place in state.discoveries))
            found[name] += right
            totals[name] += (len(state.discoveries) - right) / max(len(state.discoveries), 1)
        found["Bonferroni"] += int((worse & (p <= level / slices)).sum())
    print(f"FDR { ({k: round(v / repeats, 3) for k, v in totals.items()}) }, found {found} of {repeats * 60}")
    assert all(total <= at_most(level, repeats) for total in totals.values())
    assert found["LORD++"] > 1.15 * found["Bonferroni"]
    assert found["e-LOND"] > 0.3 * found["Bonferroni"]


def _spent(e: NDArray[np.float64], spending: Spending) -> SpentEvidence:
    evidence = SpentEvidence()
    for one in e:
        evidence = evidence.after(float(one), spending)
    return evidence


def _restarted(e: NDArray[np.float64], spending: Spending) -> RestartingEvidence:
    evidence = RestartingEvidence()
    for one in e:
        evidence = evidence.after(float(one), spending)
    return evidence
