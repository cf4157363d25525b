"""A house over memory twins: what the portal needs, without a disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from contracts.tiny_model import LABELS, MODALITIES, dataset, trained
from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.files import MemoryArtifactStore
from ombud.adapters.memory.ids import MemoryIds
from ombud.adapters.memory.inference_log import MemoryInferenceLog
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.adapters.memory.unit_of_work import MemoryUnitOfWork
from ombud.domain.approval import ApprovalKind, Decision
from ombud.domain.identity import Actor, Role
from ombud.domain.model_version import Submission
from ombud.domain.ports import OrchestratorRun
from ombud.errors import NotFound, Unavailable
from ombud.governance.approvals import ApprovalPolicy
from ombud.project import Project, parse_project
from ombud.rollout.controller import RolloutController
from ombud.settings import Settings
from ombud_app.portal.tokens import make_token
from ombud_app.services.approvals import ApprovalService
from ombud_app.services.card_service import CardService
from ombud_app.services.labels import LabelService
from ombud_app.services.recording import Recorder
from ombud_app.services.rollouts import RolloutService
from ombud_monitors.sequential import RolloutProcesses

MODEL = "digits"

PROJECT = """
name: digits
environment: demo
task: {labels: [none, some]}
data: {training: training.parquet, synthetic: true, provenance: made up for a test}
protected: [speaker_gender]
clusters: {audio: speaker_id}
monitors: {audio: {share: 2}}
rollout: {shadow_requests: 60, alpha: 0.05, delta: 0.05}
gate: {min_accuracy: 0.5, release_signatures: 2}
"""

PEOPLE: Mapping[str, Actor] = {
    "ci": Actor("ci@example.org", frozenset({Role.SUBMITTER})),
    "owner": Actor("olga@example.org", frozenset({Role.MODEL_OWNER})),
    "officer": Actor("carl@example.org", frozenset({Role.COMPLIANCE_OFFICER})),
    "on_call": Actor("ona@example.org", frozenset({Role.ON_CALL})),
    "auditor": Actor("ada@example.org", frozenset({Role.AUDITOR})),
    "application": Actor("app@example.org", frozenset({Role.SERVICE})),
    "admin": Actor("admin", frozenset({Role.ADMIN})),
}


class StillOrchestrator:
    """An orchestrator whose daemons are as healthy as a test says."""

    def __init__(self) -> None:
        self.health: dict[str, bool] | None = {"SENSOR": True, "SCHEDULER": True}

    def launch(
        self,
        job: str,
        *,
        partition: str | None = None,  # noqa: ARG002
        tags: Mapping[str, str] | None = None,  # noqa: ARG002
        config: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> OrchestratorRun:
        raise NotFound(f"no job {job!r} here")

    def run(self, run_id: str) -> OrchestratorRun:
        raise NotFound(f"no run {run_id!r} here")

    def runs(self, *, job: str | None = None, limit: int = 25) -> Sequence[OrchestratorRun]:  # noqa: ARG002
        return []

    def daemons(self) -> Mapping[str, bool]:
        if self.health is None:
            raise Unavailable("Dagster does not answer", remedy="Start it with `ombud up`.")
        return self.health


@dataclass
class House:
    """Fits :class:`ombud_app.portal.needs.PortalNeeds`."""

    settings: Settings = field(default_factory=lambda: Settings(home=Path("/nowhere")))
    project: Project = field(default_factory=lambda: parse_project(PROJECT))
    clock: MemoryClock = field(default_factory=MemoryClock)
    ids: MemoryIds = field(default_factory=MemoryIds)
    uow: MemoryUnitOfWork = field(default_factory=MemoryUnitOfWork)
    log: MemoryInferenceLog = field(default_factory=MemoryInferenceLog)
    artifacts: MemoryArtifactStore = field(default_factory=MemoryArtifactStore)
    orchestrator: StillOrchestrator = field(default_factory=StillOrchestrator)

    @cached_property
    def registry(self) -> MemoryRegistry:
        return MemoryRegistry(self.clock)

    @cached_property
    def recorder(self) -> Recorder:
        return Recorder(self.uow, self.clock)

    @cached_property
    def cards(self) -> CardService:
        return CardService(self.uow, self.registry, self.clock, self.ids, self.project)

    @cached_property
    def labels(self) -> LabelService:
        return LabelService(self.log, self.uow, self.clock, self.project)

    @cached_property
    def release(self) -> ApprovalPolicy:
        return ApprovalPolicy(ApprovalKind.RELEASE, (Role.MODEL_OWNER, Role.COMPLIANCE_OFFICER), 2)

    @cached_property
    def approvals(self) -> ApprovalService:
        promotion = ApprovalPolicy(ApprovalKind.PROMOTION, (Role.MODEL_OWNER,), 1)
        policies = {ApprovalKind.RELEASE: self.release, ApprovalKind.PROMOTION: promotion}
        return ApprovalService(self.uow, self.registry, self.clock, self.ids, policies)

    @cached_property
    def rollouts(self) -> RolloutService:
        controller = RolloutController(
            self.uow, self.registry, self.clock, self.ids, RolloutProcesses(), self.release
        )
        return RolloutService(self.uow, self.clock, controller, self.project.rollout)

    def token(self, part: str, *, days: float = 1) -> str:
        """A fresh token of one of :data:`PEOPLE`."""
        counter = iter(range(1, 1000))
        secret, _ = make_token(
            self.uow,
            self.clock,
            self.ids,
            actor=PEOPLE[part],
            lifetime=timedelta(days=days),
            issued_by="test",
            entropy=lambda n: f"{part}-{next(counter)}-{self.ids.new('t')}".encode().ljust(n, b".")[:n],
        )
        return secret

    def register(self, folder: Path) -> int:
        """Register one more version with its evidence."""
        number = len(self.registry.versions(MODEL)) + 1
        version = self.registry.register(
            Submission(
                name=MODEL,
                trained=trained(folder / f"v{number}", weight=0.5 + number / 100),
                labels=LABELS,
                modalities=tuple(MODALITIES),
                example=dataset(),
                datasets={"train": dataset()},
                run_name=f"v{number}",
                tags={"orchestrator_run_id": f"dagster-{number}"},
            )
        )
        return version.version

    def sign_by_both(self, version: int) -> None:
        """Owner and officer approve the release."""
        with self.uow.begin(write=False) as tx:
            card = tx.cards.current(MODEL, version)
        assert card is not None
        for part, role in (("owner", Role.MODEL_OWNER), ("officer", Role.COMPLIANCE_OFFICER)):
            self.approvals.sign(
                MODEL,
                version,
                kind=ApprovalKind.RELEASE,
                decision=Decision.APPROVED,
                actor=PEOPLE[part],
                role=role,
                reason="Card read; the numbers by speaker group are fine.",
                card_digest=card.core_digest,
                model_digest=self.registry.version(MODEL, version).model_digest,
            )
