"""Asking the reference model.

A request with one modality gets that modality's own answer, one with several the fused answer, and
one with none the class shares of the training data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.predictor import Payloads, Predictions
from ombud.reference.features import Features, extract
from ombud.reference.network import TriModalNetwork
from ombud.reference.saved_model import Description, read_model
from ombud.reference.temperatures import pattern, patterns

__all__ = ["ReferencePredictor", "load"]

_BATCH = 256


class ReferencePredictor:
    """A trained reference model that can be asked; safe to share between threads.

    Args:
        network: In evaluation mode.
        description: What it reads and answers.
    """

    def __init__(self, network: TriModalNetwork, description: Description) -> None:
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = network.to(self._device).eval()
        self._description = description

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the probability columns."""
        return self._description.labels

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """Modalities that the model reads."""
        return self._description.modalities

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        """Answer ``n`` requests in one batch.

        Raises:
            BadInput: A payload cannot be decoded; the message names the row (from 0) and the modality.
        """
        return self.answer(extract(requests, self.modalities))

    def answer(self, features: Features) -> Predictions:
        """Answer ``n`` requests whose payloads are decoded already."""
        present = np.stack([features.present[m] for m in self.modalities], axis=1)
        n, k, e = len(present), len(self.labels), self._description.embedding_dim
        probabilities = np.tile(np.array(self._description.prior, np.float32), (n, 1))
        unimodal = {m: np.full((n, k), np.nan, np.float32) for m in self.modalities}
        embeddings = {m: np.full((n, e), np.nan, np.float32) for m in self.modalities}
        for start in range(0, n, _BATCH):
            rows = slice(start, min(n, start + _BATCH))
            part = {m: features.arrays[m][rows] for m in self.modalities}
            logits, embedded, fused = self._forward(part, present[rows])
            for column, modality in enumerate(self.modalities):
                here = present[rows, column]
                unimodal[modality][rows][here] = self._softmax(logits[modality][here], (modality,))
                embeddings[modality][rows][here] = embedded[modality][here]
            for chosen in patterns(self.modalities).values():
                wanted = np.array([m in chosen for m in self.modalities])
                same = (present[rows] == wanted).all(axis=1)
                source = logits[chosen[0]] if len(chosen) == 1 else fused
                probabilities[rows][same] = self._softmax(source[same], chosen)
        return Predictions(probabilities, unimodal, embeddings)

    def _forward(
        self, arrays: dict[Modality, NDArray[np.float32]], present: NDArray[np.bool_]
    ) -> tuple[dict[Modality, NDArray[np.float32]], dict[Modality, NDArray[np.float32]], NDArray[np.float32]]:
        with torch.inference_mode():
            mask = torch.from_numpy(present).to(self._device)
            inputs = {m: torch.from_numpy(a).to(self._device) for m, a in arrays.items()}
            outputs = self._network(inputs, mask)
            fused = self._network.fuse(outputs, mask)
        logits = {m: t.cpu().numpy() for m, t in outputs.logits.items()}
        return logits, {m: t.cpu().numpy() for m, t in outputs.embeddings.items()}, fused.cpu().numpy()

    def _softmax(self, logits: NDArray[np.float32], present: Sequence[Modality]) -> NDArray[np.float32]:
        scaled = logits.astype(np.float64) / self._description.temperatures.get(pattern(present), 1.0)
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def load(directory: Path) -> ReferencePredictor:
    """A predictor from a folder that :func:`ombud.reference.trainer.train` left.

    Raises:
        NotFound: A file is missing.
        Corrupted: A file is damaged or does not fit the model it describes.
    """
    return ReferencePredictor(*read_model(directory))
