"""The way in: gate and signatures, before any request reaches the challenger."""

from __future__ import annotations

from ombud.domain.approval import ApprovalKind
from ombud.domain.evidence import EvidenceKind
from ombud.domain.model_version import ModelVersion
from ombud.domain.ports import Transaction
from ombud.domain.rollout import Rollout
from ombud.governance.approvals import ApprovalPolicy, ApprovalState, ApprovalStatus, decide
from ombud.rollout.judge import Action, Decision

__all__ = ["gate_decision", "signature_decision", "signatures"]


def gate_decision(tx: Transaction, rollout: Rollout) -> Decision:
    """Whether the version passed the gate and has a card.

    The newest GATE evidence counts. No evidence waits; evidence that says "failed" refuses
    (``roll_back``: there is nothing live yet, so the controller turns it into REFUSED).
    """
    gate = tx.evidence.latest(EvidenceKind.GATE, rollout.model, rollout.challenger)
    if gate is None:
        return Decision(Action.WAIT, "waiting for the gate: no gate evidence yet", {})
    numbers = {"gate": gate.digest}
    if gate.content.get("passed") is not True:
        failed = [
            f"{check.get('title') or check.get('code')} ({check.get('reason') or 'no reason given'})"
            for check in gate.content.get("checks", ())
            if not check.get("passed") and check.get("blocking", True)
        ]
        return Decision(
            Action.ROLL_BACK, "the gate refused it: " + ("; ".join(failed) or "it did not pass"), numbers
        )
    card = tx.cards.current(rollout.model, rollout.challenger)
    if card is None:
        return Decision(Action.WAIT, "the gate passed; waiting for the model card", numbers)
    return Decision(Action.ADVANCE, "the gate passed", {**numbers, "card": card.core_digest})


def signatures(
    tx: Transaction, rollout: Rollout, version: ModelVersion, policy: ApprovalPolicy
) -> ApprovalState:
    """The signatures under the *current* card and model: a changed digest voids what was signed."""
    card = tx.cards.current(rollout.model, rollout.challenger)
    return decide(
        policy,
        tx.approvals.list(rollout.model, version=rollout.challenger, kind=policy.kind),
        card_digest=card.core_digest if card else "",
        model_digest=version.model_digest,
        submitter=rollout.submitted_by,
    )


def signature_decision(state: ApprovalState, kind: ApprovalKind) -> Decision:
    """The state of the signatures as a decision: approved advances, refused refuses, else waits."""
    numbers = {
        "approvals": [a.approval_id for a in state.counted],
        "missing": list(state.missing),
    }
    if state.status is ApprovalStatus.REFUSED:
        return Decision(Action.ROLL_BACK, f"{kind.value} refused: {'; '.join(state.missing)}", numbers)
    if not state.approved:
        return Decision(
            Action.WAIT, f"waiting for {kind.value} approval: {'; '.join(state.missing)}", numbers
        )
    signers = ", ".join(f"{a.actor} ({a.role.value})" for a in state.counted)
    return Decision(Action.ADVANCE, f"{kind.value} approved by {signers}", numbers)
