"""Temperature calibration: one number per head and per set of modalities present.

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks"; target smoothing by Platt 1999.
Limits: fitted on the validation split; a shift moves calibration with everything else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from ombud.domain.modality import Modality

__all__ = ["MINIMUM_ROWS", "fit_temperature", "pattern", "patterns"]

MINIMUM_ROWS = 20
"""Below this many rows the temperature stays 1."""


def pattern(present: Sequence[Modality]) -> str:
    """Name of a set of modalities.

    Example:
        >>> pattern([Modality("text"), Modality("audio")])
        'audio+text'
    """
    return "+".join(sorted(present))


def patterns(modalities: Sequence[Modality]) -> Mapping[str, tuple[Modality, ...]]:
    """Every non-empty set of modalities by name."""
    sizes = range(1, len(modalities) + 1)
    return {pattern(chosen): chosen for size in sizes for chosen in combinations(modalities, size)}


def fit_temperature(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """The temperature in [0.05, 10] that minimises the log loss against smoothed targets.

    Args:
        logits: ``(n, k)``.
        truth: ``(n,)`` class indices.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> truth = rng.integers(0, 3, 2000)
        >>> logits = np.eye(3)[truth] + rng.gumbel(size=(2000, 3)) * 1e-9
        >>> right = rng.random(2000) < np.exp(1) / (np.exp(1) + 2)
        >>> shuffled = np.where(right, truth, (truth + rng.integers(1, 3, 2000)) % 3)
        >>> round(fit_temperature(4 * logits, shuffled))
        4
    """
    if len(truth) < MINIMUM_ROWS:
        return 1.0
    # Without it, a validation split without a single error would ask for infinite confidence.
    doubt = 1 / (len(truth) + 2)

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        log_probabilities = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        chosen = log_probabilities[np.arange(len(truth)), truth]
        return float(-np.mean((1 - doubt) * chosen + doubt * log_probabilities.mean(axis=1)))

    found = minimize_scalar(loss, bounds=(np.log(0.05), np.log(10.0)), method="bounded")
    return float(np.exp(found.x))
