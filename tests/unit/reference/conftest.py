"""One small data set and one small model for all tests of the reference package."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from ombud.domain.modality import KNOWN_MODALITIES
from ombud.domain.predictor import TrainedModel, TrainingRequest
from ombud.domain.sample import Dataset
from ombud.reference.data import LABELS, generate
from ombud.reference.predictor import ReferencePredictor, load
from ombud.reference.trainer import train

SIZES = {"train": 500, "val": 120, "test": 200, "prod_shift": 200}


@pytest.fixture(scope="session")
def splits() -> Mapping[str, Dataset]:
    return generate(seed=3, rows=SIZES)


@pytest.fixture(scope="session")
def request_for_training(
    splits: Mapping[str, Dataset], tmp_path_factory: pytest.TempPathFactory
) -> TrainingRequest:
    return TrainingRequest(
        labels=LABELS,
        modalities=KNOWN_MODALITIES,
        train=splits["train"],
        validation=splits["val"],
        output=Path(tmp_path_factory.mktemp("model")),
        seed=1,
        hyperparameters={"epochs": 16, "batch_size": 32},
    )


@pytest.fixture(scope="session")
def trained(request_for_training: TrainingRequest) -> TrainedModel:
    return train(request_for_training)


@pytest.fixture(scope="session")
def predictor(trained: TrainedModel) -> ReferencePredictor:
    return load(trained.directory)
