"""Auditing and describing the training data before anything learns from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.modality import Modality
from ombud.domain.ports import DataSource
from ombud.domain.sample import Dataset
from ombud.errors import Conflict, NotFound, Refused
from ombud.governance.canonical import digest
from ombud.project import Project
from ombud_app.services.recording import Recorder
from ombud_monitors.data_quality import audit, data_sheet

__all__ = ["AuditedData", "DataService", "TrainingData"]


@dataclass(frozen=True)
class AuditedData:
    """Every split that there is, and the evidence about them.

    Args:
        splits: Role → data set.
        sheet: The data sheet.
        audit: The audit.
    """

    splits: Mapping[str, Dataset]
    sheet: Evidence
    audit: Evidence

    @property
    def digest(self) -> str:
        """One digest over all splits."""
        return digest({role: data.digest for role, data in self.splits.items()})


@dataclass(frozen=True)
class TrainingData:
    """The audited splits and the evidence about them.

    Args:
        train: Original training split plus everything newly labelled.
        validation: For early stopping and calibration.
        test: For evaluation; also the monitors' reference.
        sheet: The data sheet.
        audit: The audit.
    """

    train: Dataset
    validation: Dataset
    test: Dataset
    sheet: Evidence
    audit: Evidence


@dataclass(frozen=True)
class DataService:
    """Loads the project's data, audits it, and writes its data sheet.

    Args:
        data: The project's labelled data.
        recorder: Puts evidence on record.
        project: The project file.
    """

    data: DataSource
    recorder: Recorder
    project: Project

    def splits(self) -> dict[str, Dataset]:
        """Every split by role, ``labelled`` included where there is one."""
        return {role: self.data.load(role) for role in self.data.roles()}

    def prepare(self, *, run_id: str) -> AuditedData:
        """Audit and describe all splits; nothing learns from, or is judged on, data that fails its audit.

        A project that brings its own versions needs no split to train on.

        Raises:
            Refused: The audit found an error (leakage across splits, undecodable media, ...).
        """
        splits = self.splits()
        modalities = [Modality(m) for m in self.project.modalities]
        labels = self.project.task.labels
        clusters = {Modality(m): c for m, c in self.project.clusters.items()}
        report = audit(
            splits,
            modalities=modalities,
            labels=labels,
            clusters=clusters,
            attributes=self.project.protected,
        )
        name = self.project.name
        audited = self.recorder.record(
            EvidenceKind.DATA_AUDIT, name, 0, report.to_json(), run_id=run_id, reason="data audit"
        )
        sheet = data_sheet(
            splits,
            name=name,
            modalities=modalities,
            labels=labels,
            clusters=clusters,
            attributes=self.project.protected,
        )
        described = self.recorder.record(
            EvidenceKind.DATA_SHEET, name, 0, sheet, run_id=run_id, reason="data sheet"
        )
        if report.blocking:
            first = report.blocking[0]
            raise Refused(f"data audit: {first.title} ({first.count} rows)", remedy=first.remedy)
        return AuditedData(splits, described, audited)

    def current(self) -> TrainingData:
        """The splits as they are now, with the newest evidence about them.

        Raises:
            NotFound: The data was never audited, or a split is absent.
            Conflict: The data is not that which was audited; nothing learns from it.
        """
        with self.recorder.uow.begin(write=False) as tx:
            sheet = tx.evidence.latest(EvidenceKind.DATA_SHEET, self.project.name, 0)
            audited = tx.evidence.latest(EvidenceKind.DATA_AUDIT, self.project.name, 0)
        if sheet is None or audited is None:
            raise NotFound(
                f"the training data of {self.project.name} was never audited",
                remedy="Materialise training_data in Dagster, or run `ombud data audit`.",
            )
        splits = self.splits()
        described = {role: split["digest"] for role, split in sheet.content["splits"].items()}
        changed = sorted(
            role
            for role in {*described, *splits}
            if role not in splits or splits[role].digest != described.get(role)
        )
        if changed:
            raise Conflict(
                f"the data of {self.project.name} changed after its audit, in {', '.join(changed)}",
                remedy="Audit it as it is now: materialise training_data again, then train.",
            )
        return TrainingData(_training_split(splits), *_held_out(splits), sheet, audited)

    def has_news_for(self, version: int) -> bool:
        """Whether labelled data is there that this version did not learn from, audited yet or not."""
        with self.recorder.uow.begin(write=False) as tx:
            trained = tx.evidence.latest(EvidenceKind.TRAINING, self.project.name, version)
        if trained is None:
            return True
        now = _training_split(self.splits())
        return bool(now.digest != trained.content["datasets"]["train"]["digest"])


def _training_split(splits: Mapping[str, Dataset]) -> Dataset:
    """What is learned from: the original split plus everything newly labelled."""
    train = _split(splits, "train")
    return train + splits["labelled"] if "labelled" in splits else train


def _held_out(splits: Mapping[str, Dataset]) -> tuple[Dataset, Dataset]:
    return _split(splits, "val"), _split(splits, "test")


def _split(splits: Mapping[str, Dataset], role: str) -> Dataset:
    if role not in splits:
        raise NotFound(
            f"the data has no {role!r} split: found {sorted(splits)}",
            remedy="Add rows whose column 'split' says so; see docs/project-file.md.",
        )
    return splits[role]
