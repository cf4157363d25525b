"""Mixtures of wealth processes: betting with many sizes at once instead of guessing the right one.

For every size ``k`` of bet there is a process ``W_k`` that starts at 1 and is a supermartingale under
the null. So is any average of them with weights fixed beforehand, and by Ville's inequality the chance
that it ever reaches ``1 / alpha`` is at most ``alpha``, however often one looks. The mixture lags
behind the best single size by no more than that size's log-weight.

Source: Ville (1939); Robbins, "Statistical methods related to the law of the iterated logarithm"
    (1970); Ramdas et al., "Game-theoretic statistics and safe anytime-valid inference" (2023).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

__all__ = ["LARGEST", "Mixture", "half_cauchy"]

LARGEST = 1e300
"""E-values stop here, so that they stay finite numbers in JSON."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Sizes of bets and their weights.

    Args:
        sizes: ``(k,)``, positive.
        log_weights: ``(k,)``; the weights sum to 1.
    """

    sizes: NDArray[np.float64]
    log_weights: NDArray[np.float64]

    def largest(self, log_wealth: NDArray[np.float64]) -> float:
        """Largest value that the mixture reached at any look, the start (1) included.

        Args:
            log_wealth: ``(looks, k)`` what each look added to each size's log-wealth.

        Returns:
            The running supremum, capped at :data:`LARGEST`.
        """
        if log_wealth.size == 0:
            return 1.0
        path = logsumexp(np.cumsum(log_wealth, axis=0) + self.log_weights, axis=1)
        highest = max(float(path.max()), 0.0)
        return math.exp(highest) if highest < math.log(LARGEST) else LARGEST


def half_cauchy(scale: float, *, smallest: float, largest: float, count: int = 48) -> Mixture:
    """Sizes spaced evenly in their logarithm, weighted by a half-Cauchy density.

    Half of the weight lies below ``scale``; the tail is heavy enough for gross effects.

    Args:
        scale: The size that is expected.
        smallest: Smallest size.
        largest: Largest size.
        count: Number of sizes.

    Example:
        >>> mixture = half_cauchy(0.5, smallest=0.01, largest=10.0)
        >>> round(float(np.exp(mixture.log_weights).sum()), 12)
        1.0
    """
    sizes = np.geomspace(smallest, largest, count)
    # The density of log(size): that of size, times size.
    density = sizes / (1 + (sizes / scale) ** 2)
    return Mixture(sizes, np.log(density / density.sum()))
