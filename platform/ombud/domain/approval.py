"""Approvals: a person's signature under exactly one card and one model digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ombud.domain.identity import Role

__all__ = ["Approval", "ApprovalKind", "Decision"]


class ApprovalKind(StrEnum):
    """What is being approved."""

    RELEASE = "release"
    PROMOTION = "promotion"


class Decision(StrEnum):
    """What the person said."""

    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True)
class Approval:
    """One signature. It counts only while both digests are still the current ones.

    Args:
        approval_id: Its id.
        kind: Release (may leave the gate) or promotion (may become champion).
        model: Model name.
        version: Version signed for.
        card_digest: Digest of the card core that was read.
        model_digest: Digest of the model artifact.
        actor: Identity that signed.
        role: Role in which it signed.
        decision: Approved or refused.
        reason: Mandatory, in the person's words.
        at: When (aware, UTC).
    """

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
