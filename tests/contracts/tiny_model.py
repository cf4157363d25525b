"""A model small enough to check by hand: it answers with how many inputs it was given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ombud.domain.modality import AUDIO, TEXT, Modality
from ombud.domain.predictor import Payloads, Predictions, TrainedModel
from ombud.domain.sample import Dataset, Sample

LABELS = ("none", "some")
MODALITIES = (TEXT, AUDIO)


class TinyPredictor:
    """P("some") is ``weight`` times the share of inputs given."""

    def __init__(self, weight: float) -> None:
        self._weight = weight

    @property
    def labels(self) -> tuple[str, ...]:
        return LABELS

    @property
    def modalities(self) -> tuple[Modality, ...]:
        return MODALITIES

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        given = np.array([[r.get(m) is not None for m in MODALITIES] for r in requests], np.float32)
        some = self._weight * given.reshape(-1, len(MODALITIES)).mean(axis=1)
        fused = np.stack([1 - some, some], axis=1).astype(np.float32)
        alone = {
            m: np.where(given[:, [i]] > 0, fused, np.nan).astype(np.float32) for i, m in enumerate(MODALITIES)
        }
        length = np.array([[len(r.get(TEXT) or "")] for r in requests], np.float32)
        embedding = np.where(given[:, [0]] > 0, np.repeat(length, 3, axis=1), np.nan).astype(np.float32)
        return Predictions(fused, alone, {TEXT: embedding})


def load(directory: Path) -> TinyPredictor:
    return TinyPredictor(json.loads((directory / "weights.json").read_text())["weight"])


def trained(directory: Path, weight: float = 0.5) -> TrainedModel:
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "weights.json").write_text(json.dumps({"weight": weight}))
    return TrainedModel(
        directory,
        "contracts.tiny_model:load",
        {"weight": weight, "depth": 1},
        {"loss": 0.25, "seconds": 0.1},
        {"family": "A rule."},
    )


def dataset(name: str = "train") -> Dataset:
    return Dataset(
        name,
        (
            Sample("a", {TEXT: "two", AUDIO: b"fLaC"}, "some"),
            Sample("b", {TEXT: None, AUDIO: None}, "none"),
            Sample("c", {TEXT: "three"}, "some"),
        ),
        synthetic=True,
        provenance="made up",
        licence="CC0-1.0",
    )
