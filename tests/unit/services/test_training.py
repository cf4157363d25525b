"""Training on audited data: what was not audited is not learned from, and no version goes unrecorded."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts import tiny_model
from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.data import MemoryDataSource
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.evidence import EvidenceKind
from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.model_version import Submission
from ombud.domain.predictor import TrainedModel, TrainingRequest
from ombud.domain.sample import Dataset, Sample
from ombud.errors import Conflict
from ombud.project import parse_project
from ombud_app.services.data_service import DataService
from ombud_app.services.recording import Recorder
from ombud_app.services.training import TrainingService

PROJECT = parse_project(
    """
name: tiny
task: {labels: [none, some]}
modalities: [text, audio]
data: {training: training.parquet}
trainer: unit.services.test_training:learn
"""
)


def learn(request: TrainingRequest) -> TrainedModel:
    """The trainer of the project above."""
    return tiny_model.trained(request.output, 0.9)


def rows(name: str, n: int = 40) -> Dataset:
    return Dataset(
        name,
        tuple(Sample(f"{name}-{i}", {TEXT: f"{name} {i}"}, PROJECT.task.labels[i % 2]) for i in range(n)),
    )


class House:
    """Data, registry and evidence in memory."""

    def __init__(self) -> None:
        self.splits = {"train": rows("train"), "val": rows("val"), "test": rows("test")}
        clock, self.uow = MemoryClock(), MemoryUnitOfWork()
        self.registry, self.recorder = MemoryRegistry(clock), Recorder(self.uow, clock)
        self.training = TrainingService(self.registry, self.recorder, PROJECT)

    @property
    def data(self) -> DataService:
        source = MemoryDataSource(self.splits, labels=PROJECT.task.labels, modalities=(TEXT, AUDIO))
        return DataService(source, self.recorder, PROJECT)

    def trained_on(self, version: int) -> object:
        with self.uow.begin(write=False) as tx:
            found = tx.evidence.latest(EvidenceKind.TRAINING, "tiny", version)
        return None if found is None else found.content["datasets"]["train"]["digest"]


@pytest.fixture
def house() -> House:
    made = House()
    made.data.prepare(run_id="run-1")
    return made


def test_data_that_came_after_the_audit_is_not_learned_from(house: House) -> None:
    version = house.training.train(house.data.current(), run_id="run-1", reason="first")
    assert house.trained_on(version.version) == house.splits["train"].digest
    assert not house.data.has_news_for(version.version)
    house.splits["labelled"] = rows("labelled")
    assert house.data.has_news_for(version.version)
    with pytest.raises(Conflict, match="changed after its audit, in labelled"):
        house.data.current()
    house.data.prepare(run_id="run-2")
    assert len(house.data.current().train) == 80


def test_a_run_trains_once(house: House) -> None:
    first = house.training.train(house.data.current(), run_id="run-1", reason="first")
    assert house.training.train(house.data.current(), run_id="run-1", reason="again") == first
    assert len(house.registry.versions("tiny")) == 1


def test_a_run_killed_after_registering_leaves_a_record_when_it_runs_again(
    house: House, tmp_path: Path
) -> None:
    made = tiny_model.trained(tmp_path / "model", 0.9)
    tags = {"orchestrator_run_id": "run-1"}
    example = house.splits["val"]
    registered = house.registry.register(
        Submission("tiny", made, tiny_model.LABELS, tiny_model.MODALITIES, example, {}, "killed", tags)
    )
    assert house.trained_on(1) is None
    assert house.training.train(house.data.current(), run_id="run-1", reason="again") == registered
    assert house.trained_on(1) == house.splits["train"].digest
