"""Conflict: do the modalities contradict each other more or less often?"""

from __future__ import annotations

from dataclasses import dataclass

from ombud.domain.verdict import Verdict
from ombud_monitors.crossmodal import conflicts
from ombud_monitors.panel.averages import Averages, judge_averages
from ombud_monitors.panel.causes import conflict_causes
from ombud_monitors.panel.claim import Claim
from ombud_monitors.panel.question import Question

__all__ = ["ConflictChanged"]

POINTS = 100.0


@dataclass(frozen=True)
class ConflictChanged(Claim):
    """The share of requests whose single-modality answers disagree changed, either way.

    Source: :mod:`ombud_monitors.crossmodal`; permutation test of means by cluster.
    Limits: two branches that go wrong in the same way agree as often as before.

    Example:
        >>> import numpy as np
        >>> from ombud.domain.modality import AUDIO, CROSS_MODAL
        >>> from ombud.domain.verdict import Grade
        >>> from ombud_monitors.simulate.multimodal import multimodal_window
        >>> rng = np.random.default_rng(0)
        >>> reference = multimodal_window(rng, 400)
        >>> misheard = multimodal_window(rng, 300, prefix="c", damage={AUDIO: 3.0})
        >>> monitor = ConflictChanged("cross_modal.conflict", CROSS_MODAL, Grade.CHANGED, "Disagree")
        >>> monitor.judge(Question(reference, misheard, level=0.01, seed=0)).fired
        True
    """

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        question.same_labels()
        reference, current = question.reference, question.current
        averages = Averages(
            reference=POINTS * conflicts(reference),
            current=POINTS * conflicts(current),
            alternative="two-sided",
            what="requests answered from two modalities",
            minimum=question.minimum_rows,
            unit="percentage points",
        )
        return judge_averages(self, averages, question, causes=lambda: conflict_causes(reference, current))
