"""Run lengths: how long a stream stays quiet when nothing changed, and how soon it speaks when something did.

Every repeat draws a reference of its own, fits the recipe on it and lets a stream run, so that what is
averaged over is all that chance decides. A stream that is still quiet at the horizon is cut off there;
what can then be said without a model is said, and no more.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from ombud.errors import BadInput
from ombud_monitors.sequential.betting import lower_limit
from ombud_monitors.sequential.streaming.evidence import StreamDetector, StreamRecipe

__all__ = ["REFERENCE_ROWS", "Delays", "Draw", "RunLengths", "average_run_length", "mean_delay"]

REFERENCE_ROWS = 3000
"""Rows of a reference where nothing else is said."""

CONFIDENCE = 0.999
"""Confidence of every bound: of a thousand promises that are kept, one looks broken."""

STRIDE = 64
"""Rows given at once; a stream runs at most this far beyond its alarm."""

Draw = Callable[[np.random.Generator, int], NDArray[np.float64]]
"""``draw(rng, n)`` gives ``(n, d)`` rows."""


@dataclass(frozen=True, eq=False)
class RunLengths:
    """Rows until the first alarm without a change.

    Args:
        lengths: ``(repeats,)`` rows until the alarm; ``horizon`` where there was none.
        alarmed: ``(repeats,)`` whether it ended in an alarm.
        horizon: Rows after which a stream was cut off.

    Limits: :attr:`estimate` leans on a constant rate of alarms, :meth:`lower` on nothing.

    Example:
        >>> from ombud_monitors.sequential.streaming import ShiryaevRoberts
        >>> runs = average_run_length(
        ...     ShiryaevRoberts(arl=30), lambda rng, n: rng.normal(size=(n, 2)),
        ...     repeats=30, seed=0, horizon=150, reference=200,
        ... )
        >>> runs.lower(0.95) > 30, runs.lower(0.95) < runs.restricted_mean < runs.estimate
        (True, True)
        >>> runs.within(200)
        Traceback (most recent call last):
        ombud.errors.BadInput: run lengths: expected at most the horizon of 150 rows, got 200 ...
    """

    lengths: NDArray[np.int64]
    alarmed: NDArray[np.bool_]
    horizon: int

    @property
    def restricted_mean(self) -> float:
        """Mean of ``min(T, horizon)``: never more than the ARL in expectation."""
        return float(self.lengths.mean())

    @property
    def estimate(self) -> float:
        """Rows seen per alarm: the ARL if alarms come at a constant rate; infinite without any."""
        alarms = int(self.alarmed.sum())
        return float(self.lengths.sum()) / alarms if alarms else math.inf

    def lower(self, confidence: float = CONFIDENCE) -> float:
        """Lower confidence limit of the ARL, whatever the distribution of run lengths.

        Formula: a betting limit for the mean of ``min(T, horizon)``, which lies in [0, horizon] and below
        the ARL; it cannot exceed the horizon, so choose that several times the ARL.

        Source: Waudby-Smith & Ramdas, JRSS-B 86 (2024).
        """
        shares = self.lengths / self.horizon
        return self.horizon * lower_limit(shares, np.ones(len(shares)), alpha=1 - confidence)

    def within(self, rows: int) -> int:
        """Streams that had alarmed after so many rows.

        Raises:
            BadInput: More rows than the horizon, beyond which nobody looked.
        """
        if rows > self.horizon:
            raise BadInput(
                f"run lengths: expected at most the horizon of {self.horizon} rows, got {rows}",
                remedy="Simulate with a longer horizon.",
            )
        return int((self.alarmed & (self.lengths <= rows)).sum())


@dataclass(frozen=True, eq=False)
class Delays:
    """Rows from the change to the alarm, both ends included: 1 is an alarm at the first changed row.

    Args:
        delays: ``(repeats - early,)``; ``horizon`` where there was no alarm.
        missed: How many of them were cut off at the horizon.
        early: Streams that had alarmed before the change; they have no delay.
        horizon: Rows after the change at which a stream was cut off.

    Limits: streams that alarmed early are left out, as usual; tell their number beside the mean.

    Example:
        >>> from ombud_monitors.sequential.streaming import Cusum
        >>> clean, moved = (lambda rng, n, at=at: rng.normal(at, 1, size=(n, 2)) for at in (0, 2))
        >>> found = mean_delay(
        ...     Cusum(arl=200), clean, moved, repeats=20, seed=0, horizon=60, before=20, reference=200
        ... )
        >>> low, high = found.interval(0.95)
        >>> found.missed, 1 < low < found.mean < high < 8, found.quantile(0.9) <= 8
        (0, True, True)
    """

    delays: NDArray[np.int64]
    missed: int
    early: int
    horizon: int

    @property
    def mean(self) -> float:
        """Mean delay; too small where some were missed."""
        return float(self.delays.mean())

    def interval(self, confidence: float = CONFIDENCE) -> tuple[float, float]:
        """Two-sided limits of the mean, by the central limit theorem; the upper one is infinite where some
        were missed."""
        half = float(norm.isf((1 - confidence) / 2) * self.delays.std(ddof=1) / math.sqrt(len(self.delays)))
        return self.mean - half, math.inf if self.missed else self.mean + half

    def quantile(self, share: float) -> float:
        """Delay that a share of the streams does not exceed."""
        return float(np.quantile(self.delays, share, method="inverted_cdf"))


def average_run_length(
    recipe: StreamRecipe,
    draw: Draw,
    *,
    repeats: int,
    seed: int,
    horizon: int,
    reference: int = REFERENCE_ROWS,
) -> RunLengths:
    """Let streams without a change run until they alarm.

    Args:
        recipe: What to fit.
        draw: Where reference and stream come from.
        repeats: Number of streams.
        seed: Seed of everything.
        horizon: Rows after which a stream is cut off.
        reference: Rows of each reference.

    Limits: one number for one population; nothing is said about others, or about rows beyond the horizon.

    Example:
        >>> from ombud_monitors.sequential.streaming import ShiryaevRoberts
        >>> def normal(rng, n):
        ...     return rng.normal(size=(n, 3))
        >>> runs = average_run_length(
        ...     ShiryaevRoberts(arl=50), normal, repeats=40, seed=0, horizon=300, reference=300
        ... )
        >>> runs.within(10) <= 0.4 * 40, runs.lower(0.9) > 25
        (True, True)
    """
    lengths = np.empty(repeats, np.int64)
    for number, rng in enumerate(np.random.default_rng(seed).spawn(repeats)):
        stream = recipe.fit(draw(rng, reference), seed=int(rng.integers(2**31)))
        lengths[number] = _first_alarm(stream, draw, rng, horizon)
    return RunLengths(np.minimum(lengths, horizon), lengths <= horizon, horizon)


def mean_delay(
    recipe: StreamRecipe,
    draw: Draw,
    changed: Draw,
    *,
    repeats: int,
    seed: int,
    horizon: int,
    before: int = 100,
    reference: int = REFERENCE_ROWS,
) -> Delays:
    """Let streams change, and wait for the alarm.

    Args:
        recipe: What to fit.
        draw: Where the reference and the rows before the change come from.
        changed: Where the rows after it come from.
        repeats: Number of streams.
        seed: Seed of everything.
        horizon: Rows after the change at which a stream is cut off.
        before: Rows before the change; 0 is a change in the first row.
        reference: Rows of each reference.

    Raises:
        BadInput: All streams alarmed before the change.

    Limits: the delay of one onset; a change at another moment, or a slow one, has another.

    Example:
        >>> from ombud_monitors.sequential.streaming import ShiryaevRoberts
        >>> def normal(rng, n):
        ...     return rng.normal(size=(n, 3))
        >>> def shifted(rng, n):
        ...     return rng.normal(1.0, size=(n, 3))
        >>> found = mean_delay(
        ...     ShiryaevRoberts(), normal, shifted, repeats=20, seed=0, horizon=200, reference=300
        ... )
        >>> found.missed, found.mean < 10
        (0, True)
    """
    delays, early = [], 0
    for rng in np.random.default_rng(seed).spawn(repeats):
        stream = recipe.fit(draw(rng, reference), seed=int(rng.integers(2**31)))
        if before and any(seen.alarm for seen in stream.update_many(draw(rng, before))):
            early += 1
            continue
        delays.append(_first_alarm(stream, changed, rng, horizon))
    if not delays:
        raise BadInput(
            f"delays: all of {repeats} streams alarmed within the {before} rows before the change",
            remedy="Change earlier, or ask for a longer average run length.",
        )
    found = np.array(delays)
    return Delays(np.minimum(found, horizon), int((found > horizon).sum()), early, horizon)


def _first_alarm(stream: StreamDetector, draw: Draw, rng: np.random.Generator, horizon: int) -> int:
    """Rows until the first alarm, ``horizon + 1`` without any."""
    taken = 0
    while taken < horizon:
        for seen in stream.update_many(draw(rng, min(STRIDE, horizon - taken))):
            taken += 1
            if seen.alarm:
                return taken
    return horizon + 1
