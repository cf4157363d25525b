"""Identities: who acts, in which role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

__all__ = ["Actor", "ApiToken", "Role"]


class Role(StrEnum):
    """Roles; what each may do is decided in one table at the portal's door."""

    SUBMITTER = "submitter"
    MODEL_OWNER = "model_owner"
    EVALUATOR = "evaluator"
    DATA_STEWARD = "data_steward"
    COMPLIANCE_OFFICER = "compliance_officer"
    ON_CALL = "on_call"
    AUDITOR = "auditor"
    SERVICE = "service"
    ADMIN = "admin"


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts.

    Args:
        identity: Stable name, e.g. ``anna@example.org`` or ``ombud:judge``.
        roles: Roles held.

    Example:
        >>> Actor("ci", frozenset({Role.SUBMITTER})).holds(Role.COMPLIANCE_OFFICER)
        False
    """

    identity: str
    roles: frozenset[Role]

    def holds(self, *any_of: Role) -> bool:
        """Whether the actor has at least one of these roles."""
        return not self.roles.isdisjoint(any_of)


@dataclass(frozen=True)
class ApiToken:
    """A bearer token as it is stored: hashed, scoped by roles, expiring.

    Args:
        token_id: Public part.
        secret_hash: ``sha256:<hex>`` of the whole token; the token itself is shown once.
        actor: Whom it speaks for.
        created_at: Aware, UTC.
        expires_at: Aware, UTC.
        revoked: True once withdrawn.
    """

    token_id: str
    secret_hash: str
    actor: Actor
    created_at: datetime
    expires_at: datetime
    revoked: bool = False
