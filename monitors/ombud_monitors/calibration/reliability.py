"""The reliability table: mean confidence against accuracy, in bins of equal mass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.resampling import wilson

__all__ = ["Bin", "equal_mass", "reliability", "top_label"]


@dataclass(frozen=True)
class Bin:
    """One row of a reliability table.

    Args:
        low: Smallest confidence in the bin.
        high: Largest confidence in the bin.
        n: Rows.
        confidence: Mean confidence.
        accuracy: Share of right answers.
        accuracy_low: Lower end of Wilson's 95% interval of the accuracy.
        accuracy_high: Upper end.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    accuracy_low: float
    accuracy_high: float


def top_label(
    probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Confidence ``(m,)`` and right answers ``(m,)`` of the rows that can be judged, and the mask ``(n,)``.

    A row with NaN probabilities (the model failed) or with unknown truth (-1) cannot be judged.
    """
    usable = np.isfinite(probabilities).all(axis=1) & (truth >= 0)
    kept = np.asarray(probabilities, dtype=np.float64)[usable]
    if not len(kept):
        return np.zeros(0), np.zeros(0), usable
    right = kept.argmax(axis=1) == truth[usable]
    return kept.max(axis=1), right.astype(np.float64), usable


def equal_mass(confidence: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Bin number of each row: as equal in mass as ties allow; equal confidences share a bin."""
    if not len(confidence):
        return np.zeros(0, np.int64)
    ordered = np.sort(confidence)
    edges = ordered[[len(ordered) * b // bins for b in range(1, bins)]] if bins > 1 else ordered[:0]
    number = np.searchsorted(np.unique(edges), confidence, side="right")
    return np.unique(number, return_inverse=True)[1].astype(np.int64).reshape(-1)


def reliability(
    probabilities: NDArray[np.floating[Any]], truth: NDArray[np.int64], bins: int = 15
) -> tuple[Bin, ...]:
    """The reliability table of the predicted class.

    Args:
        probabilities: ``(n, k)``; rows of NaN are left out.
        truth: ``(n,)`` index of the true class; -1 rows are left out.
        bins: How many bins at most.

    Limits: Wilson's interval takes rows as independent.

    Example:
        >>> p = np.array([[.9, .1], [.8, .2], [.4, .6], [.45, .55]])
        >>> [(b.n, b.accuracy) for b in reliability(p, np.array([0, 0, 0, 1]), bins=2)]
        [(2, 0.5), (2, 1.0)]
    """
    confidence, right, _ = top_label(probabilities, truth)
    number = equal_mass(confidence, bins)
    table = []
    for b in range(int(number.max(initial=-1)) + 1):
        inside = number == b
        n, hits = int(inside.sum()), float(right[inside].sum())
        mine = confidence[inside]
        table.append(
            Bin(float(mine.min()), float(mine.max()), n, float(mine.mean()), hits / n, *wilson(hits, n))
        )
    return tuple(table)
