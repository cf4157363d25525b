"""Signing for a version: release and promotion approvals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.events import AuditEvent
from ombud.domain.identity import Actor, Role
from ombud.domain.ports import Clock, Ids, ModelRegistry, Transaction, UnitOfWork
from ombud.domain.rollout import RolloutState
from ombud.errors import Conflict, NotFound, Refused
from ombud.governance.approvals import ApprovalPolicy, ApprovalState, check_signature, decide

__all__ = ["ApprovalService"]

_FINISHED = (RolloutState.PROMOTED, RolloutState.ROLLED_BACK, RolloutState.SUPERSEDED, RolloutState.REFUSED)


@dataclass(frozen=True)
class ApprovalService:
    """Takes signatures and says whether they suffice.

    Args:
        uow: Where transactions come from.
        registry: Knows model digests.
        clock: Where time comes from.
        ids: Where ids come from.
        policies: One policy per kind of approval.
    """

    uow: UnitOfWork
    registry: ModelRegistry
    clock: Clock
    ids: Ids
    policies: dict[ApprovalKind, ApprovalPolicy]

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
    ) -> Approval:
        """Record one signature under the digests that the signer has read.

        Raises:
            NotFound: The version, or its card, does not exist.
            Conflict: A digest is no longer the current one, or this person has signed already.
            Refused: The policy does not let this person sign (own submission, wrong role, no reason).
        """
        current = self.registry.version(model, version)
        if not actor.holds(role):
            raise Refused(
                f"{actor.identity} does not hold the role {role.value}",
                remedy=f"Sign in one of your roles: {sorted(r.value for r in actor.roles)}.",
            )
        with self.uow.begin() as tx:
            card = tx.cards.current(model, version)
            if card is None:
                raise NotFound(
                    f"{model} version {version} has no card yet", remedy="Build it: `ombud cards build`."
                )
            if (card_digest, model_digest) != (card.core_digest, current.model_digest):
                raise Conflict(
                    f"the card or the model of {model} version {version} has changed since it was read: "
                    f"card is now {card.core_digest}, model {current.model_digest}",
                    remedy="Read the current card and sign that one.",
                )
            approval = Approval(
                approval_id=self.ids.new("a"),
                kind=kind,
                model=model,
                version=version,
                card_digest=card_digest,
                model_digest=model_digest,
                actor=actor.identity,
                role=role,
                decision=decision,
                reason=reason.strip(),
                at=self.clock.now(),
            )
            check_signature(self.policies[kind], approval, submitter=_submitter(tx, model, version))
            tx.approvals.add(approval)
            tx.ledger.append(
                AuditEvent(
                    actor=actor.identity,
                    role=role.value,
                    action="approval.given" if decision is Decision.APPROVED else "approval.refused",
                    subject=f"model:{model}/{version}",
                    subject_digest=model_digest,
                    reason=approval.reason,
                    at=approval.at,
                    after=card_digest,
                    details={"kind": kind.value, "approval_id": approval.approval_id},
                )
            )
            tx.commit()
            return approval

    def state(self, model: str, version: int, *, kind: ApprovalKind = ApprovalKind.RELEASE) -> ApprovalState:
        """Whether the signatures under the current digests satisfy the policy.

        Raises:
            NotFound: The version does not exist.
        """
        current = self.registry.version(model, version)
        with self.uow.begin(write=False) as tx:
            card = tx.cards.current(model, version)
            return decide(
                self.policies[kind],
                tx.approvals.list(model, version=version, kind=kind),
                card_digest=card.core_digest if card else "",
                model_digest=current.model_digest,
                submitter=_submitter(tx, model, version),
            )

    def list(self, model: str, *, version: int | None = None) -> Sequence[Approval]:
        """Signatures, oldest first."""
        with self.uow.begin(write=False) as tx:
            return tx.approvals.list(model, version=version)


def _submitter(tx: Transaction, model: str, version: int) -> str:
    """Who submitted the version: the starter of its latest rollout; empty before there is one."""
    rollouts = [r for r in tx.rollouts.list(model=model) if r.challenger == version]
    live = [r for r in rollouts if r.state not in _FINISHED]
    return (live or rollouts)[0].submitted_by if rollouts else ""
