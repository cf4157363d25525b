"""A model that decodes its inputs as the reference model does, and answers NaN when it is told "nan"."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.predictor import Payloads, Predictions, TrainedModel
from ombud.reference.features import extract

__all__ = ["LABELS", "MODALITIES", "load", "trained"]

LABELS = ("no", "yes")
MODALITIES = (TEXT, IMAGE, AUDIO)


class Fragile:
    """Always says "yes", with as much confidence as it has inputs."""

    @property
    def labels(self) -> tuple[str, ...]:
        return LABELS

    @property
    def modalities(self) -> tuple[Modality, ...]:
        return MODALITIES

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        present = extract(requests, MODALITIES).present
        yes = 0.5 + np.mean([present[m] for m in MODALITIES], axis=0) / 4
        fused = np.stack([1 - yes, yes], axis=1).astype(np.float32)
        fused[[r.get(TEXT) == "nan" for r in requests]] = np.nan
        alone = {m: np.where(present[m][:, None], fused, np.nan).astype(np.float32) for m in MODALITIES}
        return Predictions(fused, alone)


def load(_directory: Path) -> Fragile:
    return Fragile()


def trained(directory: Path) -> TrainedModel:
    directory.mkdir()
    (directory / "weights.json").write_text("{}")
    return TrainedModel(directory, "e2e.fragile_model:load", {}, {}, {})
