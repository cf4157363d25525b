"""Assessing a version that somebody else made: data without a training split, a model that says little."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts import tiny_model
from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.data import MemoryDataSource
from ombud.adapters.memory.files import MemoryArtifactStore
from ombud.adapters.memory.ids import MemoryIds
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.evidence import EvidenceKind
from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.model_version import Submission
from ombud.domain.sample import Dataset, Sample
from ombud.errors import BadInput, NotFound, OmbudError, Refused
from ombud.project import Project, parse_project
from ombud_app.services.assessment import Assessment, AssessmentService
from ombud_app.services.bias_audit import BiasAuditService
from ombud_app.services.card_service import CardService
from ombud_app.services.data_service import DataService
from ombud_app.services.evaluation import EvaluationService
from ombud_app.services.gate import GateService
from ombud_app.services.recording import Recorder

PROJECT = """
name: tiny
task: {labels: [none, some]}
modalities: [text, audio]
data: {training: judged.parquet}
gate: {min_accuracy: 0.9}
"""


def rows(name: str, n: int = 40) -> Dataset:
    """Text alone, which the model calls "none", and a few rows that say which they are."""
    return Dataset(name, tuple(Sample(f"{name}-{i}", {TEXT: f"{name} {i}"}, "none") for i in range(n)))


class House:
    """Everything that an assessment needs, in memory."""

    def __init__(self, folder: Path, splits: dict[str, Dataset], project: str = PROJECT) -> None:
        self.project: Project = parse_project(project)
        self.uow, clock = MemoryUnitOfWork(), MemoryClock()
        registry, recorder = MemoryRegistry(clock), Recorder(self.uow, clock)
        labels = self.project.task.labels
        data = MemoryDataSource(splits, labels=labels, modalities=(TEXT, AUDIO))
        self.evaluation = EvaluationService(
            data, registry, MemoryArtifactStore(), self.uow, recorder, self.project
        )
        self.service = AssessmentService(
            DataService(data, recorder, self.project),
            self.evaluation,
            BiasAuditService(self.evaluation, recorder, self.project),
            CardService(self.uow, registry, clock, MemoryIds(), self.project),
            GateService(self.uow, recorder, self.project),
        )
        made = tiny_model.trained(folder / "model", 0.9)
        registry.register(
            Submission("tiny", made, tiny_model.LABELS, tiny_model.MODALITIES, rows("x"), {}, "elsewhere")
        )

    def assess(self, version: int = 1) -> Assessment:
        self.said: list[str] = []
        return self.service.assess("tiny", version, run_id="run-1", say=self.said.append)

    def recorded(self) -> set[EvidenceKind]:
        with self.uow.begin(write=False) as tx:
            return {e.kind for e in tx.evidence.list("tiny")}


@pytest.fixture
def splits() -> dict[str, Dataset]:
    return {"val": rows("val"), "test": rows("test")}


def failed(found: Assessment) -> dict[str, bool]:
    return {c["code"]: c["blocking"] for c in found.gate.content["checks"] if not c["passed"]}


def test_no_training_split_is_needed(tmp_path: Path, splits: dict[str, Dataset]) -> None:
    house = House(tmp_path, splits)
    found = house.assess()
    assert len(house.said) == 4
    assert found.evaluation.content["metrics"]["accuracy.fused"]["value"] == 1.0
    assert found.card.core["version"] == 1
    assert house.recorded() >= {EvidenceKind.DATA_SHEET, EvidenceKind.DATA_AUDIT, EvidenceKind.REFERENCE}
    assert house.evaluation.reference("tiny", 1).vocabulary is None


def test_nothing_to_compare_is_a_warning_not_a_clean_audit(
    tmp_path: Path, splits: dict[str, Dataset]
) -> None:
    found = House(tmp_path, splits).assess()
    assert found.bias_audit.content["attributes"] == []
    assert failed(found)["gate.disparity"] is False
    (check,) = [c for c in found.gate.content["checks"] if c["code"] == "gate.disparity"]
    assert "nothing was audited" in check["reason"]


def test_assessing_again_changes_nothing(tmp_path: Path, splits: dict[str, Dataset]) -> None:
    house = House(tmp_path, splits)
    assert house.assess().card.core_digest == house.assess().card.core_digest
    with house.uow.begin(write=False) as tx:
        assert len(tx.evidence.list("tiny")) == 6


def test_a_gate_that_does_not_pass_says_so(tmp_path: Path, splits: dict[str, Dataset]) -> None:
    wrong = tuple(replace(s, label="some") for s in splits["test"])
    found = House(tmp_path, {**splits, "test": replace(splits["test"], samples=wrong)}).assess()
    assert not found.passed
    assert failed(found)["gate.accuracy"] is True


@pytest.mark.parametrize(
    ("absent", "changed", "kind", "says"),
    [
        ("test", PROJECT, NotFound, "no split 'test'"),
        ("val", PROJECT, NotFound, "data.reference_splits"),
        ("", PROJECT.replace("[none, some]", "[some, none]"), BadInput, "the project's labels"),
        ("", PROJECT.replace("[text, audio]", "[text, audio, image]"), BadInput, "declares image"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_said_about_the_version(
    tmp_path: Path,
    splits: dict[str, Dataset],
    absent: str,
    changed: str,
    kind: type[OmbudError],
    says: str,
) -> None:
    house = House(tmp_path, {n: d for n, d in splits.items() if n != absent}, changed)
    with pytest.raises(kind) as refusal:
        house.assess()
    assert says in str(refusal.value)
    assert refusal.value.remedy
    assert house.recorded() <= {EvidenceKind.DATA_SHEET, EvidenceKind.DATA_AUDIT}


def test_an_unknown_version_leaves_nothing_behind(tmp_path: Path, splits: dict[str, Dataset]) -> None:
    house = House(tmp_path, splits)
    with pytest.raises(NotFound):
        house.assess(2)
    assert (house.said, house.recorded()) == ([], set())


def test_no_version_is_judged_on_data_that_fails_its_audit(
    tmp_path: Path, splits: dict[str, Dataset]
) -> None:
    broken = Sample("test-x", {TEXT: "hm", AUDIO: b"not a sound"}, "none")
    test = replace(splits["test"], samples=(*splits["test"].samples, broken))
    house = House(tmp_path, {**splits, "test": test})
    with pytest.raises(Refused, match="audio bytes"):
        house.assess()
    assert house.recorded() == {EvidenceKind.DATA_SHEET, EvidenceKind.DATA_AUDIT}
