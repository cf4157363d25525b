"""Evaluating a version: every modality alone, fused, each one ablated, by group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import numpy as np

from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.modality import TEXT, Modality
from ombud.domain.observations import Observations
from ombud.domain.ports import ArtifactStore, DataSource, ModelRegistry, UnitOfWork
from ombud.domain.predictor import Predictions, Predictor, objection
from ombud.domain.sample import Dataset
from ombud.errors import BadInput, NotFound
from ombud.project import Project
from ombud_app.services.observing import (
    decode_observations,
    encode_observations,
    mask_by_presence,
    observe_samples,
)
from ombud_app.services.recording import Recorder
from ombud_app.services.single_modality import with_single_outputs
from ombud_monitors.descriptors import Vocabulary
from ombud_monitors.performance.evaluation import evaluate

__all__ = ["EvaluationService", "Reference"]

_NPZ = "application/x-npz"
_VOCABULARY = "application/vnd.ombud.vocabulary"


@dataclass(frozen=True)
class Reference:
    """What later windows of a version are compared with.

    Args:
        full: The test split with everything present; bias audits read it.
        mixed: The reference splits under the declared traffic mix; monitors read it.
        vocabulary: Words of the training text; None where the model reads no text.
        digest: Digest of the evidence document that names both.
    """

    full: Observations
    mixed: Observations
    vocabulary: Vocabulary | None
    digest: str


@dataclass(frozen=True)
class EvaluationService:
    """Asks a version about the test split in every way that matters, and keeps the answers.

    Args:
        data: The project's labelled data.
        registry: Where the version lives.
        artifacts: Where the reference arrays go.
        uow: Where evidence is read from.
        recorder: Puts evidence on record.
        project: The project file.
    """

    data: DataSource
    registry: ModelRegistry
    artifacts: ArtifactStore
    uow: UnitOfWork
    recorder: Recorder
    project: Project

    def evaluate(self, model: str, version: int, *, run_id: str) -> Evidence:
        """Evaluate one version; records EVALUATION and REFERENCE evidence, returns the former.

        Raises:
            NotFound: Unknown version, or the project has no test split, or not the reference splits.
            BadInput: The version has other labels than the project, does not read what it declares, or
                gives answers that are no probabilities.
        """
        predictor = self.registry.load(model, version)
        self._check(predictor, f"{model} version {version}")
        test = self._split("test", "versions are judged on it")
        vocabulary = self._vocabulary()
        modalities = self._modalities(predictor)
        full = self._ask(predictor, test, vocabulary)
        report = evaluate(
            full,
            only={m: self._ask(predictor, _with(test, m), None, describe=False) for m in modalities},
            without={
                m: self._ask(predictor, _with(test, *(o for o in modalities if o != m)), None, describe=False)
                for m in modalities
                if len(modalities) > 1
            },
            dataset={"name": test.name, "digest": test.digest, "n": len(test), "synthetic": test.synthetic},
            group_attributes=self.project.protected,
            clusters=self.project.clusters,
            seed=self.project.seed,
        )
        unmasked = self._reference_data()
        watched = mask_by_presence(unmasked, self.project.presence, seed=self.project.seed)
        mixed = self._ask(predictor, watched, vocabulary)
        self._keep_reference(model, version, full, mixed, vocabulary, watched, run_id)
        flat = {
            name: number["value"]
            for name, number in report["metrics"].items()
            if number.get("value") is not None
        }
        self.registry.log_metrics(model, version, flat)
        return self.recorder.record(
            EvidenceKind.EVALUATION,
            model,
            version,
            report,
            run_id=run_id,
            reason="evaluation on the test split",
        )

    def reference(self, model: str, version: int) -> Reference:
        """The reference kept by the evaluation of this version.

        Raises:
            NotFound: The version was never evaluated.
        """
        with self.uow.begin(write=False) as tx:
            evidence = tx.evidence.latest(EvidenceKind.REFERENCE, model, version)
        if evidence is None:
            raise NotFound(
                f"no reference for {model} version {version}: it was never evaluated",
                remedy=f"Run `ombud models evaluate {model} {version}`, or the job `assess` in Dagster.",
            )
        vocabulary = evidence.content.get("vocabulary")
        return Reference(
            full=decode_observations(self.artifacts.get(str(evidence.content["full"]))),
            mixed=decode_observations(self.artifacts.get(str(evidence.content["mixed"]))),
            vocabulary=Vocabulary.from_bytes(self.artifacts.get(str(vocabulary))) if vocabulary else None,
            digest=evidence.digest,
        )

    def _keep_reference(
        self,
        model: str,
        version: int,
        full: Observations,
        mixed: Observations,
        vocabulary: Vocabulary | None,
        watched: Dataset,
        run_id: str,
    ) -> None:
        content = {
            "full": self.artifacts.put(encode_observations(full), media_type=_NPZ),
            "mixed": self.artifacts.put(encode_observations(mixed), media_type=_NPZ),
            "vocabulary": (
                self.artifacts.put(vocabulary.to_bytes(), media_type=_VOCABULARY) if vocabulary else None
            ),
            "dataset": watched.digest,
            "splits": list(self.project.data.reference_splits),
            "n": len(watched),
            "presence": dict(self.project.presence),
        }
        self.recorder.record(
            EvidenceKind.REFERENCE, model, version, content, run_id=run_id, reason="reference of the monitors"
        )

    def _ask(
        self, predictor: Predictor, data: Dataset, vocabulary: Vocabulary | None, *, describe: bool = True
    ) -> Observations:
        requests = [s.payloads for s in data]
        predictions = predictor.predict(requests)
        _require_answers(data, predictions, len(self.project.task.labels))
        wanted = self._modalities(predictor) if describe else ()
        return observe_samples(
            data,
            with_single_outputs(predictor, requests, predictions, wanted),
            labels=self.project.task.labels,
            modalities=wanted,
            clusters=self.project.clusters,
            vocabulary=vocabulary,
        )

    def _modalities(self, predictor: Predictor) -> tuple[Modality, ...]:
        return tuple(m for m in predictor.modalities if m in self.project.modalities)

    def _check(self, predictor: Predictor, name: str) -> None:
        """A version that somebody else made may differ from what the project file says about it."""
        labels = self.project.task.labels
        if tuple(predictor.labels) != labels:
            raise BadInput(
                f"{name}: expected the project's labels {list(labels)}, got {list(predictor.labels)}",
                remedy="Correct task.labels in ombud.yaml, or the tag ombud.labels of the version: the order "
                "is that of the probability columns.",
            )
        unread = [m for m in self.project.modalities if m not in predictor.modalities]
        if unread:
            raise BadInput(
                f"{name}: the project declares {', '.join(unread)}, but the version reads only "
                f"{', '.join(predictor.modalities)}",
                remedy="Declare under modalities in ombud.yaml only what the model reads.",
            )

    def _split(self, role: str, purpose: str) -> Dataset:
        known = self.data.roles()
        if role not in known:
            raise NotFound(
                f"the data has no split {role!r}, and {purpose}; it has {list(known)}",
                remedy="Add rows whose column 'split' says so. What monitors compare with is named in "
                "data.reference_splits in ombud.yaml.",
            )
        return self.data.load(role)

    def _reference_data(self) -> Dataset:
        splits = self.project.data.reference_splits
        first, *others = (self._split(role, "monitors compare production with it") for role in splits)
        return reduce(add, others, first)

    def _vocabulary(self) -> Vocabulary | None:
        if TEXT not in self.project.modalities or "train" not in self.data.roles():
            return None
        texts = [s.payloads.get(TEXT) for s in self.data.load("train")]
        return Vocabulary.fit([t for t in texts if isinstance(t, str)])


def _require_answers(data: Dataset, predictions: Predictions, classes: int) -> None:
    """No number is made from answers that are none; rows that were asked nothing may say nothing."""
    if len(predictions) != len(data):
        raise BadInput(
            f"the model answered {len(predictions)} of {len(data)} rows of split {data.name!r}",
            remedy="Return one row per input, in order.",
        )
    wrong = [
        (sample, why)
        for sample, row in zip(data, predictions.probabilities, strict=True)
        if sample.present and (why := objection(np.asarray(row), classes))
    ]
    if wrong:
        sample, why = wrong[0]
        raise BadInput(
            f"{len(wrong)} of {len(data)} answers about split {data.name!r} do not count; the first is that "
            f"about {sample.sample_id!r} ({', '.join(sample.present)}): {why}",
            remedy="Mend the model and register it again; nothing was recorded about this version.",
        )


def _with(data: Dataset, *modalities: Modality) -> Dataset:
    return replace(data, samples=tuple(s.only(*modalities) for s in data))
