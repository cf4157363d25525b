"""Betting on a bounded mean: stake on every value, as much as the null leaves safe.

Values ``x`` and means ``m`` live in [0, 1] here. Who doubts "the mean is at most ``m``" bets that values
come out higher, with a size ``d``:

    W_d = prod (1 + l (x - m)),    l = min(d / sqrt(m (1 - m)), 0.95 / m).

If the mean of every value, given the past, is at most ``m``, each factor has expectation at most 1 and
``W_d`` is a supermartingale. Against "at least ``m``" the sign turns and ``m`` becomes ``1 - m``. The unit of
``d`` is the standard deviation of a coin with mean ``m``, the widest that a value can have: the best
``d`` for a coin is the effect in standard deviations, wherever ``m`` lies. Nobody knows it, so all
sizes are played at once, mixed by a half-Cauchy density (a universal portfolio): no tuning, and the
order of the values does not matter.

**A confidence limit** is the largest ``m`` that has been rejected. Each factor equals
``1 + d (x / r - (1 - x) r)`` with ``r = sqrt(m / (1 - m))`` until the cap, beyond it ``0.05 + 0.95 x / m``,
and falls as ``m`` rises; so all means below a rejected one are rejected too, and the limit is a root.

Source: Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting", JRSS-B 86
    (2024); Cover, "Universal portfolios", Mathematical Finance 1 (1991); Orabona & Jun, "Tight
    concentrations and confidence sequences from the regret of universal portfolio", IEEE-IT 70 (2024).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from ombud_monitors.sequential.mixture import Mixture, Wealth, half_cauchy

__all__ = ["SIZES", "Alternative", "MeanWealth", "OneSided", "enough", "gains", "lower_limit", "stakes"]

Alternative = Literal["two-sided", "less", "greater"]
"""Direction of the evidence: "greater" is evidence of a value above the null."""

OneSided = Literal["less", "greater"]
"""A direction, where the null is composite and evidence against a single point would say little."""

SIZES = half_cauchy(0.2, smallest=3e-4, largest=3.0, count=32)
"""Sizes of bets, in standard deviations. Half of the weight lies below .2, Cohen's "small effect".
Neighbours differ by a third, so the best size is missed by at most a sixth, which costs 3% of its growth;
3e-4 is the effect that shows after about 10^8 values."""

MOST = 0.95
"""Share of the wealth that one value may cost at most: nobody should be ruined by one value."""

TOLERANCE = 1e-10
"""Of limits, in their log-odds."""

CHUNK = 4096
"""Values taken at once, which bounds the memory of an update to about 1 MB."""


def stakes(alternative: Alternative) -> Mixture:
    """Signed sizes: positive ones win when values are above the null; both for "two-sided".

    Example:
        >>> len(stakes("two-sided").sizes) == 2 * len(stakes("less").sizes)
        True
    """
    up, weights = SIZES.sizes, SIZES.log_weights
    if alternative == "greater":
        return Mixture(up, weights)
    if alternative == "less":
        return Mixture(-up, weights)
    return Mixture(np.concatenate([up, -up]), np.concatenate([weights, weights]) - math.log(2))


def gains(x: NDArray[np.float64], null: float, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each value adds to the log-wealth of each size of bet.

    Args:
        x: ``(..., n)`` values in [0, 1].
        null: Hypothetical mean in (0, 1).
        sizes: ``(k,)`` signed sizes.

    Returns:
        ``(..., n, k)``.
    """
    slopes = np.clip(sizes / math.sqrt(null * (1 - null)), -MOST / (1 - null), MOST / null)
    added: NDArray[np.float64] = np.log1p((x - null)[..., None] * slopes)
    return added


def lower_limit(
    values: NDArray[np.float64], counts: NDArray[np.float64], *, alpha: float, reached: float = 0.0
) -> float:
    """Largest mean ``m`` for which "the mean is at most ``m``" is rejected at ``alpha``.

    Args:
        values: ``(b,)`` distinct values in [0, 1].
        counts: ``(b,)`` how often each was seen, 0 or more, whole or not.
        alpha: Error level of this side, in (0, 1).
        reached: Limit of an earlier look; the search ends there if it is not passed.

    Returns:
        The limit, exact to nine digits on the safe side; ``reached`` if nothing above it is ruled out.
        For the upper limit mirror the values: ``1 - lower_limit(1 - values, counts)``.

    Example:
        >>> round(lower_limit(np.array([0.0, 1.0]), np.array([50.0, 50.0]), alpha=0.025), 3)
        0.346
    """
    seen = counts > 0
    values, counts = values[seen], counts[seen]
    if not (values > 0).any():
        return reached

    def excess(log_odds: float) -> float:
        won = counts @ gains(values, float(expit(log_odds)), SIZES.sizes)
        return float(SIZES.blend(won)) + math.log(alpha)

    start = float(logit(max(reached, float(np.finfo(np.float64).eps))))
    # At the sample's own mean no bet has won anything (Jensen), so the root lies between.
    end = float(logit(min(counts @ values / counts.sum(), 1 - float(np.finfo(np.float64).eps))))
    if start >= end or excess(start) < 0:
        return reached
    if excess(end) >= 0:
        return float(expit(end))
    return max(reached, float(expit(brentq(excess, start, end, xtol=TOLERANCE) - 2 * TOLERANCE)))


def enough(n: int, null: float, *, alpha: float) -> int:
    """Fewest ones among ``n`` zeros and ones that reject "their mean is at most ``null``" at ``alpha``.

    Returns:
        The count; ``n + 1`` if not even ``n`` ones would do.

    Example:
        >>> enough(100, 0.5, alpha=0.025), enough(5, 0.5, alpha=0.025)
        (66, 6)
    """
    miss, hit = gains(np.array([0.0, 1.0]), null, SIZES.sizes)
    return bisect_left(
        range(n + 1),
        -math.log(alpha),
        key=lambda ones: float(SIZES.blend(ones * hit + (n - ones) * miss)),
    )


class MeanWealth(Wealth):
    """Wealth won against one hypothetical mean, value by value.

    Args:
        null: Hypothetical mean in (0, 1).
        alternative: Direction of the evidence.
    """

    def __init__(self, null: float, alternative: Alternative) -> None:
        super().__init__(stakes(alternative))
        self._null = null

    def bet(self, x: NDArray[np.float64]) -> None:
        """Bet on values ``(n,)`` in [0, 1]; the wealth is read after each."""
        for start in range(0, len(x), CHUNK):
            self.add(gains(x[start : start + CHUNK], self._null, self.mixture.sizes))
