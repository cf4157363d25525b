"""Harmful shift: is the risk in production higher than it was on the reference, by more than we tolerate?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from ombud.errors import BadInput
from ombud_monitors.sequential.arrivals import Arrivals
from ombud_monitors.sequential.betting import MeanWealth, enough
from ombud_monitors.sequential.bounded_mean import MeanSequence
from ombud_monitors.sequential.evidence import Interval
from ombud_monitors.sequential.sealing import State, seal, unseal

__all__ = ["HarmEvidence", "HarmfulShift"]

POWER = 0.8


@dataclass(frozen=True, kw_only=True)
class HarmEvidence(Interval):
    """Where the tracking of a risk stands; the interval is that of the risk in production.

    Args:
        e_value: E-value now against "production's risk is at most ``limit``".
        peak: Largest so far; it decides.
        threshold: What it must reach: ``2 / alpha``, the other half of ``alpha`` being spent on ``limit``.
        reference_risk: Mean loss on the reference.
        limit: Upper confidence bound of the reference's risk, plus the tolerance.
        minimum_detectable: Smallest rise above ``reference_risk`` that alarms within the labels so far with
            power .8; infinite while none does.
        unlabelled: Requests that have no label (yet).
        refused: Labels that did not count: second ones, and those of unknown or forgotten requests.

    Source: Podkopaev & Ramdas, ICLR 2022; see :class:`HarmfulShift`.
    Limits: ``peak`` decides but is no e-value; ``harm`` is the difference of two estimates.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> shift = HarmfulShift(rng.random(2000) < 0.05, tolerance=0.01)
        >>> ids = [f"request-{i}" for i in range(600)]
        >>> shift.requested(ids)
        >>> seen = shift.labelled(ids[:500], rng.random(500) < 0.05)
        >>> seen.alarm, round(seen.limit, 2), seen.unlabelled, round(seen.minimum_detectable, 2)
        (False, 0.08, 100, 0.08)
    """

    e_value: float
    peak: float
    threshold: float
    reference_risk: float
    limit: float
    minimum_detectable: float
    unlabelled: int
    refused: int

    @property
    def alarm(self) -> bool:
        """Whether harm beyond the tolerance has been shown at any label so far."""
        return self.peak >= self.threshold

    @property
    def harm(self) -> float:
        """Estimated rise of the risk; NaN before the first label."""
        return self.estimate - self.reference_risk

    def to_json(self) -> dict[str, Any]:
        """A JSON object with the decision; what is undefined or unbounded becomes null."""
        return {**super().to_json(), "alarm": self.alarm}


class HarmfulShift:
    """Track a bounded loss in production against a labelled reference; inputs may change at will.

    Formula: ``U`` is an upper confidence bound of the reference's risk at ``alpha / 2``; the alarm is
    raised when betting rejects "production's risk is at most ``U + tolerance``" at ``alpha / 2``, that is,
    when the lower confidence *sequence* of production's risk climbs above it. If the risk has not risen by
    more than the tolerance, the chance of any alarm ever is at most ``alpha``.

    A change of the inputs that leaves the loss alone is no alarm: this is harm, not difference.

    **Late labels.** Labels are judged in the order in which they *arrive*; what is tested is that each
    arriving loss, given those that arrived before, has mean at most ``limit``. That follows from the risk
    being in bounds if *when* a label arrives, and whether it does, depends neither on the loss nor on
    anything that goes with it. Where errors are reported sooner (complaints) the first arrivals look worse
    than the truth: then hold every label back until a fixed time after its request, or draw the requests
    to be labelled at random. The number of unlabelled requests stands beside every verdict. The first
    label of a request counts.

    Args:
        reference_losses: ``(n,)`` labelled losses of the reference, looked at once.
        tolerance: Rise of the risk that is no harm, in units of the loss, 0 or more.
        low: Smallest possible loss.
        high: Largest possible loss.
        alpha: Chance, at most, of a false alarm ever.
        remember: Requests kept in mind while they wait for a label: about 100 bytes each.

    Raises:
        BadInput: Losses out of bounds, none at all, a negative tolerance, or so few reference losses
            that the limit reaches ``high`` and no harm could ever be shown.

    Source: Podkopaev & Ramdas, "Tracking the risk of a deployed model and detecting harmful distribution
        shifts", ICLR 2022, with Waudby-Smith & Ramdas's betting for both bounds.
    Limits: reference losses must be independent. A stream whose risk is high at times rejects, though its
        average may be low. The minimum detectable rise is exact for losses of 0 and 1 at a steady rate,
        judged at the last label alone; for graded losses it is larger than need be.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> shift = HarmfulShift(rng.random(2000) < 0.05, tolerance=0.01)
        >>> ids = [f"request-{i}" for i in range(1500)]
        >>> shift.requested(ids)
        >>> late = rng.permutation(1500)[:1000]
        >>> seen = shift.labelled([ids[i] for i in late], rng.random(1000) < 0.12)
        >>> seen.alarm, seen.n, seen.unlabelled, round(seen.harm, 2), round(seen.minimum_detectable, 3)
        (True, 1000, 500, 0.07, 0.067)
    """

    def __init__(
        self,
        reference_losses: ArrayLike,
        *,
        tolerance: float,
        low: float = 0.0,
        high: float = 1.0,
        alpha: float = 0.05,
        remember: int = 1_000_000,
    ) -> None:
        if not 0 <= tolerance < high - low:
            raise BadInput(
                f"tolerance: expected a rise in [0, {high - low}), got {tolerance}",
                remedy="Give it in units of the loss, 0.02 for 2 points of error rate.",
            )
        reference = MeanSequence(low, high, alpha=alpha)
        reference.update(reference_losses)
        self._begin(reference, tolerance, Arrivals(remember))

    def _begin(self, reference: MeanSequence, tolerance: float, arrivals: Arrivals) -> None:
        bounds, seen = reference.bounds, reference.interval
        # Both sequences are two-sided at alpha, so that each limit spends alpha / 2.
        self._limit = seen.upper + tolerance
        if seen.n == 0 or self._limit >= bounds.high:
            raise BadInput(
                f"reference: after {seen.n} losses the risk may be {seen.upper:.3g}; with the tolerance of "
                f"{tolerance} no risk up to {bounds.high} would be harm",
                remedy="Label more of the reference, or tolerate less.",
            )
        self._reference, self._tolerance, self._arrivals = reference, tolerance, arrivals
        self._production = MeanSequence(bounds.low, bounds.high, alpha=reference.alpha)
        self._wealth = MeanWealth(bounds.unit_null(self._limit), "greater")

    def requested(self, ids: Sequence[str]) -> None:
        """Take requests that were answered and now wait for a label; a repeated id is the same request."""
        self._arrivals.request(ids)

    def labelled(self, ids: Sequence[str], losses: ArrayLike) -> HarmEvidence:
        """Take labels in the order in which they arrived, reading the wealth after each.

        Args:
            ids: ``n`` requests.
            losses: ``(n,)`` their losses, in [low, high].

        Raises:
            BadInput: Not one loss per request, not finite, or out of bounds.
        """
        x = np.atleast_1d(self._reference.bounds.unit(losses))
        if x.shape != (len(ids),):
            raise BadInput(
                f"labels: expected one loss for each of {len(ids)} requests, got shape {x.shape}",
                remedy="Give ids and losses of the same labels in the same order.",
            )
        counting = self._arrivals.label(ids)
        self._wealth.bet(x[counting])
        self._production.update(np.atleast_1d(np.asarray(losses, dtype=np.float64))[counting])
        return self.evidence

    @property
    def evidence(self) -> HarmEvidence:
        """Where it stands."""
        seen, reference = self._production.interval, self._reference.interval
        return HarmEvidence(
            **vars(seen),
            e_value=self._wealth.now,
            peak=self._wealth.peak,
            threshold=2 / seen.alpha,
            reference_risk=reference.estimate,
            limit=self._limit,
            minimum_detectable=self._detectable(seen.n) - reference.estimate,
            unlabelled=self._arrivals.unlabelled,
            refused=self._arrivals.refused,
        )

    def _detectable(self, n: int) -> float:
        """Smallest risk that alarms within ``n`` labels with power .8; infinite if none does."""
        bounds = self._reference.bounds
        risk = (self._reference.interval.estimate - bounds.low) / bounds.span
        variance = (self._reference.standard_deviation / bounds.span) ** 2
        # Losses of less variance than a coin of the same mean are worth as many tosses more.
        tosses = int(n * (risk * (1 - risk) / variance)) if variance > 0 else n
        ones = enough(tosses, bounds.unit_null(self._limit), alpha=self._production.alpha / 2)
        if ones > tosses:
            return math.inf
        # P(at least `ones` of `tosses`) is the distribution function of Beta(ones, tosses - ones + 1).
        return bounds.back(float(beta.ppf(POWER, ones, tosses - ones + 1)))

    def state(self) -> State:
        """Plain values, sealed; :meth:`restore` continues from them bit for bit."""
        return seal(
            "HarmfulShift",
            {
                "tolerance": self._tolerance,
                "reference": self._reference.state(),
                "production": self._production.state(),
                "arrivals": self._arrivals.state(),
                **self._wealth.state(),
            },
        )

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> HarmfulShift:
        """A tracker that continues where :meth:`state` was taken.

        Raises:
            BadInput: The state is of another class or version.
            Corrupted: It was altered.
        """
        kept = unseal(state, "HarmfulShift")
        shift = cls.__new__(cls)
        shift._begin(
            MeanSequence.restore(kept["reference"]), kept["tolerance"], Arrivals.resume(kept["arrivals"])
        )
        shift._production = MeanSequence.restore(kept["production"])
        shift._wealth.resume(kept)
        return shift
