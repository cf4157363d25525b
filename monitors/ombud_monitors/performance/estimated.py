"""Accuracy without labels: how much of the model stands behind an answer.

The score of an answer is its *support*, the probability that the whole model gives to it. For the final
answer that is its confidence. For the answer of one modality it is what the model believes of that
answer once it has seen the other inputs of the same request: a branch that has gone wrong is often
still confident, but the others contradict it. Where the request carried nothing else, support is the
branch's own confidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import FUSED, Modality
from ombud.domain.observations import Observations

__all__ = ["MINIMUM_LABELLED", "Calibration", "confidence", "support"]

MINIMUM_LABELLED = 50
"""Labelled rows below which a calibration curve says more about luck than about the model."""


def confidence(probabilities: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Largest probability of each row.

    Args:
        probabilities: ``(n, k)``; NaN rows where there is no output.

    Returns:
        ``(n,)`` float64; NaN where any probability is NaN.

    Example:
        >>> confidence(np.array([[0.25, 0.75], [np.nan, np.nan]])).tolist()
        [0.75, nan]
    """
    return np.asarray(probabilities.max(axis=1), dtype=np.float64)


def support(observations: Observations, modality: Modality) -> NDArray[np.float64]:
    """Probability that the whole model gives to an answer.

    Args:
        observations: The window, ``n`` rows.
        modality: An input, for its single-modality answer; ``fused`` for the model's final answer.

    Returns:
        ``(n,)`` in [0, 1]. NaN where that modality is absent or gave no answer. Where the model as a
        whole failed, the final answer has support 0 (it is certainly not right) and a single modality
        its own confidence.

    Limits: an answer counts as supported when the whole model follows it into error, and loses support
        when another modality is wrong and sure of it; look at all modalities' verdicts together.

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> from ombud.domain.observations import ModalityColumns
        >>> heard = np.array([[0.9, 0.1], [0.2, 0.8]], np.float32)
        >>> audio = ModalityColumns(np.ones(2, bool), (), np.zeros((2, 0)), probabilities=heard)
        >>> fused = np.array([[0.05, 0.95], [0.1, 0.9]], np.float32)
        >>> o = Observations(("a", "b"), ("x", "y"), fused, np.array([-1, -1]), {AUDIO: audio})
        >>> support(o, AUDIO).round(2).tolist(), support(o, FUSED).round(2).tolist()
        ([0.05, 0.9], [0.95, 0.9])
    """
    whole = confidence(observations.probabilities)
    if modality == FUSED:
        return np.nan_to_num(whole, nan=0.0)
    columns = observations.modalities.get(modality)
    if columns is None or columns.probabilities is None:
        return np.full(len(observations), np.nan)
    own = confidence(columns.probabilities)
    answered = columns.present & ~np.isnan(own)
    best = np.where(answered[:, None], columns.probabilities, 0.0).argmax(axis=1)
    believed = observations.probabilities[np.arange(len(observations)), best].astype(np.float64)
    return np.where(answered, np.where(np.isnan(whole), own, believed), np.nan)


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rising function from a score to accuracy.

    Formula: isotonic least squares (pool adjacent violators) of right/wrong on the score, linear
    between the blocks' mean scores, flat outside. On the rows that it was fitted on its mean is
    close to their accuracy.

    Args:
        score: ``(b,)`` rising knots; empty for the identity (nothing was known to calibrate on).
        accuracy: ``(b,)`` expected accuracy at each knot, rising, in [0, 1].

    Source: Ayer et al. (1955); Zadrozny & Elkan, KDD 2002. Estimating accuracy this way: Garg et al.,
        "Leveraging unlabeled data to predict out-of-distribution performance", ICLR 2022.
    Limits: the estimate holds while the score means in production what it meant on the reference. A
        model that is wrong with one voice (concept drift) is seen by measured harm only.

    Example:
        >>> c = Calibration.fit(np.repeat([0.5, 0.9], 40), np.tile([1.0, 0.0, 1.0, 1.0], 20))
        >>> c.accuracy_of(np.array([0.5, 0.9, 1.0])).tolist()
        [0.75, 0.75, 0.75]
    """

    score: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @classmethod
    def fit(cls, score: NDArray[np.float64], correct: NDArray[np.float64]) -> Calibration:
        """Fit on a labelled reference.

        Args:
            score: ``(n,)``; rows with NaN are left out.
            correct: ``(n,)`` 1 right, 0 wrong, NaN where the truth is unknown.

        Returns:
            The curve; the identity where fewer than :data:`MINIMUM_LABELLED` rows have both.
        """
        known = ~np.isnan(score) & ~np.isnan(correct)
        if known.sum() < MINIMUM_LABELLED:
            return cls(np.zeros(0), np.zeros(0))
        level, row = np.unique(score[known], return_inverse=True)
        weight = np.bincount(row).astype(np.float64)
        right = np.bincount(row, correct[known])
        # Each block: its weight, its sum of scores, its sum of right answers.
        pool: list[tuple[float, float, float]] = []
        for w, c, r in zip(weight, level * weight, right, strict=True):
            block = (float(w), float(c), float(r))
            while pool and pool[-1][2] * block[0] >= block[2] * pool[-1][0]:
                last = pool.pop()
                block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
            pool.append(block)
        table = np.array(pool)
        return cls(table[:, 1] / table[:, 0], table[:, 2] / table[:, 0])

    @property
    def identity(self) -> bool:
        """Whether nothing was known to calibrate on, so the score is taken at its word."""
        return self.score.size == 0

    def accuracy_of(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(n,)`` expected accuracy at each score; NaN stays NaN."""
        if self.identity:
            return score.astype(np.float64)
        curve = np.interp(score, self.score, self.accuracy)
        return np.where(np.isnan(score), np.nan, curve)
