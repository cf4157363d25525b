"""Quantiles under continuous looking: coverage at all looks, width beside Howard & Ramdas, power.

``pytest -s`` prints the operating characteristics.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import binom, lognorm, t

from ombud_monitors.sequential import QuantileProcess, QuantileSequence, mean_log_wealth
from ombud_monitors.sequential.betting import enough
from statistical.binomial import at_most

ALPHA = 0.05
Draw = Callable[[np.random.Generator, int], np.ndarray]

LAWS: dict[str, tuple[Draw, Callable[[float], float]]] = {
    "log-normal latency": (
        lambda rng, n: rng.lognormal(4, 0.8, n),
        lambda p: float(lognorm.ppf(p, 0.8, scale=np.exp(4))),
    ),
    "t(2), both signs": (lambda rng, n: rng.standard_t(2, n), lambda p: float(t.ppf(p, 2))),
    "whole numbers with ties": (
        lambda rng, n: rng.binomial(10, 0.5, n),
        lambda p: float(binom.ppf(p, 10, 0.5)),
    ),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_interval_covers_at_all_looks(law: str, level: float) -> None:
    draw, quantile = LAWS[law]
    rng = np.random.default_rng(20261121)
    repeats, missed = 120, 0
    for _ in range(repeats):
        sequence = QuantileSequence(level, alpha=ALPHA)
        for _ in range(20):
            sequence.update(draw(rng, 100))
        # Limits only close in: what was ever missed is missed at the end.
        missed += not sequence.interval.covers(quantile(level))
    print(f"{law}, level {level}: missed {missed / repeats:.3f} of {repeats}")
    assert missed <= at_most(ALPHA, repeats)


@pytest.mark.parametrize("level", [0.5, 0.95, 0.99])
def test_a_true_null_is_rejected_seldom_though_every_value_is_looked_at(level: float) -> None:
    """Both directions at once, on the coin that the process bets on (any law gives the same one)."""
    rng = np.random.default_rng(20261122)
    repeats, crossed = 400, {"less": 0, "greater": 0}
    for _ in range(repeats // 40):
        coin = (rng.random((40, 3000)) < level).astype(float)
        for alternative in crossed:
            peak = mean_log_wealth(coin, level, alternative=alternative).max(axis=1)
            crossed[alternative] += int((peak >= np.log(1 / ALPHA)).sum())
    print(f"level {level}: crossed {crossed} of {repeats}")
    assert max(crossed.values()) <= at_most(ALPHA, repeats)


def howard_ramdas(n: int, level: float) -> float:
    """How far the share of values up to the quantile may stray (Howard & Ramdas 2022, eq. 3)."""
    rate = (1.4 * np.log(np.log(2.1 * n)) + np.log(10 / ALPHA)) / n
    return float(1.5 * np.sqrt(level * (1 - level) * rate) + 0.8 * rate)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize("n", [300, 3000, 30_000])
def test_fewer_ranks_stay_undecided_than_by_the_closed_form(n: int, level: float) -> None:
    above = enough(n, level, alpha=ALPHA / 2) / n - level
    below = enough(n, 1 - level, alpha=ALPHA / 2) / n - (1 - level)
    peer = howard_ramdas(n, level) + howard_ramdas(n, 1 - level)
    print(f"level {level}, n={n}: {above + below:.4f} of the ranks undecided, closed form {peer:.4f}")
    assert above + below < 0.95 * peer


@pytest.mark.parametrize("null", [0.05, 0.1])
def test_a_slower_tail_is_found_soon(null: float) -> None:
    """p95 of exponential latency rises by 30%; the coin's oracle needs log(1 / alpha) / KL."""
    rng = np.random.default_rng(20261123)
    level = 1 - null
    limit = -np.log(null)
    after = float(np.exp(-limit / 1.3))
    divergence = after * np.log(after / null) + (1 - after) * np.log((1 - after) / (1 - null))
    floor = np.log(1 / ALPHA) / divergence
    stops = []
    for _ in range(100):
        process, n = QuantileProcess(level, limit, alpha=ALPHA), 0
        while not process.update(rng.exponential(1.3, 10)).rejected:
            n += 10
        stops.append(n + 10)
    print(f"p{100 * level:.0f} up by 30%: mean {np.mean(stops):.0f} values, oracle {floor:.0f}")
    assert np.mean(stops) < 2.2 * floor
