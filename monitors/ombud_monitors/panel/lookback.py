"""Looking back: a small shift is seen over three windows where one is not enough.

A budget for 200 looks leaves each of them a level at which a shift that one look sees with power .9 at the
level .05 is mostly missed. Three windows of the same shift together are not. So a claim of change spends
its level on two questions:

- today's window against the reference: :data:`TODAY` of the level, for what is sudden or creeps away from
  the reference for months;
- the last :data:`RECENT` windows together, today's included, against the reference *and* the quiet windows
  before them: the rest of the level.

Under the null hypothesis all rows of reference and windows are exchangeable, so each question has a valid
p-value at every look, and the union bound over questions and looks holds whatever their dependence. Windows
on which the monitor has fired are left out of what is called normal. That choice depends on the data, but
only after the first alarm, so the chance of *any* false alarm is untouched.

Source: union bound; the pooled windows are the scan statistic of Naus, JASA 60 (1965), with permutations.
Limits: a drift slower than :data:`MEMORY` windows partly becomes the new normal in the second question; the
    first one still compares with the reference alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.observations import ModalityColumns, Observations
from ombud.domain.verdict import Outcome, Verdict
from ombud_monitors.panel.claim import Monitor
from ombud_monitors.panel.question import Question

__all__ = ["MEMORY", "RECENT", "TODAY", "look", "pooled"]

Scalar = TypeVar("Scalar", bound=np.generic)

RECENT = 3
"""Windows taken together: the delay within which a shift is promised to be seen."""
MEMORY = 12
"""Earlier windows that are read: two recent ones, and ten that stand beside the reference."""
TODAY = 0.25
"""Share of the level for today's window alone. The rest goes to the recent windows together, on which the
promised delay rests; a sudden shift is large, and a quarter of the level costs it little power."""


def look(monitor: Monitor, question: Question, earlier: Sequence[Observations] = ()) -> Verdict:
    """Judge a window in the light of the ones before it.

    Claims of harm judge today's window alone: they page, must name the day, and often have too few
    clusters to split their level.

    Args:
        monitor: Who judges.
        question: Today's window, the reference, and what this look may spend in all.
        earlier: Windows since the budget period began on which this monitor was quiet, oldest first; only
            the last :data:`MEMORY` are used.

    Returns:
        The verdict of the question with the smaller weighted p-value; its p-value is valid for both
        together.

    Raises:
        BadInput: The windows have different labels or columns.

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> from ombud.domain.verdict import Grade
        >>> from ombud_monitors.panel import PresenceChanged
        >>> from ombud_monitors.simulate.multimodal import multimodal_window
        >>> rng = np.random.default_rng(0)
        >>> reference, *rarer = (multimodal_window(rng, 300, presence=p) for p in (0.8, 0.68, 0.68, 0.68))
        >>> monitor = PresenceChanged("audio.missing", AUDIO, Grade.CHANGED, "Audio: missing more or less")
        >>> today = Question(reference, rarer[2], level=1e-3, seed=0)
        >>> look(monitor, today).fired, look(monitor, today, rarer[:2]).fired
        (False, True)
    """
    if monitor.grade.pages or not earlier:
        return monitor.judge(question)
    before, recent = earlier[-MEMORY : 1 - RECENT], [*earlier[1 - RECENT :], question.current]
    alone = monitor.judge(question.at(question.level * TODAY))
    together = monitor.judge(
        replace(
            question,
            reference=pooled([question.reference, *before]),
            current=pooled(recent),
            level=question.level * (1 - TODAY),
        )
    )
    weighted = [
        (v.p_value / share, v)
        for v, share in ((alone, TODAY), (together, 1 - TODAY))
        if v.outcome is not Outcome.NOT_APPLICABLE and v.p_value is not None
    ]
    if not weighted:
        return together
    p_value, telling = min(weighted, key=lambda pair: pair[0])
    what = (
        f"The last {len(recent)} windows together, against the reference and {len(before)} quiet windows."
        if telling is together
        else ""
    )
    return replace(
        telling,
        p_value=min(p_value, 1.0),
        threshold=question.level,
        reason=f"{telling.reason} {what}".strip(),
    )


def pooled(windows: Sequence[Observations]) -> Observations:
    """Several windows as one; what one of them lacks, the whole lacks.

    Args:
        windows: At least one, with the same labels.

    Example:
        >>> row = Observations(("a",), ("x", "y"), np.array([[.2, .8]], np.float32), np.array([1]), {})
        >>> len(pooled([row, row]))
        2
    """
    first = windows[0]
    if len(windows) == 1:
        return first
    shared = [m for m in first.modalities if all(m in w.modalities for w in windows)]
    named = [a for a in first.attributes if all(a in w.attributes for w in windows)]
    return Observations(
        ids=tuple(i for w in windows for i in w.ids),
        labels=first.labels,
        probabilities=np.concatenate([w.probabilities for w in windows]),
        truth=np.concatenate([w.truth for w in windows]),
        modalities={m: _stacked([w.modalities[m] for w in windows]) for m in shared},
        attributes={a: np.concatenate([w.attributes[a] for w in windows]) for a in named},
    )


def _stacked(parts: Sequence[ModalityColumns]) -> ModalityColumns:
    names = tuple(n for n in parts[0].descriptor_names if all(n in p.descriptor_names for p in parts))
    picked = [p.descriptors[:, [p.descriptor_names.index(n) for n in names]] for p in parts]
    return ModalityColumns(
        present=np.concatenate([p.present for p in parts]),
        descriptor_names=names,
        descriptors=np.concatenate(picked),
        embeddings=_all([p.embeddings for p in parts]),
        probabilities=_all([p.probabilities for p in parts]),
        clusters=_all([p.clusters for p in parts]),
    )


def _all(parts: Sequence[NDArray[Scalar] | None]) -> NDArray[Scalar] | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if len(known) == len(parts) else None
