"""A predictor with a temper: what it is told in the text decides how it behaves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.predictor import Payloads, Predictions, TrainedModel
from ombud.errors import BadInput

LABELS = ("no", "yes")
MODALITIES = (TEXT, IMAGE, AUDIO)


class Moody:
    """Says "yes" with the probability in its file; texts such as ``nan 2`` trouble version 2 only.

    Moods: ``nan``, ``raise``, ``hang``, ``shape``. An image must start with ``PNG``.
    """

    def __init__(self, version: int) -> None:
        self.version = version
        self.batches: list[int] = []

    @property
    def labels(self) -> tuple[str, ...]:
        return LABELS

    @property
    def modalities(self) -> tuple[Modality, ...]:
        return MODALITIES

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        self.batches.append(len(requests))
        out = np.tile(np.array([0.4, 0.6], np.float32), (len(requests), 1))
        for i, request in enumerate(requests):
            image = request.get(IMAGE)
            if isinstance(image, bytes) and not image.startswith(b"PNG"):
                raise BadInput(f"row {i}: image cannot be decoded", remedy="Send a PNG.")
            mood, _, whom = str(request.get(TEXT) or "").partition(" ")
            if whom != str(self.version):
                continue
            if mood == "nan":
                out[i] = np.nan
            elif mood == "raise":
                raise RuntimeError("out of cheese")
            elif mood == "hang":
                time.sleep(0.6)
            elif mood == "shape":
                return Predictions(out[:0])
        given = np.array([[TEXT in r] for r in requests])
        return Predictions(out, {TEXT: np.where(given, out, np.nan)}, {TEXT: np.where(given, out, np.nan)})


class Terse(Moody):
    """Gives nothing but the answer: "yes" the likelier the more inputs there are.

    Asked about nothing but the image ``PNG slow``, it hangs.
    """

    def predict(self, requests: Sequence[Payloads]) -> Predictions:
        self.batches.append(len(requests))
        if any(set(r) == {IMAGE} and r[IMAGE] == b"PNG slow" for r in requests):
            time.sleep(0.6)
        yes = np.array([0.3 * len(r) + 0.1 * (TEXT in r) for r in requests], np.float32)
        return Predictions(np.stack([1 - yes, yes], axis=1))


def load_terse(directory: Path) -> Terse:
    return Terse(int((directory / "version").read_text()))


def load(directory: Path) -> Moody:
    return Moody(int((directory / "version").read_text()))


def load_broken(directory: Path) -> Moody:
    raise OSError(f"no weights in {directory.name}")


def trained(directory: Path, version: int, *, loader: str = "load") -> TrainedModel:
    directory.mkdir(parents=True)
    (directory / "version").write_text(str(version))
    return TrainedModel(directory, f"unit.gateway.digits_model:{loader}", {}, {}, {})
