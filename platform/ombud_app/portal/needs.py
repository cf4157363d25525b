"""What the portal needs of the platform, as protocols: ports and the services behind its buttons.

``ombud_app.wiring.Platform`` fits structurally; so does any small object over memory twins.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.card import StoredCard
from ombud.domain.identity import Actor, Role
from ombud.domain.inference import Label
from ombud.domain.ports import (
    ArtifactStore,
    Clock,
    Ids,
    InferenceLog,
    LabelReceipt,
    ModelRegistry,
    Orchestrator,
    UnitOfWork,
)
from ombud.domain.rollout import Rollout
from ombud.project import Project
from ombud.settings import Settings
from ombud_app.services.rollouts import RolloutStatus

__all__ = ["Approvals", "Cards", "Labels", "PortalNeeds", "Rollouts"]


class Rollouts(Protocol):
    """Starting, following and stopping rollouts; every change is one transition or a refusal."""

    def start(self, model: str, version: int, *, actor: Actor) -> Rollout: ...
    def status(self, rollout_id: str) -> RolloutStatus: ...
    def rollback(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout: ...
    def abort(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout: ...
    def hold(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout: ...
    def resume(
        self, rollout_id: str, *, actor: Actor, reason: str, expected_seq: int | None = None
    ) -> Rollout: ...


class Approvals(Protocol):
    """Signatures."""

    def sign(
        self,
        model: str,
        version: int,
        *,
        kind: ApprovalKind,
        decision: Decision,
        actor: Actor,
        role: Role,
        reason: str,
        card_digest: str,
        model_digest: str,
    ) -> Approval: ...


class Labels(Protocol):
    """Labels that arrive late."""

    def take(self, labels: Sequence[Label], *, actor: Actor) -> LabelReceipt: ...


class Cards(Protocol):
    """Building a card from the evidence."""

    def build(self, model: str, version: int) -> StoredCard: ...


class PortalNeeds(Protocol):
    """The platform as the portal sees it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def project(self) -> Project: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def uow(self) -> UnitOfWork: ...
    @property
    def registry(self) -> ModelRegistry: ...
    @property
    def log(self) -> InferenceLog: ...
    @property
    def artifacts(self) -> ArtifactStore: ...
    @property
    def orchestrator(self) -> Orchestrator: ...
    @property
    def rollouts(self) -> Rollouts: ...
    @property
    def approvals(self) -> Approvals: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def cards(self) -> Cards: ...
