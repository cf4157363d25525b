"""A trained model on disk: ``model.json`` says what it is, ``weights.safetensors`` what it learned.

No pickle anywhere: loading never runs code from the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ombud.domain.modality import Modality
from ombud.errors import Corrupted, NotFound
from ombud.reference.features import READABLE
from ombud.reference.network import TriModalNetwork

__all__ = ["Description", "read_model", "write_model"]

_FORMAT = "ombud.reference/1"
_REMEDY = "Restore the model directory from the registry, or train again."


@dataclass(frozen=True)
class Description:
    """Everything about a model but its weights.

    Args:
        labels: Class names in the order of the probability columns.
        modalities: What it reads.
        embedding_dim: Width of the shared space.
        temperatures: Set of modalities present → temperature.
        prior: Share of each class in the training data: the answer to an empty request.
    """

    labels: tuple[str, ...]
    modalities: tuple[Modality, ...]
    embedding_dim: int
    temperatures: Mapping[str, float]
    prior: tuple[float, ...]


def write_model(directory: Path, network: TriModalNetwork, description: Description) -> None:
    """Save a model into a folder, which is made if missing."""
    directory.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    save_file(weights, directory / "weights.safetensors")
    document = {"format": _FORMAT, **asdict(description)}
    (directory / "model.json").write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")


def read_model(directory: Path) -> tuple[TriModalNetwork, Description]:
    """Load a model, ready to be asked, on the CPU.

    Raises:
        NotFound: A file is missing.
        Corrupted: A file is damaged, or a tensor is missing or has the wrong shape.
    """
    description = _description(_existing(directory / "model.json"))
    file = _existing(directory / "weights.safetensors")
    network = TriModalNetwork(description.modalities, len(description.labels), description.embedding_dim)
    try:
        weights = load_file(file)
    except (SafetensorError, OSError) as error:
        raise Corrupted(f"{file}: not a safetensors file ({error})", remedy=_REMEDY) from error
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    for name in sorted(expected.keys() | weights.keys()):
        got = tuple(weights[name].shape) if name in weights else None
        if got != expected.get(name):
            raise Corrupted(
                f"{file}: tensor {name!r}: expected {expected.get(name)}, got {got}", remedy=_REMEDY
            )
        if not torch.isfinite(weights[name]).all():
            raise Corrupted(f"{file}: tensor {name!r}: has values that are not finite", remedy=_REMEDY)
    network.load_state_dict(weights)
    return network.eval(), description


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise NotFound(f"{file}: no such file", remedy=_REMEDY)
    return file


def _description(file: Path) -> Description:
    try:
        read = json.loads(file.read_text(encoding="utf-8"))
        if read.get("format") != _FORMAT:
            raise ValueError(f"format {read.get('format')!r}, expected {_FORMAT!r}")
        description = Description(
            labels=tuple(str(label) for label in read["labels"]),
            modalities=tuple(Modality(m) for m in read["modalities"]),
            embedding_dim=int(read["embedding_dim"]),
            temperatures={str(k): float(v) for k, v in read["temperatures"].items()},
            prior=tuple(float(p) for p in read["prior"]),
        )
        if len(description.prior) != len(description.labels) or not set(description.modalities) <= set(
            READABLE
        ):
            raise ValueError("labels, prior and modalities do not fit together")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corrupted(f"{file}: not a description of a model ({error})", remedy=_REMEDY) from error
    return description
