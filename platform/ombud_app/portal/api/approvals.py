"""Signatures: who approved or refused which version, under which card and model digest."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.identity import Actor, Role
from ombud.errors import BadInput, Forbidden, PreconditionFailed
from ombud_app.portal.access import acting, needs
from ombud_app.portal.api.cards import current_card
from ombud_app.portal.idempotency import IdempotentRoute
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.paging import Cursor, Limit, Page, paged

__all__ = ["ApprovalItem", "Signature", "approval_item", "router", "sign"]

router = APIRouter(prefix="/api/v1/approvals", tags=["approvals"], route_class=IdempotentRoute)


class Signature(BaseModel):
    """What a signer sends: the digests say which card and which model they have read."""

    kind: ApprovalKind = ApprovalKind.RELEASE
    model: str = Field(examples=["digits"])
    version: int = Field(ge=1, examples=[2])
    decision: Decision
    role: Role | None = Field(None, description="Role in which you sign; needed when you hold several")
    reason: str = Field(min_length=3, max_length=2000, examples=["Accuracy by speaker group reviewed."])
    card_digest: str = Field(examples=["sha256:1c0f…"])
    model_digest: str = Field(examples=["sha256:9f2c…"])


class ApprovalItem(BaseModel):
    """A signature on record."""

    approval_id: str
    kind: ApprovalKind
    model: str
    version: int
    card_digest: str
    model_digest: str
    actor: str
    role: Role
    decision: Decision
    reason: str
    at: datetime
    current: bool = Field(description="Whether both digests are still the current ones; otherwise it is void")


def approval_item(approval: Approval, *, current: bool) -> ApprovalItem:
    """A signature as the API shows it."""
    return ApprovalItem(
        approval_id=approval.approval_id,
        kind=approval.kind,
        model=approval.model,
        version=approval.version,
        card_digest=approval.card_digest,
        model_digest=approval.model_digest,
        actor=approval.actor,
        role=approval.role,
        decision=approval.decision,
        reason=approval.reason,
        at=approval.at,
        current=current,
    )


def sign(house: PortalNeeds, actor: Actor, signature: Signature) -> Approval:
    """Check what the signer has read against what is there now, and record the signature.

    Raises:
        PreconditionFailed: The card or the model has changed since it was read.
        Refused: The policy says no (self-approval, wrong role).
        BadInput: Several roles and none named.
        Forbidden: The role named is not held.
    """
    card = current_card(house, signature.model, signature.version)
    version = house.registry.version(signature.model, signature.version)
    for what, read, now in (
        ("card", signature.card_digest, card.core_digest),
        ("model", signature.model_digest, version.model_digest),
    ):
        if read != now:
            raise PreconditionFailed(
                f"the {what} of {signature.model} version {signature.version} is now {now}, "
                f"but the signature is under {read}",
                remedy=f"Read the current {what} and sign again.",
            )
    return house.approvals.sign(
        signature.model,
        signature.version,
        kind=signature.kind,
        decision=signature.decision,
        actor=actor,
        role=_role(actor, signature.role),
        reason=signature.reason,
        card_digest=card.core_digest,
        model_digest=version.model_digest,
    )


def _role(actor: Actor, named: Role | None) -> Role:
    if named is not None:
        if not actor.holds(named):
            raise Forbidden(
                f"{actor.identity} does not hold the role {named.value}",
                remedy=f"Sign in one of: {', '.join(sorted(actor.roles))}.",
            )
        return named
    if len(actor.roles) != 1:
        raise BadInput(
            f"{actor.identity} holds several roles: {', '.join(sorted(actor.roles))}",
            remedy="Name the one in which you sign as `role`.",
        )
    return next(iter(actor.roles))


@router.get("")
def list_approvals(
    request: Request, model: str, version: int | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[ApprovalItem]:
    """Signatures, the newest first."""
    house = needs(request)
    with house.uow.begin(write=False) as tx:
        found = list(reversed(tx.approvals.list(model, version=version)))
        cards = {card.version: card.core_digest for card in tx.cards.list(model)}
    models = {v.version: v.model_digest for v in house.registry.versions(model)}

    def show(approval: Approval) -> ApprovalItem:
        signed = (approval.card_digest, approval.model_digest)
        return approval_item(
            approval, current=signed == (cards.get(approval.version), models.get(approval.version))
        )

    return paged(found, key=lambda a: a.approval_id, cursor=cursor, limit=limit, show=show)


@router.post("", status_code=201)
def give(request: Request, body: Signature) -> ApprovalItem:
    """Approve or refuse. The approver is the token's identity and may not be the submitter."""
    return approval_item(sign(needs(request), acting(request), body), current=True)
