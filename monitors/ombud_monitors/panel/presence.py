"""Presence: is a modality missing more or less often?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact, norm

from ombud.domain.observations import Observations
from ombud.domain.verdict import Contribution, Outcome, Verdict
from ombud_monitors.panel.claim import Claim
from ombud_monitors.panel.question import Question
from ombud_monitors.resampling import wilson

__all__ = ["PresenceChanged"]

POINTS = 100.0
POWER = 0.8
DETECTOR = "fisher"


@dataclass(frozen=True)
class PresenceChanged(Claim):
    """The share of requests that carry the modality changed, by Fisher's exact test.

    Source: Fisher (1935); interval: Newcombe (1998).
    Limits: rows are taken as independent. Which cluster an absent input would have belonged to is not
        known, so an outage of minutes reads as many losses; that is why this claim does not page.

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> from ombud.domain.observations import ModalityColumns
        >>> from ombud.domain.verdict import Grade
        >>> def window(present, rows=200):
        ...     heard = np.arange(rows) < present * rows
        ...     audio = ModalityColumns(heard, (), np.zeros((rows, 0)))
        ...     ids, even = tuple(map(str, range(rows))), np.full((rows, 2), 0.5, np.float32)
        ...     return Observations(ids, ("x", "y"), even, np.zeros(rows, np.int64), {AUDIO: audio})
        >>> monitor = PresenceChanged("audio.missing", AUDIO, Grade.CHANGED, "Audio: missing more or less")
        >>> verdict = monitor.judge(Question(window(0.9), window(0.5), level=0.01, seed=0))
        >>> verdict.fired, round(verdict.effect), verdict.effect_unit
        (True, -40, 'percentage points')
    """

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        before, after = (self._present(window) for window in (question.reference, question.current))
        n, m = len(before), len(after)
        if early := question.too_early(n, m, question.minimum_rows, "requests"):
            return self.decline(DETECTOR, early, n_reference=n, n_current=m)
        table = [[int(after.sum()), m - int(after.sum())], [int(before.sum()), n - int(before.sum())]]
        p_value = min(max(float(fisher_exact(table).pvalue), 1e-300), 1.0)
        effect = POINTS * float(after.mean() - before.mean())
        # Laplace's rate: a modality that was always there still has a standard error.
        rate = (before.sum() + 1) / (n + 2)
        error = POINTS * float(np.sqrt(rate * (1 - rate) * (1 / n + 1 / m)))
        return Verdict(
            monitor=self.code,
            modality=self.modality,
            detector=DETECTOR,
            outcome=Outcome.DRIFT if p_value <= question.level else Outcome.QUIET,
            grade=self.grade,
            n_reference=n,
            n_current=m,
            statistic=effect / error,
            p_value=p_value,
            threshold=question.level,
            effect=effect,
            effect_unit="percentage points",
            effect_low=effect - _reach(after, before, upward=False),
            effect_high=effect + _reach(after, before, upward=True),
            minimum_detectable_effect=error * float(norm.isf(question.level / 2) + norm.ppf(POWER)),
            reason="Rows were taken as independent.",
            causes=(_rate(f"{self.modality}.present", before, after),) if effect else (),
        )

    def _present(self, window: Observations) -> NDArray[np.float64]:
        columns = window.modalities.get(self.modality)
        return np.zeros(len(window)) if columns is None else columns.present.astype(np.float64)


def _reach(after: NDArray[np.float64], before: NDArray[np.float64], *, upward: bool) -> float:
    """How far the 95% interval of a difference of two rates reaches to one side, in points.

    Source: Newcombe, Statistics in Medicine 17 (1998), method 10: Wilson's intervals, combined.
    """
    (low_a, high_a), (low_b, high_b) = (wilson(float(x.sum()), len(x)) for x in (after, before))
    own, other = (high_a, low_b) if upward else (low_a, high_b)
    return POINTS * float(np.hypot(own - after.mean(), other - before.mean()))


def _rate(name: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> Contribution:
    both = float(np.concatenate([before, after]).std())
    spread = float(before.std()) or both or 1.0
    return Contribution(
        name, float(before.mean()), float(after.mean()), float(after.mean() - before.mean()) / spread
    )
