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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.sequential.sealing import State

__all__ = ["LARGEST", "Mixture", "Wealth", "half_cauchy"]

LARGEST = 1e300
"""E-values stop here, so that they stay finite numbers in JSON."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Sizes of bets and their weights.

    Args:
        sizes: ``(k,)``, not 0.
        log_weights: ``(k,)``; the weights sum to 1.
    """

    sizes: NDArray[np.float64]
    log_weights: NDArray[np.float64]

    def path(self, gains: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of the mixture's wealth after every look, over any number of streams at once.

        Args:
            gains: ``(..., looks, k)`` what each look added to each size's log-wealth.

        Returns:
            ``(..., looks)``.
        """
        return self.blend(np.cumsum(gains, axis=-2))

    def blend(self, log_wealth: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of the weighted average of wealths: ``(..., k)`` to ``(...)``."""
        # Written out because scipy's logsumexp is some twenty times slower on many short sums.
        weighted = log_wealth + self.log_weights
        richest = weighted.max(axis=-1, keepdims=True)
        weighted -= richest
        np.exp(weighted, out=weighted)
        blended: NDArray[np.float64] = np.log(weighted.sum(axis=-1)) + richest[..., 0]
        return blended

    def largest(self, gains: NDArray[np.float64]) -> float:
        """Largest value that the mixture reached at any look, the start (1) included.

        Args:
            gains: ``(looks, k)`` what each look added to each size's log-wealth.

        Returns:
            The running supremum, capped at :data:`LARGEST`.
        """
        wealth = Wealth(self)
        wealth.add(gains)
        return wealth.peak


class Wealth:
    """A mixture's wealth as it stands; it grows look by look.

    Args:
        mixture: Sizes of bets and weights.

    Example:
        >>> wealth = Wealth(Mixture(np.array([0.5]), np.zeros(1)))
        >>> wealth.add(np.log([[1.5], [1.5], [0.5]]))
        >>> round(wealth.now, 3), round(wealth.peak, 3)
        (1.125, 2.25)
    """

    def __init__(self, mixture: Mixture) -> None:
        self.mixture = mixture
        self._log_wealth = np.zeros(len(mixture.sizes))
        self._log_peak = 0.0

    def add(self, gains: NDArray[np.float64]) -> None:
        """Add looks ``(looks, k)`` of log-wealth; the wealth is read after each."""
        if not len(gains):
            return
        total = self._log_wealth + np.cumsum(gains, axis=0)
        self._log_wealth = total[-1]
        self._log_peak = max(self._log_peak, float(self.mixture.blend(total).max()))

    @property
    def now(self) -> float:
        """The e-value at this moment, capped at :data:`LARGEST`."""
        return _bounded(float(self.mixture.blend(self._log_wealth)))

    @property
    def peak(self) -> float:
        """The largest e-value so far, at least 1, capped at :data:`LARGEST`."""
        return _bounded(self._log_peak)

    def state(self) -> State:
        """Plain numbers from which :meth:`resume` continues."""
        return {"log_wealth": self._log_wealth.tolist(), "log_peak": self._log_peak}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Continue where a :meth:`state` stood."""
        self._log_wealth = np.array(state["log_wealth"], dtype=np.float64)
        self._log_peak = float(state["log_peak"])


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


def _bounded(log_value: float) -> float:
    return math.exp(log_value) if log_value < math.log(LARGEST) else LARGEST
