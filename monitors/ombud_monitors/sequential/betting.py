"""Betting on a bounded mean: stake a fixed fraction of the wealth on every value.

Values ``x`` and means ``m`` live in [0, 1] here. Who doubts "the mean is at most ``m``" stakes a
fraction ``s`` in (0, 1) of the wealth on a ticket that costs ``m`` and pays ``x``:

    W_s = prod (1 - s + s x / m) = prod (1 + s (x - m) / m).

If the mean of every value, given the past, is at most ``m``, the ticket is worth no more than its price
and ``W_s`` is a supermartingale. Against "at least ``m``" the ticket costs ``1 - m`` and pays ``1 - x``; the
fraction then carries a minus sign. Nobody knows the best fraction, so all are played at once, mixed
by a half-Cauchy density (a universal portfolio): no tuning, and the order of the values does not matter.

**A confidence limit** is the largest ``m`` that has been rejected. For fixed fractions ``log W`` is
decreasing and convex in ``log m``, hence so is the log-sum-exp of the mixture, and Newton's method from
the left climbs to the limit without ever stepping over it: stopped at any time, it errs outward.

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

from ombud_monitors.sequential.mixture import Mixture, Wealth, half_cauchy

__all__ = ["FRACTIONS", "Alternative", "MeanWealth", "OneSided", "enough", "gains", "lower_limit", "stakes"]

Alternative = Literal["two-sided", "less", "greater"]
"""Direction of the evidence: "greater" is evidence of a value above the null."""

OneSided = Literal["less", "greater"]
"""A direction, where the null is composite and evidence against a single point would say little."""

FRACTIONS = half_cauchy(0.3, smallest=1e-4, largest=0.95, count=32)
"""Fractions staked. The scale is the one of .05, .1, .2, .3 whose interval was narrower than the
empirical-Bernstein and the Hoeffding one for every law and n tried (100 to 10,000). Neighbours differ
by a third, so the best fraction is missed by at most a sixth, which costs 3% of its growth; 1e-4 serves
n up to 10^8."""

CHUNK = 4096
"""Values taken at once, which bounds the memory of an update to about 1 MB."""


def stakes(alternative: Alternative) -> Mixture:
    """Signed fractions: positive ones win when values are above the null; both for "two-sided".

    Example:
        >>> len(stakes("two-sided").sizes) == 2 * len(stakes("less").sizes)
        True
    """
    up, weights = FRACTIONS.sizes, FRACTIONS.log_weights
    if alternative == "greater":
        return Mixture(up, weights)
    if alternative == "less":
        return Mixture(-up, weights)
    return Mixture(np.concatenate([up, -up]), np.concatenate([weights, weights]) - math.log(2))


def gains(x: NDArray[np.float64], null: float, fractions: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each value adds to the log-wealth of each fraction.

    Args:
        x: ``(..., n)`` values in [0, 1].
        null: Hypothetical mean in (0, 1).
        fractions: ``(k,)`` signed, in (-1, 1).

    Returns:
        ``(..., n, k)``.
    """
    slopes = fractions / np.where(fractions > 0, null, 1 - null)
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
        reached: Limit of an earlier look; the search starts there, and ends there if it is not passed.

    Returns:
        The limit, exact to ten digits on the safe side; ``reached`` if nothing above it is ruled out.
        For the upper limit mirror the values: ``1 - lower_limit(1 - values, counts)``.

    Example:
        >>> round(lower_limit(np.array([0.0, 1.0]), np.array([50.0, 50.0]), alpha=0.025), 3)
        0.348
    """
    seen = counts > 0
    values, counts = values[seen], counts[seen]
    if not (values > 0).any():
        return reached
    fractions = FRACTIONS.sizes[:, None]
    log_mean = math.log(max(reached, float(np.finfo(np.float64).eps)))
    while True:
        ratio = values * math.exp(-log_mean)
        factors = 1 - fractions + fractions * ratio
        wealth = np.log(factors) @ counts + FRACTIONS.log_weights
        richest = wealth.max()
        parts = np.exp(wealth - richest)
        excess = float(richest + np.log(parts.sum())) + math.log(alpha)
        if excess < 0:
            return reached
        reached = math.exp(log_mean)
        # The derivative of log-wealth: the mean of the fractions' derivatives, weighted by what they won.
        step = excess / float(parts @ ((fractions * ratio / factors) @ counts) / parts.sum())
        if step <= 1e-10:
            return reached
        log_mean += step


def enough(n: int, null: float, *, alpha: float) -> int:
    """Fewest ones among ``n`` zeros and ones that reject "their mean is at most ``null``" at ``alpha``.

    Returns:
        The count; ``n + 1`` if not even ``n`` ones would do.

    Example:
        >>> enough(100, 0.5, alpha=0.025), enough(5, 0.5, alpha=0.025)
        (66, 6)
    """
    miss, hit = gains(np.array([0.0, 1.0]), null, FRACTIONS.sizes)
    return bisect_left(
        range(n + 1),
        -math.log(alpha),
        key=lambda ones: float(FRACTIONS.blend(ones * hit + (n - ones) * miss)),
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
