"""Betting on a bounded mean keeps its promise at every look, and is near the best that can be done.

``pytest -s`` prints the operating characteristics.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ombud_monitors.sequential import MeanProcess, MeanSequence, mean_log_wealth
from statistical.binomial import at_most

ALPHA = 0.05
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def coin(p: float) -> Draw:
    return lambda rng, shape: (rng.random(shape) < p).astype(np.float64)


def beta(a: float, b: float) -> Draw:
    return lambda rng, shape: rng.beta(a, b, shape)


def swinging(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Spread and shape change all the time, the mean given the past is .3 throughout."""
    strength = 1 + 30 * (np.arange(shape[-1]) // 50 % 2)
    return rng.beta(0.3 * strength, 0.7 * strength, shape)


def reacting(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Dependent: after a high value the next has less spread; its mean stays .5."""
    values = np.empty(shape)
    last = np.full(shape[:-1], 0.5)
    for t in range(shape[-1]):
        half = np.where(last > 0.5, 0.1, 0.5)
        last = 0.5 + half * rng.uniform(-1, 1, shape[:-1])
        values[..., t] = last
    return values


NULLS: dict[str, tuple[Draw, float]] = {
    "coin .05": (coin(0.05), 0.05),
    "coin .5": (coin(0.5), 0.5),
    "coin .95": (coin(0.95), 0.95),
    "beta(10, 30)": (beta(10, 30), 0.25),
    "beta(.2, 1.8), skewed": (beta(0.2, 1.8), 0.1),
    "spread swings": (swinging, 0.3),
    "spread depends on the past": (reacting, 0.5),
}


@pytest.mark.parametrize("name", NULLS)
def test_looking_at_every_value_keeps_alpha_and_the_interval_covers_at_all_times(name: str) -> None:
    """The interval has ever missed the mean exactly if one side's wealth has ever reached 2 / alpha."""
    draw, mean = NULLS[name]
    rng = np.random.default_rng(20261103)
    repeats, steps, crossed, missed = 600, 2000, 0, 0
    for _ in range(repeats // 60):
        x = draw(rng, (60, steps))
        up = mean_log_wealth(x, mean).max(axis=1)
        down = mean_log_wealth(x, mean, alternative="less").max(axis=1)
        crossed += int((up >= np.log(1 / ALPHA)).sum())
        missed += int((np.maximum(up, down) >= np.log(2 / ALPHA)).sum())
    bound = at_most(ALPHA, repeats)
    print(f"{name:28s} crossed {crossed / repeats:.3f}, missed {missed / repeats:.3f} of {repeats}")
    assert crossed <= bound
    assert missed <= bound


def test_a_long_stream_looked_at_ten_thousand_times() -> None:
    rng = np.random.default_rng(20261104)
    repeats = 200
    peaks = np.concatenate(
        [mean_log_wealth(coin(0.05)(rng, (10, 10_000)), 0.05).max(axis=1) for _ in range(repeats // 10)]
    )
    crossed = int((peaks >= np.log(1 / ALPHA)).sum())
    print(f"coin .05 over 10,000 looks: crossed {crossed / repeats:.3f} of {repeats}")
    assert crossed <= at_most(ALPHA, repeats)


@pytest.mark.parametrize("name", ["coin .05", "beta(10, 30)", "spread swings"])
def test_the_sequence_itself_covers_at_all_looks(name: str) -> None:
    """As people use it: batches of growing size, values shared between the cells."""
    draw, mean = NULLS[name]
    rng = np.random.default_rng(20261105)
    repeats = 200
    missed = 0
    for x in draw(rng, (repeats, 2000)):
        sequence = MeanSequence(alpha=ALPHA)
        for part in np.split(x, [10, 50, 200, 700]):
            sequence.update(part)
        # Limits only close in: what was ever missed is missed at the end.
        missed += not sequence.interval.covers(mean)
    print(f"{name:28s} sequence missed {missed / repeats:.3f} of {repeats}")
    assert missed <= at_most(ALPHA, repeats)


def hoeffding(x: np.ndarray) -> np.ndarray:
    """Widths of the predictable plug-in Hoeffding sequence (Waudby-Smith & Ramdas 2024, eq. 7)."""
    t = np.arange(1, len(x) + 1)
    bets = np.minimum(np.sqrt(8 * np.log(2 / ALPHA) / (t * np.log(t + 1))), 1)
    centre = np.cumsum(bets * x) / np.cumsum(bets)
    half = (np.log(2 / ALPHA) + np.cumsum(bets**2) / 8) / np.cumsum(bets)
    return intersected(centre, half)


def empirical_bernstein(x: np.ndarray) -> np.ndarray:
    """Widths of the predictable plug-in empirical-Bernstein sequence (ibid., theorem 2)."""
    t = np.arange(1, len(x) + 1)
    mean = (0.5 + np.cumsum(x)) / (t + 1)
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / (t + 1)
    mean, variance = np.append(0.5, mean[:-1]), np.append(0.25, variance[:-1])
    bets = np.minimum(np.sqrt(2 * np.log(2 / ALPHA) / (variance * t * np.log(t + 1))), 0.5)
    centre = np.cumsum(bets * x) / np.cumsum(bets)
    growth = 4 * (x - mean) ** 2 * (-np.log1p(-bets) - bets) / 4
    return intersected(centre, (np.log(2 / ALPHA) + np.cumsum(growth)) / np.cumsum(bets))


def intersected(centre: np.ndarray, half: np.ndarray) -> np.ndarray:
    low, high = np.maximum(centre - half, 0), np.minimum(centre + half, 1)
    width: np.ndarray = np.minimum.accumulate(high) - np.maximum.accumulate(low)
    return width


@pytest.mark.parametrize("name", ["coin .05", "coin .5", "coin .95", "beta(10, 30)", "beta(.2, 1.8), skewed"])
def test_the_interval_is_narrower_than_empirical_bernstein_and_hoeffding(name: str) -> None:
    """All look after each of the first hundred values; later ours looks less often, to its disadvantage."""
    draw, _ = NULLS[name]
    rng = np.random.default_rng(20261106)
    looks = [*range(1, 101), *range(200, 1000, 100), *range(1000, 10_001, 1000)]
    shown = [100, 1000, 10_000]
    ours, bernstein, plain, spread = [], [], [], []
    for x in draw(rng, (10, 10_000)):
        sequence = MeanSequence(alpha=ALPHA)
        widths = {n: sequence.update(x[a:n]).width for a, n in zip([0, *looks], looks, strict=False)}
        ours.append([widths[n] for n in shown])
        bernstein.append([empirical_bernstein(x)[n - 1] for n in shown])
        plain.append([hoeffding(x)[n - 1] for n in shown])
        spread.append(x.std())
    mean, peer, baseline = (np.mean(w, axis=0) for w in (ours, bernstein, plain))
    fixed = 2 * 1.96 * np.mean(spread) / np.sqrt(shown)
    for i, n in enumerate(shown):
        print(
            f"{name:24s} n={n:<6d} ours {mean[i]:.4f}, empirical Bernstein {peer[i]:.4f}, "
            f"Hoeffding {baseline[i]:.4f}, one look {fixed[i]:.4f}"
        )
    assert (mean < peer).all()
    assert (mean < baseline).all()
    # Looking ever after costs a factor of about sqrt(2 log(2 / alpha) + log n) / 1.96 = 2.1 at 10,000.
    assert mean[-1] < 2.1 * fixed[-1]


@pytest.mark.parametrize(("truth", "null"), [(0.07, 0.05), (0.1, 0.05), (0.55, 0.5), (0.2, 0.05)])
def test_a_coin_is_found_out_soon(truth: float, null: float) -> None:
    """Wald's oracle knows both rates and needs log(1 / alpha) / KL values on average."""
    divergence = truth * np.log(truth / null) + (1 - truth) * np.log((1 - truth) / (1 - null))
    floor = np.log(1 / ALPHA) / divergence
    rng = np.random.default_rng(20261107)
    steps = int(12 * floor)
    stops: list[int] = []
    for _ in range(20):
        over = mean_log_wealth(coin(truth)(rng, (10, steps)), null) >= np.log(1 / ALPHA)
        stops += np.where(over.any(axis=1), over.argmax(axis=1) + 1, steps).tolist()
    print(f"coin {truth} against {null}: mean {np.mean(stops):.0f}, oracle {floor:.0f}")
    assert np.mean(stops) <= 1.8 * floor


def test_the_wealth_in_batches_stops_as_the_paths_do() -> None:
    x = coin(0.1)(np.random.default_rng(20261108), (400,))
    process = MeanProcess(0.05)
    path = mean_log_wealth(x, 0.05)
    stop = int((path >= np.log(20)).argmax())
    assert not process.update(x[:stop]).rejected
    assert process.update(x[stop : stop + 1]).rejected
