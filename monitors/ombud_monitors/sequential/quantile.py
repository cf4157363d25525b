"""Quantiles of any distribution under continuous looking: confidence sequence and e-process."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike

from ombud.errors import BadInput
from ombud_monitors.sequential.betting import MeanWealth, OneSided, enough
from ombud_monitors.sequential.bounds import check_alpha, check_direction, numbers
from ombud_monitors.sequential.evidence import Evidence, Interval
from ombud_monitors.sequential.log_bins import LogBins
from ombud_monitors.sequential.sealing import State, seal, unseal

__all__ = ["QuantileProcess", "QuantileSequence"]


class QuantileSequence:
    """Confidence sequence for a quantile, e.g. the 95th percentile of latency, of any distribution.

    Formula: ``q`` is the quantile of level ``p`` if ``1{X <= q}`` has mean ``p``. So each candidate ``q``
    is a coin, of which betting (:mod:`~ombud_monitors.sequential.betting`) tells after ``n`` values which
    counts ``N(q)`` of values up to ``q`` are too few or too many for ``p``, each at ``alpha / 2``. The
    lower limit is the largest edge with too few, the upper limit the smallest edge with too many.
    Only one coin, that of the true quantile, must mislead for the interval to miss, so there is nothing
    to correct for the many candidates.

    Memory: at most 4,096 counts whatever n (:class:`~ombud_monitors.sequential.log_bins.LogBins`); limits
    are rounded outward to edges half a percent apart, coarser where values span more than nine decades.

    Args:
        level: Level ``p`` of the quantile, in (0, 1).
        alpha: Chance, at most, that the quantile is ever outside.
        resolution: Relative distance of the edges.

    Raises:
        BadInput: Impossible level, alpha or resolution.

    Source: Howard & Ramdas, "Sequential estimation of quantiles with applications to A/B testing and
        best-arm identification", Bernoulli 28 (2022), theorem 1 with betting in place of their boundary.
    Limits: assumes that every value has the same quantile given the past. Where no value can yet be ruled
        out, the limit is infinite: at alpha .05 an upper limit of the median needs 9 values, of p95 88.

    Example:
        >>> latency = np.random.default_rng(0).lognormal(4.0, 0.5, 5000)
        >>> seen = QuantileSequence(0.95).update(latency)
        >>> truth = np.exp(4.0 + 0.5 * 1.6449)
        >>> seen.covers(truth), bool(abs(seen.estimate / truth - 1) < 0.02), round(seen.width / truth, 2)
        (True, True, 0.11)
    """

    def __init__(self, level: float, *, alpha: float = 0.05, resolution: float = 0.005) -> None:
        check_alpha(alpha)
        if not 0 < level < 1:
            raise BadInput(
                f"level: must lie strictly between 0 and 1, got {level}",
                remedy="Use 0.95 for the 95th percentile.",
            )
        self.level, self.alpha = level, alpha
        self._bins = LogBins(resolution)
        self._n = 0
        self._lower, self._upper = -math.inf, math.inf

    def update(self, values: ArrayLike) -> Interval:
        """Take values and look.

        Args:
            values: ``(n,)`` or one number.

        Raises:
            BadInput: Not a vector, or not finite.
        """
        x = np.atleast_1d(numbers(values, what="values"))
        if x.ndim != 1:
            raise BadInput(f"values: expected a vector (n,), got {x.shape}", remedy="Follow one stream.")
        if len(x):
            self._bins.add(x)
            self._n += len(x)
            self._invert()
        return self.interval

    @property
    def interval(self) -> Interval:
        """Where it stands."""
        return Interval(
            n=self._n, estimate=self._estimate(), lower=self._lower, upper=self._upper, alpha=self.alpha
        )

    def _invert(self) -> None:
        lows, highs, at_most = self._bins.cumulative()
        many = enough(self._n, self.level, alpha=self.alpha / 2)
        few = self._n - enough(self._n, 1 - self.level, alpha=self.alpha / 2)
        if few >= 0:
            self._lower = max(self._lower, float(lows[at_most > few][0]))
        if many <= self._n:
            self._upper = min(self._upper, float(highs[at_most >= many][0]))

    def _estimate(self) -> float:
        """Middle of the bin that holds the sample's quantile."""
        if not self._n:
            return math.nan
        lows, highs, at_most = self._bins.cumulative()
        found = int((at_most >= self.level * self._n).argmax())
        return float(lows[found] + highs[found]) / 2

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        fields = {
            "level": self.level,
            "alpha": self.alpha,
            "n": self._n,
            "lower": _finite(self._lower),
            "upper": _finite(self._upper),
        }
        return seal("QuantileSequence", {**fields, **self._bins.state()})

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> QuantileSequence:
        """A sequence that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "QuantileSequence")
        sequence = cls(kept["level"], alpha=kept["alpha"])
        sequence._bins.resume(kept)
        sequence._n = kept["n"]
        sequence._lower = -math.inf if kept["lower"] is None else kept["lower"]
        sequence._upper = math.inf if kept["upper"] is None else kept["upper"]
        return sequence


class QuantileProcess:
    """E-process against a hypothetical quantile, e.g. "p95 of latency is at most 300 ms", with its interval.

    Formula: betting on the coin ``1{X <= null}``. If the quantile of level ``p`` is at most the null, the
    coin's mean is at least ``p``; evidence of a smaller mean is evidence of a higher quantile ("greater").
    "less" bets the other way against "the quantile is above the null".

    The test needs no memory but the wealth, and compares values with the null exactly; only the
    interval is rounded to bins.

    Args:
        level: Level of the quantile, in (0, 1).
        null: Hypothetical quantile, in the unit of the values.
        alternative: Direction of the evidence.
        alpha: Error level.
        resolution: Relative distance of the interval's edges.

    Raises:
        BadInput: Impossible level, direction, alpha or resolution, or a null that is not finite.

    Source: Howard & Ramdas, Bernoulli 28 (2022); Waudby-Smith & Ramdas, JRSS-B 86 (2024).
    Limits: assumes that every value's quantile is on the stated side of the null, given the past; an hour
        that is slow every day breaks that, so give each its own process.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> process = QuantileProcess(0.95, 300.0)
        >>> process.update(rng.exponential(95, 2000)).rejected
        False
        >>> process.update(rng.exponential(120, 2000)).rejected
        True
    """

    def __init__(
        self,
        level: float,
        null: float,
        *,
        alternative: OneSided = "greater",
        alpha: float = 0.05,
        resolution: float = 0.005,
    ) -> None:
        check_direction(alternative, get_args(OneSided))
        self._sequence = QuantileSequence(level, alpha=alpha, resolution=resolution)
        self.null, self.alternative, self.alpha = float(numbers(null, what="null")), alternative, alpha
        self._wealth = MeanWealth(level, "less" if alternative == "greater" else "greater")

    def update(self, values: ArrayLike) -> Evidence:
        """Take values, reading the wealth after each.

        Args:
            values: ``(n,)`` or one number.

        Raises:
            BadInput: Not a vector, or not finite.
        """
        self._sequence.update(values)
        x = np.atleast_1d(numbers(values, what="values"))
        self._wealth.bet((x <= self.null).astype(np.float64))
        return self.evidence

    @property
    def evidence(self) -> Evidence:
        """Where it stands."""
        wealth = self._wealth
        return Evidence(**vars(self._sequence.interval), e_value=wealth.now, peak=wealth.peak)

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        fields = {"null": self.null, "alternative": self.alternative, "sequence": self._sequence.state()}
        return seal("QuantileProcess", {**fields, **self._wealth.state()})

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> QuantileProcess:
        """A process that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "QuantileProcess")
        sequence = QuantileSequence.restore(kept["sequence"])
        process = cls(sequence.level, kept["null"], alternative=kept["alternative"], alpha=sequence.alpha)
        process._sequence = sequence
        process._wealth.resume(kept)
        return process


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
