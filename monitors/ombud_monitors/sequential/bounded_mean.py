"""The mean of a bounded quantity under continuous looking: an e-process and a confidence sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput
from ombud_monitors.sequential.betting import Alternative, MeanWealth, gains, lower_limit, stakes
from ombud_monitors.sequential.bounds import Bounds, check_alpha, check_direction, numbers
from ombud_monitors.sequential.evidence import Evidence, Interval
from ombud_monitors.sequential.sealing import State, seal, unseal

__all__ = ["CELLS", "MeanProcess", "MeanSequence", "mean_log_wealth"]

CELLS = 256
"""Cells of the histogram that a confidence sequence keeps: 2 KB."""


class MeanSequence:
    """Confidence sequence for the mean of values in [low, high].

    Formula: the set of means that betting (:mod:`~ombud_monitors.sequential.betting`) has not rejected,
    each side at ``alpha / 2``, intersected over all looks; a look is one call of :meth:`update`.

    Memory: 257 counts, whatever n. A value between two knots is shared between them so that its mean is
    kept; log-wealth is concave in the value, so sharing can only lose wealth, and the interval stays
    valid for every law. Values on the knots (0/1 outcomes, -1/0/1 differences) lose nothing.

    Args:
        low: Smallest possible value.
        high: Largest possible value.
        alpha: Chance, at most, that the mean is ever outside.

    Raises:
        BadInput: Impossible bounds or level.

    Source: Waudby-Smith & Ramdas, JRSS-B 86 (2024), theorem 3; sharing between knots is ours.
    Limits: assumes that every value has the same mean given the past (independence is not needed).
        If the mean moves, the lower limit says that it has been higher than this at some time, the upper
        limit that it has been lower. A standard deviation below about 1/500 of the range is blurred by
        the cells: choose closer bounds.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> sequence = MeanSequence()
        >>> seen = sequence.update(rng.random(2000) < 0.05)
        >>> seen.covers(0.05), round(seen.width, 3)
        (True, 0.034)
    """

    def __init__(self, low: float = 0.0, high: float = 1.0, *, alpha: float = 0.05) -> None:
        check_alpha(alpha)
        self.bounds = Bounds(low, high)
        self.alpha = alpha
        self._knots = np.arange(CELLS + 1) / CELLS
        self._counts = np.zeros(CELLS + 1)
        self._n = 0
        self._sum = self._squares = 0.0
        # Limits of x from below, and of 1 - x from below.
        self._lower = self._above = 0.0

    def update(self, values: ArrayLike, counts: ArrayLike | None = None) -> Interval:
        """Take values and look.

        Args:
            values: ``(n,)`` or one number, in [low, high].
            counts: ``(n,)`` whole numbers, how often each value occurred; None is once.

        Raises:
            BadInput: Not finite, out of bounds, or counts that do not fit.
        """
        x = np.atleast_1d(self.bounds.unit(values))
        often = np.ones(len(x)) if counts is None else numbers(counts, what="counts")
        if x.ndim != 1 or often.shape != x.shape or (often < 0).any() or (often % 1 != 0).any():
            raise BadInput(
                f"values: expected a vector (n,) with one whole count each, got {x.shape} and {often.shape}",
                remedy="Give one number per value; one sequence follows one stream.",
            )
        if not often.any():
            return self.interval
        place = x * CELLS
        left = np.minimum(place.astype(np.int64), CELLS - 1)
        share = place - left
        self._counts += np.bincount(left, often * (1 - share), CELLS + 1)
        self._counts += np.bincount(left + 1, often * share, CELLS + 1)
        self._n += int(often.sum())
        self._sum += float(often @ x)
        self._squares += float(often @ x**2)
        side, knots = self.alpha / 2, self._knots
        self._lower = lower_limit(knots, self._counts, alpha=side, reached=self._lower)
        self._above = lower_limit(1 - knots, self._counts, alpha=side, reached=self._above)
        return self.interval

    @property
    def interval(self) -> Interval:
        """Where it stands."""
        back = self.bounds.back
        return Interval(
            n=self._n,
            estimate=back(self._sum / self._n) if self._n else math.nan,
            lower=back(self._lower),
            upper=back(1 - self._above),
            alpha=self.alpha,
        )

    @property
    def standard_deviation(self) -> float:
        """Of the values so far; NaN before the first."""
        if not self._n:
            return math.nan
        return self.bounds.span * math.sqrt(max(0.0, self._squares / self._n - (self._sum / self._n) ** 2))

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        return seal(
            "MeanSequence",
            {
                "low": self.bounds.low,
                "high": self.bounds.high,
                "alpha": self.alpha,
                "counts": self._counts.tolist(),
                "n": self._n,
                "sum": self._sum,
                "squares": self._squares,
                "lower": self._lower,
                "above": self._above,
            },
        )

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> MeanSequence:
        """A sequence that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "MeanSequence")
        sequence = cls(kept["low"], kept["high"], alpha=kept["alpha"])
        sequence._counts = np.array(kept["counts"], dtype=np.float64)
        sequence._n, sequence._sum, sequence._squares = kept["n"], kept["sum"], kept["squares"]
        sequence._lower, sequence._above = kept["lower"], kept["above"]
        return sequence


