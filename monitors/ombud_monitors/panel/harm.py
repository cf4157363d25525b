"""Harm, estimated and measured: the claims that wake people."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import FUSED
from ombud.domain.observations import Observations
from ombud.domain.verdict import Contribution, Outcome, Verdict
from ombud_monitors.panel.averages import Averages, judge_averages
from ombud_monitors.panel.causes import confidence_causes, descriptor_causes
from ombud_monitors.panel.claim import Claim
from ombud_monitors.panel.question import Question
from ombud_monitors.performance.estimated import Calibration, confidence, support
from ombud_monitors.performance.measured import errors

__all__ = ["EstimatedHarm", "MeasuredHarm"]

UNIT = "accuracy points"
POINTS = 100.0
FEWEST_LABELLED = 30
BLAME = 0.02
"""Chance of naming a modality whose own confidence is as it was, once another one has gone wrong."""


@dataclass(frozen=True)
class EstimatedHarm(Claim):
    """Estimated accuracy dropped.

    Statistic: the fall of mean support (:func:`~ombud_monitors.performance.support`: the probability
    that the whole model gives to this answer), standardised by unit, whole clusters permuted. The
    effect is the change of estimated accuracy in points: support turned into accuracy by isotonic
    calibration on the reference's labels, or taken at its word where there are none. What is permuted
    is the support itself: a curve fitted on the reference would treat the two windows differently, and
    the test would no longer be exact.

    Drift needs more than the p-value: the estimated accuracy must have fallen, and where the claim
    blames one modality its own confidence must have fallen too, at level :data:`BLAME`. Support also
    falls when *another* input goes wrong and contradicts this one; without its own sign of doubt a
    modality is not named. Asking for more can only lower the chance of a false page.

    Limits: a branch that is wrong and as sure as ever is seen by :class:`MeasuredHarm` and as
        conflict, not here. Harm that comes
        only from an input missing more often is reported by :class:`~ombud_monitors.panel.PresenceChanged`.

    Example:
        >>> from ombud.domain.verdict import Grade
        >>> rng = np.random.default_rng(0)
        >>> def window(p, n=200):
        ...     first = np.clip(rng.normal(p, 0.05, n), 0.5, 1).astype(np.float32)
        ...     truth = (rng.random(n) > first).astype(np.int64)
        ...     return Observations(tuple(map(str, range(n))), ("x", "y"), np.c_[first, 1 - first], truth, {})
        >>> monitor = EstimatedHarm("fused.harm", FUSED, Grade.ESTIMATED_HARM, "Estimated accuracy dropped")
        >>> verdict = monitor.judge(Question(window(0.95), window(0.8), level=0.01, seed=0))
        >>> verdict.fired, verdict.effect_unit
        (True, 'accuracy points')
    """

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        question.same_labels()
        reference, current = question.reference, question.current
        before, after = support(reference, self.modality), support(current, self.modality)
        curve = Calibration.fit(before, 1.0 - errors(reference, self.modality))
        averages = Averages(
            reference=before,
            current=after,
            alternative="less",
            what="answers" if self.modality == FUSED else f"answers from {self.modality} alone",
            minimum=question.minimum_rows,
            unit=UNIT,
            shown=(POINTS * curve.accuracy_of(before), POINTS * curve.accuracy_of(after)),
        )

        def judge(judged: Averages, at: float) -> Verdict:
            return judge_averages(
                self, judged, question.at(at), causes=lambda: _causes(self, reference, current)
            )

        verdict = judge(averages, question.level)
        if not verdict.fired or self.modality == FUSED:
            return verdict
        own = replace(averages, reference=_own(self, reference), current=_own(self, current), shown=None)
        doubt = judge(own, BLAME)
        if doubt.fired:
            return verdict
        return replace(
            verdict,
            outcome=Outcome.QUIET,
            reason=f"The rest of the model contradicts {self.modality} more often, but {self.modality}'s own "
            f"confidence did not fall (p = {doubt.p_value:.2g}): the fault may lie with another modality. "
            f"{verdict.reason}".rstrip(),
        )


@dataclass(frozen=True)
class MeasuredHarm(Claim):
    """Measured accuracy dropped, on the requests whose truth is known.

    Statistic: the fall of accuracy, standardised by unit, whole clusters permuted; effect in points.
    It wants at least 30 labelled rows in each window, however many rows there are.

    Source: permutation test of means by cluster (:class:`~ombud_monitors.two_sample.Mean`).
    Limits: labelled requests stand for all only where labels do not prefer errors.

    Example:
        >>> from ombud.domain.verdict import Grade
        >>> from ombud_monitors.simulate.multimodal import multimodal_window
        >>> rng = np.random.default_rng(0)
        >>> reference = multimodal_window(rng, 400)
        >>> unlabelled = multimodal_window(rng, 300, prefix="c", labelled=False)
        >>> monitor = MeasuredHarm("fused.measured_harm", FUSED, Grade.MEASURED_HARM, "Accuracy dropped")
        >>> monitor.judge(Question(reference, unlabelled, level=0.01, seed=0)).reason
        'Too few labelled answers: 0 in the current window; 30 in each would do.'
    """

    weight: ClassVar[float] = 0.05
    """Where the truth of enough requests is known, harm that matters is many standard errors large and
    needs no large level, while the estimate may have to speak from very few clusters."""

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        question.same_labels()
        reference, current = question.reference, question.current
        alone = "" if self.modality == FUSED else f" from {self.modality} alone"
        averages = Averages(
            reference=POINTS * (1.0 - errors(reference, self.modality)),
            current=POINTS * (1.0 - errors(current, self.modality)),
            alternative="less",
            what=f"labelled answers{alone}",
            minimum=min(question.minimum_rows, FEWEST_LABELLED),
            unit=UNIT,
        )
        return judge_averages(self, averages, question, causes=lambda: _causes(self, reference, current))


def _own(claim: Claim, window: Observations) -> NDArray[np.float64]:
    """``(n,)`` confidence of one modality's own answer; NaN where it gave none."""
    columns = window.modalities.get(claim.modality)
    if columns is None or columns.probabilities is None:
        return np.full(len(window), np.nan)
    return np.where(columns.present, confidence(columns.probabilities), np.nan)


def _causes(claim: Claim, reference: Observations, current: Observations) -> tuple[Contribution, ...]:
    if claim.modality == FUSED:
        return confidence_causes(reference, current)
    return descriptor_causes(claim.modality, reference, current)
