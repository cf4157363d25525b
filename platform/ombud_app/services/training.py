"""Training a candidate and putting it into the registry."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ombud.domain.evidence import EvidenceKind
from ombud.domain.modality import Modality
from ombud.domain.model_version import ModelVersion, Submission
from ombud.domain.ports import ModelRegistry
from ombud.domain.predictor import TrainedModel, TrainingRequest
from ombud.errors import BadInput
from ombud.project import Project
from ombud_app.services.data_service import TrainingData
from ombud_app.services.entry_points import resolve
from ombud_app.services.recording import Recorder

__all__ = ["TrainingService"]

_EXAMPLE_ROWS = 3


@dataclass(frozen=True)
class TrainingService:
    """Calls the project's trainer and registers what it returns.

    Args:
        registry: Where versions go.
        recorder: Puts evidence on record.
        project: The project file; names the trainer.
    """

    registry: ModelRegistry
    recorder: Recorder
    project: Project

    def train(
        self,
        data: TrainingData,
        *,
        run_id: str,
        reason: str,
        hyperparameters: Mapping[str, str | int | float | bool] | None = None,
    ) -> ModelVersion:
        """Train one candidate; the same ``run_id`` again returns the version it already made.

        A run that was killed between registering and recording trains again, so that its version does
        not stay without a training record: registering then gives back the version that is there.

        Args:
            data: Audited splits.
            run_id: Orchestrator run; the idempotency key.
            reason: Why this training was started.
            hyperparameters: Overrides of the project file's settings.

        Raises:
            BadInput: The project names no trainer, or one that cannot be loaded.
        """
        if self.project.trainer is None:
            raise BadInput(
                f"project {self.project.name!r} names no trainer",
                remedy="Set trainer: module:function in ombud.yaml, or register versions yourself.",
            )
        for known in self.registry.versions(self.project.name):
            if known.tags.get("orchestrator_run_id") == run_id and self._on_record(known):
                return known
        trainer = resolve(self.project.trainer, purpose="trainer")
        modalities = tuple(Modality(m) for m in self.project.modalities)
        with tempfile.TemporaryDirectory(prefix="ombud-train-") as scratch:
            trained: TrainedModel = trainer(
                TrainingRequest(
                    labels=self.project.task.labels,
                    modalities=modalities,
                    train=data.train,
                    validation=data.validation,
                    output=Path(scratch),
                    seed=self.project.seed,
                    hyperparameters={**self.project.hyperparameters, **(hyperparameters or {})},
                )
            )
            version = self.registry.register(
                Submission(
                    name=self.project.name,
                    trained=trained,
                    labels=self.project.task.labels,
                    modalities=modalities,
                    example=replace(data.validation, samples=data.validation.samples[:_EXAMPLE_ROWS]),
                    datasets={"train": data.train, "validation": data.validation},
                    run_name=reason,
                    tags={
                        "orchestrator_run_id": run_id,
                        "reason": reason,
                        "data_sheet": data.sheet.digest,
                        "data_audit": data.audit.digest,
                    },
                )
            )
        self.recorder.record(
            EvidenceKind.TRAINING,
            version.name,
            version.version,
            self._document(trained, version, data, reason),
            run_id=version.run_id,
            reason=reason,
            details={"orchestrator_run_id": run_id},
        )
        return version

    def _on_record(self, version: ModelVersion) -> bool:
        with self.recorder.uow.begin(write=False) as tx:
            return tx.evidence.latest(EvidenceKind.TRAINING, version.name, version.version) is not None

    def _document(
        self, trained: TrainedModel, version: ModelVersion, data: TrainingData, reason: str
    ) -> dict[str, object]:
        return {
            "reason": reason,
            "trainer": self.project.trainer,
            "seed": self.project.seed,
            "hyperparameters": dict(trained.hyperparameters),
            "metrics": {k: round(float(v), 6) for k, v in trained.metrics.items()},
            "architecture": dict(trained.architecture),
            "model_digest": version.model_digest,
            "source": version.source,
            "datasets": {
                role: {
                    "name": d.name,
                    "digest": d.digest,
                    "n": len(d),
                    "synthetic": d.synthetic,
                    "provenance": d.provenance,
                    "licence": d.licence,
                }
                for role, d in (("train", data.train), ("validation", data.validation))
            },
            "data_sheet": data.sheet.digest,
            "data_audit": data.audit.digest,
        }