class MeanProcess:
    """E-process against a hypothetical mean of values in [low, high], with the mean's interval.

    Formula: ``W = sum_d w_d prod_i (1 + d (x_i - m) / sqrt(m (1 - m)))`` over sizes of bets ``d`` against
    "the mean is at most ``m``" (alternative "greater"), with the sign turned against "at least ``m``"
    ("less"), and the average of both against "equal to ``m``" ("two-sided"); ``x`` and ``m`` on the unit
    scale, bets capped (:mod:`~ombud_monitors.sequential.betting`).

    The wealth is read after every value; the interval is updated once per call.

    Args:
        null: Hypothetical mean, strictly between ``low`` and ``high``.
        alternative: Direction of the evidence.
        low: Smallest possible value.
        high: Largest possible value.
        alpha: Error level.

    Raises:
        BadInput: Impossible bounds, level or null.

    Source: Waudby-Smith & Ramdas, JRSS-B 86 (2024), sections 4 and 5.
    Limits: under the null every value must have the stated mean *given the past*; clustered values
        (several from one speaker) break that unless they are averaged per cluster first.

    Example:
        >>> rng = np.random.default_rng(1)
        >>> process = MeanProcess(0.05)
        >>> process.update(rng.random(400) < 0.05).rejected
        False
        >>> seen = process.update(rng.random(400) < 0.15)
        >>> seen.rejected, round(seen.estimate, 2), seen.lower > 0.05
        (True, 0.09, True)
    """

    def __init__(
        self,
        null: float,
        *,
        alternative: Alternative = "greater",
        low: float = 0.0,
        high: float = 1.0,
        alpha: float = 0.05,
    ) -> None:
        check_direction(alternative, get_args(Alternative))
        self._sequence = MeanSequence(low, high, alpha=alpha)
        self.null, self.alternative, self.alpha = null, alternative, alpha
        self._wealth = MeanWealth(self._sequence.bounds.unit_null(null), alternative)

    def update(self, values: ArrayLike) -> Evidence:
        """Take values, reading the wealth after each.

        Args:
            values: ``(n,)`` or one number, in [low, high].

        Raises:
            BadInput: Not finite or out of bounds.
        """
        self._sequence.update(values)
        self._wealth.bet(np.atleast_1d(self._sequence.bounds.unit(values)))
        return self.evidence

    @property
    def evidence(self) -> Evidence:
        """Where it stands."""
        wealth = self._wealth
        return Evidence(**vars(self._sequence.interval), e_value=wealth.now, peak=wealth.peak)

    def state(self) -> State:
        """Plain numbers, sealed; :meth:`restore` continues from them bit for bit."""
        fields = {"null": self.null, "alternative": self.alternative, "sequence": self._sequence.state()}
        return seal("MeanProcess", {**fields, **self._wealth.state()})

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> MeanProcess:
        """A process that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "MeanProcess")
        sequence = MeanSequence.restore(kept["sequence"])
        bounds = sequence.bounds
        process = cls(
            kept["null"],
            alternative=kept["alternative"],
            low=bounds.low,
            high=bounds.high,
            alpha=sequence.alpha,
        )
        process._sequence = sequence
        process._wealth.resume(kept)
        return process


def mean_log_wealth(
    values: ArrayLike,
    null: float,
    *,
    alternative: Alternative = "greater",
    low: float = 0.0,
    high: float = 1.0,
) -> NDArray[np.float64]:
    """The wealth of :class:`MeanProcess` after every value, for many streams at once.

    Args:
        values: ``(..., n)``, streams along the leading axes. About 200 bytes a value are needed.
        null: Hypothetical mean.
        alternative: Direction of the evidence.
        low: Smallest possible value.
        high: Largest possible value.

    Returns:
        ``(..., n)`` logarithms of the e-values.

    Raises:
        BadInput: As for :class:`MeanProcess`.

    Example:
        >>> streams = np.random.default_rng(0).random((50, 300)) < 0.2
        >>> int((mean_log_wealth(streams, 0.15).max(axis=1) >= np.log(20)).sum())
        18
    """
    check_direction(alternative, get_args(Alternative))
    bounds, bets = Bounds(low, high), stakes(alternative)
    return bets.path(gains(bounds.unit(values), bounds.unit_null(null), bets.sizes))
