"""Predictors: the one shape in which every model is called, however it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality, Payload
from ombud.domain.sample import Dataset

__all__ = [
    "Payloads",
    "Predictions",
    "Predictor",
    "TrainedModel",
    "Trainer",
    "TrainingRequest",
    "objection",
]

Payloads = Mapping[Modality, Payload | None]
"""One request's inputs: payload per modality, ``None`` or absent where not given."""


@dataclass(frozen=True)
class Predictions:
    """What a predictor returns for ``n`` requests and ``k`` classes.

    Args:
        probabilities: ``(n, k)`` float; rows sum to 1.
        unimodal: Per modality ``(n, k)`` float, the output with only that modality; rows of NaN
            where the request lacks it. Empty where the model has no such output.
        embeddings: Per modality ``(n, e)`` float; rows of NaN where the request lacks it. Empty
            where the model gives none.
    """

    probabilities: NDArray[np.float32]
    unimodal: Mapping[Modality, NDArray[np.float32]] = field(default_factory=dict)
    embeddings: Mapping[Modality, NDArray[np.float32]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.probabilities)


class Predictor(Protocol):
    """A model that can be asked. A missing modality degrades the answer; it never raises."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the probability columns."""
        ...

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities that the model reads."""
        ...

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        """Answer ``n`` requests in one batch.

        Raises:
            BadInput: A payload cannot be decoded; the message names the row and the modality.
        """
        ...


def objection(probabilities: NDArray[np.float32], classes: int) -> str:
    """Why an answer about one row does not count; empty where it does.

    Args:
        probabilities: The answer, ``(k,)``.
        classes: How many are expected.

    Example:
        >>> objection(np.array([0.25, 0.75], np.float32), 2)
        ''
        >>> objection(np.array([np.nan, 0.5], np.float32), 2)
        'probabilities are not finite'
    """
    if probabilities.shape != (classes,):
        return f"expected {classes} probabilities, got shape {probabilities.shape}"
    if not np.isfinite(probabilities).all():
        return "probabilities are not finite"
    if (probabilities < 0).any() or abs(float(probabilities.sum()) - 1) > 0.01:
        return f"probabilities are no distribution: they sum to {float(probabilities.sum()):.4g}"
    return ""


@dataclass(frozen=True)
class TrainingRequest:
    """Everything a trainer may look at.

    Args:
        labels: Class names in the order of the probability columns.
        modalities: Modalities to read.
        train: Labelled data to learn from.
        validation: Labelled data for early stopping and calibration.
        output: An empty directory; the trainer leaves the saved model there.
        seed: Seed of every random choice.
        hyperparameters: Trainer-specific settings from the project file.
    """

    labels: tuple[str, ...]
    modalities: tuple[Modality, ...]
    train: Dataset
    validation: Dataset
    output: Path
    seed: int = 0
    hyperparameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainedModel:
    """What a trainer returns.

    Args:
        directory: The saved model; no pickle in it.
        loader: Entry point ``module:function`` that turns ``directory`` into a :class:`Predictor`.
        hyperparameters: As used, defaults filled in.
        metrics: Numbers of the training itself (losses, seconds, parameter count).
        architecture: Field → sentence, for the model card.
    """

    directory: Path
    loader: str
    hyperparameters: Mapping[str, str | int | float | bool]
    metrics: Mapping[str, float]
    architecture: Mapping[str, str]


class Trainer(Protocol):
    """A callable named by entry point in ``ombud.yaml`` that trains a model."""

    def __call__(self, request: TrainingRequest) -> TrainedModel: ...
