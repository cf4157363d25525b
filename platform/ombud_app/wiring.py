"""The only composition root: settings → ports → services.

``open_platform`` is called once per process, by whatever runs there: the server, a Dagster run,
a command. Nothing below this module knows which adapters were chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ombud.adapters.clock import SystemClock
from ombud.adapters.dagster_graphql import DagsterOrchestrator
from ombud.adapters.files import FileArtifactStore
from ombud.adapters.ids import TimeOrderedIds
from ombud.adapters.inference_log import SpooledInferenceLog
from ombud.adapters.mlflow_registry import MlflowRegistry
from ombud.adapters.notifiers import AppriseNotifier, ConsoleNotifier, FileNotifier, WebhookNotifier
from ombud.adapters.parquet_data import ParquetDataSource
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.approval import ApprovalKind
from ombud.domain.identity import Role
from ombud.domain.modality import Modality
from ombud.domain.ports import (
    ArtifactStore,
    Clock,
    DataSource,
    Ids,
    InferenceLog,
    ModelRegistry,
    Notifier,
    Orchestrator,
    UnitOfWork,
)
from ombud.errors import BadInput
from ombud.governance.approvals import ApprovalPolicy
from ombud.project import Project, load_project
from ombud.project.schema import Notification
from ombud.rollout.processes import EvidenceProcesses
from ombud.settings import Settings
from ombud_app.services.approvals import ApprovalService
from ombud_app.services.bias_audit import BiasAuditService
from ombud_app.services.card_service import CardService
from ombud_app.services.data_service import DataService
from ombud_app.services.evaluation import EvaluationService
from ombud_app.services.gate import GateService
from ombud_app.services.labels import LabelService
from ombud_app.services.monitoring import MonitoringService
from ombud_app.services.reconcile import ReconcileService
from ombud_app.services.recording import Recorder
from ombud_app.services.training import TrainingService
from ombud_monitors.sequential import RolloutProcesses

__all__ = ["Platform", "open_platform"]


@dataclass(frozen=True)
class Platform:
    """Every port, chosen once, and the services on top of them.

    Args:
        settings: Where things are.
        project: The watched model's project file.
        clock: Time.
        ids: Ids.
        uow: Transactional stores.
        registry: Model versions.
        log: Inference log.
        artifacts: Files by digest.
        data: Labelled data.
        orchestrator: Dagster.
        notifiers: One per alert route.
        processes: E-processes for the rollout judge.
    """

    settings: Settings
    project: Project
    clock: Clock
    ids: Ids
    uow: UnitOfWork
    registry: ModelRegistry
    log: InferenceLog
    artifacts: ArtifactStore
    data: DataSource
    orchestrator: Orchestrator
    notifiers: Sequence[Notifier]
    processes: EvidenceProcesses

    @cached_property
    def recorder(self) -> Recorder:
        """Puts evidence on record."""
        return Recorder(self.uow, self.clock)

    @cached_property
    def training_data(self) -> DataService:
        """Audits and describes training data."""
        return DataService(self.data, self.recorder, self.project)

    @cached_property
    def training(self) -> TrainingService:
        """Trains and registers candidates."""
        return TrainingService(self.registry, self.recorder, self.project)

    @cached_property
    def evaluation(self) -> EvaluationService:
        """Evaluates versions and keeps their references."""
        return EvaluationService(
            self.data, self.registry, self.artifacts, self.uow, self.recorder, self.project
        )

    @cached_property
    def bias_audit(self) -> BiasAuditService:
        """Audits versions for disparities."""
        return BiasAuditService(self.evaluation, self.recorder, self.project)

    @cached_property
    def cards(self) -> CardService:
        """Builds model cards."""
        return CardService(self.uow, self.registry, self.clock, self.ids, self.project)

    @cached_property
    def gate(self) -> GateService:
        """Judges versions before people are asked to sign."""
        return GateService(self.uow, self.recorder, self.project)

    @cached_property
    def release_policy(self) -> ApprovalPolicy:
        """Who must sign a release."""
        return ApprovalPolicy(
            ApprovalKind.RELEASE,
            tuple(_role(name) for name in self.project.gate.release_roles),
            self.project.gate.release_signatures,
        )

    @cached_property
    def approvals(self) -> ApprovalService:
        """Takes signatures."""
        promotion = ApprovalPolicy(ApprovalKind.PROMOTION, (Role.MODEL_OWNER,), 1)
        return ApprovalService(
            self.uow,
            self.registry,
            self.clock,
            self.ids,
            {ApprovalKind.RELEASE: self.release_policy, ApprovalKind.PROMOTION: promotion},
        )

    @cached_property
    def monitoring(self) -> MonitoringService:
        """Looks at windows of production traffic."""
        return MonitoringService(
            self.log,
            self.registry,
            self.evaluation,
            self.artifacts,
            self.uow,
            self.clock,
            self.ids,
            self.project,
            routes=tuple(n.route for n in self.notifiers),
            portal_url=self.settings.portal_url,
            dagster_url=self.settings.dagster_url,
        )

    @cached_property
    def labels(self) -> LabelService:
        """Takes labels that arrive late."""
        return LabelService(self.log, self.uow, self.clock, self.project)

    @cached_property
    def reconcile(self) -> ReconcileService:
        """Compares the registry's aliases with the ledger's decisions."""
        return ReconcileService(self.registry, self.uow, self.clock, self.ids, self.project)


def open_platform(settings: Settings) -> Platform:
    """Open every port below ``settings.home`` (or wherever the settings point).

    Raises:
        NotFound: There is no project file.
        BadInput: The project file is wrong.
        NewerSchema: The home was written by a newer release.
    """
    project = load_project(settings.project_file)
    settings.home.mkdir(parents=True, exist_ok=True)
    here = settings.project_file.parent
    return Platform(
        settings=settings,
        project=project,
        clock=SystemClock(),
        ids=TimeOrderedIds(),
        uow=SqlUnitOfWork(settings.database_url_or_default),
        registry=MlflowRegistry(settings.tracking_uri_or_default, settings.mlflow_artifacts),
        log=SpooledInferenceLog(settings.inference_log),
        artifacts=FileArtifactStore(settings.artifacts),
        data=ParquetDataSource(
            here / project.data.training,
            here / project.data.labelled if project.data.labelled else None,
            labels=project.task.labels,
            modalities=tuple(Modality(m) for m in project.modalities),
            synthetic=project.data.synthetic,
            provenance=project.data.provenance,
            licence=project.data.licence,
        ),
        orchestrator=DagsterOrchestrator(settings.dagster_url),
        notifiers=tuple(_notifier(n, here) for n in project.notifications),
        processes=RolloutProcesses(),
    )


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise BadInput(
            f"gate.release_roles: unknown role {name!r}",
            remedy=f"Use one of {[r.value for r in Role]}.",
        ) from None


def _notifier(route: Notification, here: Path) -> Notifier:
    match route.type:
        case "console":
            return ConsoleNotifier()
        case "file":
            return FileNotifier(here / (route.target or "alerts.jsonl"))
        case "webhook":
            return WebhookNotifier(route.target)
        case "apprise":
            return AppriseNotifier(route.target)
