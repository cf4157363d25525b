"""Model versions: what the registry holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ombud.domain.predictor import TrainedModel
from ombud.domain.sample import Dataset

__all__ = ["Alias", "ModelVersion", "Submission"]


class Alias(StrEnum):
    """Names that the registry points at versions; only Ombud's service account moves them."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


@dataclass(frozen=True)
class ModelVersion:
    """One immutable version of a registered model.

    Args:
        name: Registered model name.
        version: 1, 2, 3, ...
        model_digest: ``sha256:<hex>`` over the artifact files (paths and bytes); approvals bind it.
        run_id: Tracking run that made it; empty for models made elsewhere.
        source: Artifact URI.
        created_at: When it was registered (aware, UTC).
        tags: Registry tags.
    """

    name: str
    version: int
    model_digest: str
    run_id: str
    source: str
    created_at: datetime
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """A trained model on its way into the registry.

    Args:
        name: Registered model name.
        trained: What the trainer returned.
        labels: Class names in the order of the probability columns.
        modalities: Modalities that the model reads.
        example: A few samples for the input example and the signature.
        datasets: Role ("train", "validation") → data set, logged by digest.
        run_name: Name of the tracking run.
        tags: Tags for run and version (``orchestrator_run_id``, ``reason``, ...).
    """

    name: str
    trained: TrainedModel
    labels: tuple[str, ...]
    modalities: tuple[str, ...]
    example: Dataset
    datasets: Mapping[str, Dataset]
    run_name: str
    tags: Mapping[str, str] = field(default_factory=dict)
