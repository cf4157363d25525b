"""Whose signatures a release or a promotion needs, and whether it has them.

Four eyes: nobody approves what they submitted, one person counts once however many roles they hold,
and a signature is under exactly one card and one model. When either digest changes, the signature
is about something else and no longer counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.identity import Role
from ombud.errors import BadInput, Refused

__all__ = ["ApprovalPolicy", "ApprovalState", "ApprovalStatus", "check_signature", "decide"]


@dataclass(frozen=True)
class ApprovalPolicy:
    """What is required.

    Args:
        kind: Release or promotion.
        roles: Each of these must be among the signatures; empty lets any role sign. One person
            signs in one role, so more roles than ``signatures`` ask for as many people as roles.
        signatures: Distinct identities wanted, at least 1.

    Raises:
        BadInput: ``signatures`` is not positive.
    """

    kind: ApprovalKind
    roles: tuple[Role, ...]
    signatures: int

    def __post_init__(self) -> None:
        if self.signatures < 1:
            raise BadInput(
                f"{self.kind} approval policy: expected at least 1 signature, got {self.signatures}",
                remedy="Ask for one signature or more; without any there is nothing to approve.",
            )


class ApprovalStatus(StrEnum):
    """Where a set of signatures stands."""

    APPROVED = "approved"
    PENDING = "pending"
    REFUSED = "refused"


@dataclass(frozen=True)
class ApprovalState:
    """The answer of :func:`decide`.

    Args:
        status: Approved, pending or refused.
        missing: What is still wanted, or who refused and why; one sentence each.
        counted: The signatures that count, in the order given.
    """

    status: ApprovalStatus
    missing: tuple[str, ...] = ()
    counted: tuple[Approval, ...] = ()

    @property
    def approved(self) -> bool:
        """Whether everything required was given."""
        return self.status is ApprovalStatus.APPROVED


def decide(
    policy: ApprovalPolicy,
    approvals: Iterable[Approval],
    *,
    card_digest: str,
    model_digest: str,
    submitter: str,
) -> ApprovalState:
    """Whether the signatures satisfy the policy for this card and this model.

    Args:
        policy: What is required.
        approvals: Everything signed so far; what does not apply is left out of the count.
        card_digest: Digest of the current card core.
        model_digest: Digest of the model artifact.
        submitter: Who asks; their own signature never counts.

    Example:
        >>> decide(ApprovalPolicy(ApprovalKind.RELEASE, (Role.MODEL_OWNER,), 1), [],
        ...        card_digest="sha256:c", model_digest="sha256:m", submitter="ci").missing
        ('1 more signature (0 of 1)', 'a signature in the role model_owner')
    """
    current = [
        a
        for a in approvals
        if a.kind is policy.kind
        and (a.card_digest, a.model_digest) == (card_digest, model_digest)
        and not _objections(policy, a, submitter)
    ]
    refusals = tuple(f"{a.actor} ({a.role}) refused: {a.reason}" for a in current if _refuses(a))
    if refusals:
        return ApprovalState(ApprovalStatus.REFUSED, refusals, tuple(current))
    by_person: dict[str, Approval] = {}
    for approval in current:
        by_person.setdefault(_person(approval.actor), approval)
    counted = tuple(by_person.values())
    missing = []
    short = policy.signatures - len(counted)
    if short > 0:
        plural = "signature" if short == 1 else "signatures"
        missing.append(f"{short} more {plural} ({len(counted)} of {policy.signatures})")
    held = {a.role for a in counted}
    missing += [f"a signature in the role {role}" for role in dict.fromkeys(policy.roles) if role not in held]
    status = ApprovalStatus.PENDING if missing else ApprovalStatus.APPROVED
    return ApprovalState(status, tuple(missing), counted)


def check_signature(policy: ApprovalPolicy, approval: Approval, submitter: str) -> None:
    """Refuse a signature that could never count, before it is stored.

    Raises:
        Refused: Another kind, a self-approval, a role that the policy does not name, or no reason.
    """
    objections = _objections(policy, approval, submitter)
    if objections:
        message, remedy = objections[0]
        raise Refused(f"{approval.kind} signature of {approval.actor}: {message}", remedy=remedy)


def _objections(policy: ApprovalPolicy, approval: Approval, submitter: str) -> list[tuple[str, str]]:
    found = []
    if approval.kind is not policy.kind:
        found.append((f"expected a {policy.kind} signature, got {approval.kind}", "Sign the right request."))
    if _person(approval.actor) == _person(submitter):
        found.append(("the submitter cannot sign their own submission", "Ask another person to sign."))
    if policy.roles and approval.role not in policy.roles:
        wanted = ", ".join(policy.roles)
        found.append(
            (f"expected one of the roles {wanted}, got {approval.role}", f"Sign as one of: {wanted}.")
        )
    if not approval.reason.strip():
        found.append(("expected a reason, got none", "Say in a sentence why you decide so."))
    return found


def _refuses(approval: Approval) -> bool:
    return approval.decision is Decision.REFUSED


def _person(identity: str) -> str:
    # Anna@Example.org and anna@example.org are one pair of eyes.
    return identity.strip().casefold()
