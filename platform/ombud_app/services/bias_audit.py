"""Auditing a version for disparities between groups."""

from __future__ import annotations

from dataclasses import dataclass

from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.project import Project
from ombud_app.services.evaluation import EvaluationService
from ombud_app.services.recording import Recorder
from ombud_monitors.fairness import audit

__all__ = ["BiasAuditService"]


@dataclass(frozen=True)
class BiasAuditService:
    """Runs the bias audit over every protected attribute of the project file.

    Args:
        evaluation: Holds the observations to audit.
        recorder: Puts evidence on record.
        project: Names protected attributes, intersections and clusters.
    """

    evaluation: EvaluationService
    recorder: Recorder
    project: Project

    def audit(self, model: str, version: int, *, run_id: str) -> Evidence:
        """Audit the answers kept by the version's evaluation; records BIAS_AUDIT evidence."""
        report = audit(
            self.evaluation.reference(model, version).full,
            attributes=self.project.protected,
            intersections=self.project.intersections,
            clusters=self.project.clusters,
            seed=self.project.seed,
        )
        return self.recorder.record(
            EvidenceKind.BIAS_AUDIT, model, version, report.to_json(), run_id=run_id, reason="bias audit"
        )
