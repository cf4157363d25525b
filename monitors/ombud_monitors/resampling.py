"""Intervals: Wilson for independent rows, the cluster bootstrap where a unit repeats."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ombud_monitors.clusters import Units
from ombud_monitors.number import Number

__all__ = [
    "FEWEST_CLUSTERS",
    "expanded_percentiles",
    "interval_of_mean",
    "interval_of_share",
    "resampled",
    "wilson",
]

FEWEST_CLUSTERS = 5
"""Below this many units no interval is claimed: too few to know how much units differ."""

_ROWS_AT_ONCE = 4_000_000

_Floats = NDArray[np.float64]


def wilson(successes: float, n: float, level: float = 0.05) -> tuple[float, float]:
    """Wilson's score interval of a share, for independent rows.

    Source: Wilson (1927); Brown, Cai and DasGupta (2001).

    Example:
        >>> [round(end, 3) for end in wilson(10, 10)]
        [0.722, 1.0]
    """
    z2 = float(stats.norm.ppf(1 - level / 2)) ** 2
    centre = (successes + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (successes * (n - successes) / n + z2 / 4)) / (n + z2)
    return max(0.0, centre - half), min(1.0, centre + half)


def resampled(count: int, resamples: int, rng: np.random.Generator) -> Iterator[_Floats]:
    """Bootstrap weights of ``count`` units in blocks ``(b, count)``; every row sums to ``count``."""
    block = max(1, min(resamples, _ROWS_AT_ONCE // max(count, 1)))
    even = np.full(count, 1 / count)
    for start in range(0, resamples, block):
        yield rng.multinomial(count, even, size=min(block, resamples - start)).astype(np.float64)


def expanded_percentiles(replicates: _Floats, units: int, level: float = 0.05) -> tuple[float, float]:
    """Percentile interval, widened for few units as a t interval is.

    Source: Hesterberg, "What Teachers Should Know about the Bootstrap" (2015), 3.1.
    """
    finite = replicates[np.isfinite(replicates)]
    if units < 2 or not len(finite):
        return math.nan, math.nan
    t = float(stats.t.ppf(level / 2, units - 1))
    tail = float(stats.norm.cdf(math.sqrt(units / (units - 1)) * t))
    low, high = np.quantile(finite, [tail, 1 - tail])
    return float(low), float(high)


def interval_of_mean(
    values: _Floats,
    units: Units,
    *,
    unit: str,
    seed: int,
    level: float = 0.05,
    resamples: int = 2000,
    interval: Callable[[_Floats, int, float], tuple[float, float]] = expanded_percentiles,
) -> Number:
    """Mean of ``values`` over rows, with an interval from resampling whole units.

    Args:
        values: ``(n,)`` finite numbers.
        units: Which rows belong together.
        unit: Unit of the values, for display.
        seed: Seed of the resampling.
        level: One minus the coverage.
        resamples: Bootstrap replicates.
        interval: Turns replicates into an interval.
    """
    n = len(values)
    if n == 0:
        return Number.unknown(0, unit, "no rows")
    mean = float(values.mean())
    if units.count < FEWEST_CLUSTERS:
        return Number(mean, None, None, n, unit, _too_few(units))
    sums = np.bincount(units.index, weights=values, minlength=units.count)
    sizes = np.bincount(units.index, minlength=units.count).astype(np.float64)
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([(w @ sums) / (w @ sizes) for w in resampled(units.count, resamples, rng)])
    low, high = interval(drawn, units.count, level)
    return Number(mean, min(low, mean), max(high, mean), n, unit, _assumed(units))


def interval_of_share(
    hits: _Floats, units: Units, *, seed: int, level: float = 0.05, resamples: int = 2000
) -> Number:
    """Share of rows that are 1, with Wilson's interval or the cluster bootstrap.

    Where all rows agree a bootstrap has nothing to vary; the interval is then Wilson's with one
    observation per unit, which is the widest that the clustering allows.

    Args:
        hits: ``(n,)`` of 0.0 and 1.0.
        units: Which rows belong together.
        seed: Seed of the resampling.
        level: One minus the coverage.
        resamples: Bootstrap replicates.

    Example:
        >>> from ombud_monitors.clusters import rows
        >>> share = interval_of_share(np.array([1.0] * 9 + [0.0]), rows(10), seed=0)
        >>> share.value, round(share.low, 2), round(share.high, 2)
        (0.9, 0.6, 0.98)
    """
    n = len(hits)
    if n == 0:
        return Number.unknown(0, "share", "no rows")
    share = float(hits.mean())
    if units.name is None:
        return Number(share, *wilson(share * n, n, level), n, "share", _assumed(units))
    if units.count < FEWEST_CLUSTERS or 0 < share < 1:
        return interval_of_mean(hits, units, unit="share", seed=seed, level=level, resamples=resamples)
    low, high = wilson(share * units.count, units.count, level)
    return Number(share, low, high, n, "share", f"all rows agree: one observation per {units.name}")


def _too_few(units: Units) -> str:
    return (
        f"no interval: {units.count} distinct {units.name or 'rows'}, "
        f"at least {FEWEST_CLUSTERS} are needed to see how much they differ"
    )


def _assumed(units: Units) -> str:
    if units.name is None:
        return "rows taken as independent"
    return f"resampled {units.count} distinct {units.name}"
