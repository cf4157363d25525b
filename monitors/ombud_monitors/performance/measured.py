"""Errors against known truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import FUSED, Modality
from ombud.domain.observations import Observations

__all__ = ["errors"]


def errors(observations: Observations, modality: Modality) -> NDArray[np.float64]:
    """Which answers were wrong.

    Args:
        observations: The window.
        modality: An input, for its single-modality answer; ``fused`` for the model's final answer.

    Returns:
        ``(n,)`` 1.0 wrong, 0.0 right, NaN where the truth is unknown or that modality gave no answer.
        Where the model itself failed, the final answer counts as wrong.

    Example:
        >>> o = Observations(("a", "b"), ("x", "y"), np.array([[.2, .8], [.6, .4]], np.float32),
        ...                  np.array([1, 1]), {})
        >>> errors(o, FUSED).tolist()
        [0.0, 1.0]
    """
    if modality == FUSED:
        return 1.0 - observations.correct
    columns = observations.modalities.get(modality)
    if columns is None or columns.probabilities is None:
        return np.full(len(observations), np.nan)
    answered = ~np.isnan(columns.probabilities).any(axis=1)
    best = np.where(np.isnan(columns.probabilities), -1.0, columns.probabilities).argmax(axis=1)
    wrong = (best != observations.truth).astype(np.float64)
    return np.where(answered & (observations.truth >= 0), wrong, np.nan)
