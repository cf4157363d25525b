"""The platform: every port, chosen once, and the services on top of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from ombud.alerts import AlertDesk
from ombud.domain.approval import ApprovalKind
from ombud.domain.identity import Role
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
from ombud.project import Project
from ombud.rollout.controller import RolloutController
from ombud.rollout.effects import AliasEffect, EffectsWorker
from ombud.rollout.processes import EvidenceProcesses
from ombud.settings import Settings
from ombud_app.services.approvals import ApprovalService
from ombud_app.services.assessment import AssessmentService
from ombud_app.services.bias_audit import BiasAuditService
from ombud_app.services.budget_periods import period_of_promotion
from ombud_app.services.card_service import CardService
from ombud_app.services.data_service import DataService
from ombud_app.services.describing import Describer
from ombud_app.services.evaluation import EvaluationService
from ombud_app.services.gate import GateService
from ombud_app.services.labels import LabelService
from ombud_app.services.monitoring import MonitoringService
from ombud_app.services.reconcile import ReconcileService
from ombud_app.services.recording import Recorder
from ombud_app.services.rollback_alerts import tell_of_rollback
from ombud_app.services.rollout_evidence import RolloutEvidence
from ombud_app.services.rollouts import RolloutService
from ombud_app.services.training import TrainingService
from ombud_app.services.worker import NotifyEffect, Worker, handlers

__all__ = ["Platform"]


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
    def assessment(self) -> AssessmentService:
        """All of that for one version, in one call."""
        return AssessmentService(self.training_data, self.evaluation, self.bias_audit, self.cards, self.gate)

    @cached_property
    def release_policy(self) -> ApprovalPolicy:
        """Who must sign a release."""
        return ApprovalPolicy(
            ApprovalKind.RELEASE,
            tuple(_role(name) for name in self.project.gate.release_roles),
            self.project.gate.release_signatures,
        )

    @cached_property
    def promotion_policy(self) -> ApprovalPolicy:
        """Who must sign a promotion, where the rollout policy asks for it."""
        return ApprovalPolicy(ApprovalKind.PROMOTION, (Role.MODEL_OWNER,), 1)

    @cached_property
    def approvals(self) -> ApprovalService:
        """Takes signatures."""
        policies = {
            ApprovalKind.RELEASE: self.release_policy,
            ApprovalKind.PROMOTION: self.promotion_policy,
        }
        return ApprovalService(self.uow, self.registry, self.clock, self.ids, policies)

    @cached_property
    def monitoring(self) -> MonitoringService:
        """Looks at windows of production traffic."""
        return MonitoringService(
            self.log,
            self.evaluation,
            self.artifacts,
            self.uow,
            self.clock,
            self.desk,
            self.project,
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
        return ReconcileService(self.registry, self.uow, self.desk, self.project)

    @cached_property
    def desk(self) -> AlertDesk:
        """Opens alerts and promises their delivery."""
        return AlertDesk(self.clock, self.ids, tuple(n.route for n in self.notifiers))

    @cached_property
    def describer(self) -> Describer:
        """Describes live payloads."""
        return Describer(self.project.name, self.registry, self.uow, self.artifacts, self.clock)

    @cached_property
    def rollouts(self) -> RolloutService:
        """Starts, follows and stops rollouts."""
        return RolloutService(self.uow, self.clock, self._controller, self.project.rollout)

    @cached_property
    def _controller(self) -> RolloutController:
        return RolloutController(
            self.uow,
            self.registry,
            self.clock,
            self.ids,
            self.processes,
            self.release_policy,
            self.promotion_policy,
            on_rollback=partial(tell_of_rollback, self.desk, self.settings.portal_url),
            on_promotion=partial(period_of_promotion, self.project),
            family=2 ** len(self.project.modalities) - 1,
        )

    def worker(self, owner: str) -> Worker:
        """The one process that moves rollouts and carries out effects.

        Args:
            owner: Who it is, for the lease; unique per process.
        """
        dispatch = handlers(AliasEffect(self.uow, self.registry), NotifyEffect(self.uow, self.notifiers))
        return Worker(
            self.uow,
            self.clock,
            self._controller,
            RolloutEvidence(self.uow, self.log, self.clock),
            EffectsWorker(self.uow, self.clock, dispatch, owner=owner),
            self.log,
            look_seconds=self.settings.look_seconds,
        )


def _role(name: str) -> Role:
    try:
        return Role(name)
    except ValueError:
        raise BadInput(
            f"gate.release_roles: unknown role {name!r}",
            remedy=f"Use one of {[r.value for r in Role]}.",
        ) from None
