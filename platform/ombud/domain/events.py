"""Audit events and ledger entries: what happened, who did it, and where it is chained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["AuditEvent", "LedgerEntry"]


@dataclass(frozen=True)
class AuditEvent:
    """Something that happened, before it has a place in the chain.

    Args:
        actor: Identity that acted.
        role: Role in which it acted.
        action: ``noun.verb``, e.g. ``rollout.transition``, ``approval.given``, ``alert.opened``.
        subject: What it was done to, e.g. ``model:digits/2`` or ``rollout:r-17``.
        subject_digest: Digest of the subject at that time; empty where it has none.
        reason: Why, in the actor's words.
        at: When (aware, UTC).
        on_behalf_of: Identity for whom a service acted; empty otherwise.
        before: Digest of the state before; empty where there was none.
        after: Digest of the state after.
        request_id: Request that caused it.
        details: Small facts as strings; no personal data.
    """

    actor: str
    role: str
    action: str
    subject: str
    reason: str
    at: datetime
    subject_digest: str = ""
    on_behalf_of: str = ""
    before: str = ""
    after: str = ""
    request_id: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LedgerEntry:
    """An audit event in the chain.

    Args:
        seq: 1, 2, 3, ... without gaps.
        payload: RFC 8785 canonical bytes of the event.
        leaf_hash: RFC 6962 leaf hash of ``payload``, hex.
        previous_hash: Chain hash of the entry before, hex; 64 zeros for the first.
        entry_hash: Chain hash of this entry, hex.
    """

    seq: int
    payload: bytes
    leaf_hash: str
    previous_hash: str
    entry_hash: str
