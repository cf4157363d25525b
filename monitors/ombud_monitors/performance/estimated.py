"""Accuracy without labels, from confidence that was calibrated where labels were known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MINIMUM_LABELLED", "Calibration", "confidence", "estimated_accuracy"]

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


@dataclass(frozen=True, eq=False)
class Calibration:
    """A rising step function from confidence to accuracy.

    Formula: isotonic least squares (pool adjacent violators) of right/wrong on confidence, linear
    between the blocks' mean confidences, flat outside. On the rows that it was fitted on its mean is
    close to their accuracy.

    Args:
        confidence: ``(b,)`` rising knots; empty for the identity (nothing was known to calibrate on).
        accuracy: ``(b,)`` expected accuracy at each knot, rising, in [0, 1].

    Source: Ayer et al. (1955); Zadrozny & Elkan, KDD 2002. Estimating accuracy this way: Garg et al.,
        "Leveraging unlabeled data to predict out-of-distribution performance", ICLR 2022.
    Limits: the estimate holds while confidence means in production what it meant on the reference. A
        model that is wrong with confidence (concept drift) is seen by measured harm only.

    Example:
        >>> c = Calibration.fit(np.repeat([0.5, 0.9], 40), np.tile([1.0, 0.0, 1.0, 1.0], 20))
        >>> c.accuracy_of(np.array([0.5, 0.9, 1.0])).tolist()
        [0.75, 0.75, 0.75]
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @classmethod
    def fit(cls, confidence: NDArray[np.float64], correct: NDArray[np.float64]) -> Calibration:
        """Fit on a labelled reference.

        Args:
            confidence: ``(n,)``; rows with NaN are left out.
            correct: ``(n,)`` 1 right, 0 wrong, NaN where the truth is unknown.

        Returns:
            The curve; the identity where fewer than :data:`MINIMUM_LABELLED` rows have both.
        """
        known = ~np.isnan(confidence) & ~np.isnan(correct)
        if known.sum() < MINIMUM_LABELLED:
            return cls(np.zeros(0), np.zeros(0))
        level, row = np.unique(confidence[known], return_inverse=True)
        weight = np.bincount(row).astype(np.float64)
        right = np.bincount(row, correct[known])
        # Each block: its weight, its sum of confidences, its sum of right answers.
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
        """Whether nothing was known to calibrate on, so confidence is taken at its word."""
        return self.confidence.size == 0

    def accuracy_of(self, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        """``(n,)`` expected accuracy at each confidence; NaN stays NaN."""
        if self.identity:
            return confidence.astype(np.float64)
        curve = np.interp(confidence, self.confidence, self.accuracy)
        return np.where(np.isnan(confidence), np.nan, curve)


def estimated_accuracy(calibration: Calibration, probabilities: NDArray[np.floating[Any]]) -> float:
    """Mean expected accuracy over the rows that have an output; NaN where none has.

    Args:
        calibration: Fitted on the reference.
        probabilities: ``(n, k)`` of the window.
    """
    accuracy = calibration.accuracy_of(confidence(probabilities))
    known = accuracy[~np.isnan(accuracy)]
    return float(known.mean()) if known.size else float("nan")
