"""Conflict: modalities of one request that point to different answers.

When one branch is damaged the single-modality answers stop agreeing, without any label and often
before the fused answer suffers. A rise can also mean that requests pair the wrong things.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.observations import Observations

__all__ = ["conflict_rates", "conflicts"]


def conflicts(observations: Observations) -> NDArray[np.float64]:
    """Whether the single-modality answers of a request disagree.

    Returns:
        ``(n,)`` 1.0 where at least two answers differ, 0.0 where all agree, NaN where fewer than two
        modalities answered.

    Limits: agreement on a wrong answer counts as agreement.
    """
    answers = _answers(observations)
    if not answers:
        return np.full(len(observations), np.nan)
    table = np.stack(list(answers.values()))
    answered = table >= 0
    lowest = np.where(answered, table, np.iinfo(np.int64).max).min(axis=0)
    return np.where(answered.sum(axis=0) >= 2, (table.max(axis=0) != lowest).astype(np.float64), np.nan)


def conflict_rates(observations: Observations) -> dict[tuple[Modality, Modality], NDArray[np.float64]]:
    """Per pair of modalities ``(n,)`` 1.0 differ, 0.0 agree, NaN where one of them gave no answer."""
    answers = _answers(observations)
    return {
        (a, b): np.where((answers[a] >= 0) & (answers[b] >= 0), answers[a] != answers[b], np.nan)
        for a, b in combinations(answers, 2)
    }


def _answers(observations: Observations) -> dict[Modality, NDArray[np.int64]]:
    """Per modality ``(n,)`` index of the largest probability, -1 where there is none."""
    answers = {}
    for modality, columns in observations.modalities.items():
        if columns.probabilities is not None:
            missing = np.isnan(columns.probabilities).any(axis=1)
            best = np.where(np.isnan(columns.probabilities), -1.0, columns.probabilities).argmax(axis=1)
            answers[modality] = np.where(missing, -1, best).astype(np.int64)
    return answers
