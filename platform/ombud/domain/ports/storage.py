"""The transactional stores, and the unit of work that spans them.

A service opens one transaction, reads and writes through its stores, and commits. The ledger is
one of the stores, so a change and the entry that records it are written together or not at all.
Leaving the ``with`` block without ``commit()`` rolls everything back.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ombud.domain.alert import Alert
from ombud.domain.approval import Approval, ApprovalKind
from ombud.domain.card import StoredCard
from ombud.domain.events import AuditEvent, LedgerEntry
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.identity import ApiToken
from ombud.domain.rollout import Increment, OutboxItem, Rollout, RolloutEvent, RolloutState
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window

__all__ = [
    "AlertStore",
    "ApprovalStore",
    "CardStore",
    "EvidenceStore",
    "IdempotencyStore",
    "Lease",
    "LedgerStore",
    "Outbox",
    "RolloutStore",
    "TokenStore",
    "Transaction",
    "UnitOfWork",
    "VerdictStore",
    "WindowStore",
]


class LedgerStore(Protocol):
    """Append-only chain of audit events."""

    def append(self, event: AuditEvent) -> LedgerEntry: ...
    def entries(self, *, after: int = 0, limit: int | None = None) -> Sequence[LedgerEntry]:
        """Entries with ``seq > after``, ascending."""
        ...

    def head(self) -> LedgerEntry | None: ...


class EvidenceStore(Protocol):
    """Content-addressed documents. Putting the same content again changes nothing."""

    def put(self, evidence: Evidence) -> None: ...
    def get(self, digest: str) -> Evidence:
        """Raises NotFound."""
        ...

    def latest(self, kind: EvidenceKind, model: str, version: int) -> Evidence | None: ...
    def list(self, model: str, *, version: int | None = None) -> Sequence[Evidence]:
        """Newest first."""
        ...


class CardStore(Protocol):
    """Every build of every card; the newest is current."""

    def put(self, card: StoredCard) -> None: ...
    def current(self, model: str, version: int) -> StoredCard | None: ...
    def list(self, model: str) -> Sequence[StoredCard]:
        """The current card of each version, highest version first."""
        ...


class WindowStore(Protocol):
    """Windows looked at; putting the same id again replaces counts and links."""

    def put(self, window: Window) -> None: ...
    def get(self, window_id: str) -> Window:
        """Raises NotFound."""
        ...

    def list(self, model: str, *, version: int | None = None) -> Sequence[Window]:
        """Oldest first."""
        ...


class VerdictStore(Protocol):
    """Verdicts; the first one under an id stays (a window is looked at once)."""

    def put(self, verdict: StoredVerdict) -> bool:
        """True when it was new, False when the id was there already (and stays as it was)."""
        ...

    def get(self, verdict_id: str) -> StoredVerdict:
        """Raises NotFound."""
        ...

    def list(
        self, model: str, *, version: int | None = None, window_id: str | None = None
    ) -> Sequence[StoredVerdict]:
        """Oldest first."""
        ...


class AlertStore(Protocol):
    """Alerts; at most one unresolved per fingerprint."""

    def put(self, alert: Alert) -> None:
        """Insert or update by ``alert_id``. Raises Conflict on a second unresolved fingerprint."""
        ...

    def get(self, alert_id: str) -> Alert:
        """Raises NotFound."""
        ...

    def unresolved(self, fingerprint: str) -> Alert | None: ...
    def list(self, *, model: str | None = None) -> Sequence[Alert]:
        """Newest first."""
        ...


class ApprovalStore(Protocol):
    """Signatures, append-only; one per (kind, card digest, model digest, actor)."""

    def add(self, approval: Approval) -> None:
        """Raises Conflict when this actor has already decided on these digests."""
        ...

    def list(
        self, model: str, *, version: int | None = None, kind: ApprovalKind | None = None
    ) -> Sequence[Approval]:
        """Oldest first."""
        ...


class RolloutStore(Protocol):
    """Rollouts, their events, and their evidence."""

    def create(self, rollout: Rollout, event: RolloutEvent) -> None:
        """Insert with its first event (seq 1). Raises Conflict on an existing id."""
        ...

    def get(self, rollout_id: str) -> Rollout:
        """Raises NotFound."""
        ...

    def list(
        self, *, model: str | None = None, states: Sequence[RolloutState] | None = None
    ) -> Sequence[Rollout]:
        """Newest first."""
        ...

    def advance(self, rollout: Rollout, event: RolloutEvent) -> None:
        """Append ``event`` and store ``rollout`` if the stored seq is ``event.seq - 1``.

        Raises:
            StaleTransition: Somebody moved it first; nothing was written.
        """
        ...

    def events(self, rollout_id: str) -> Sequence[RolloutEvent]:
        """Ascending by seq."""
        ...

    def add_increments(
        self, rollout_id: str, increments: Sequence[Increment], request_ids: Sequence[str]
    ) -> None:
        """Store one look's increments and mark the requests as judged, together.

        Raises:
            StaleTransition: The look, or one of the requests, was stored already.
        """
        ...

    def increments(self, rollout_id: str) -> Sequence[Increment]:
        """In order of :attr:`Increment.order`."""
        ...

    def judged(self, rollout_id: str) -> frozenset[str]:
        """Request ids already counted."""
        ...


@dataclass(frozen=True)
class Lease:
    """The right to be the one worker, with its fencing token.

    Args:
        name: What is leased.
        owner: Who holds it.
        fence: Rises with every change of owner; an older fence may not write.
        expires_at: Aware, UTC.
    """

    name: str
    owner: str
    fence: int
    expires_at: datetime


class Outbox(Protocol):
    """Effects promised by transactions, and the lease of the one worker that carries them out."""

    def add(self, item: OutboxItem) -> None:
        """Adding a key that is there already changes nothing."""
        ...

    def pending(self, *, limit: int = 100) -> Sequence[OutboxItem]:
        """Not done, oldest first."""
        ...

    def get(self, key: str) -> OutboxItem:
        """Raises NotFound."""
        ...

    def mark_done(self, key: str, *, at: datetime, fence: int) -> None:
        """Raises StaleTransition when ``fence`` is not the current one."""
        ...

    def mark_failed(self, key: str, *, error: str) -> None: ...
    def acquire(self, name: str, owner: str, *, now: datetime, seconds: float) -> Lease | None:
        """Take or renew the lease; None while somebody else's is still running."""
        ...

    def lease(self, name: str) -> Lease | None: ...


class TokenStore(Protocol):
    """API tokens by the hash of their secret."""

    def put(self, token: ApiToken) -> None: ...
    def by_hash(self, secret_hash: str) -> ApiToken | None: ...
    def list(self) -> Sequence[ApiToken]: ...


class IdempotencyStore(Protocol):
    """Answers already given, by idempotency key."""

    def get(self, key: str) -> tuple[str, int, bytes] | None:
        """(request digest, status, body) of the first answer; None when the key is new."""
        ...

    def put(self, key: str, *, request_digest: str, status: int, body: bytes, at: datetime) -> None: ...


class Transaction(Protocol):
    """One atomic view of all stores."""

    ledger: LedgerStore
    evidence: EvidenceStore
    cards: CardStore
    windows: WindowStore
    verdicts: VerdictStore
    alerts: AlertStore
    approvals: ApprovalStore
    rollouts: RolloutStore
    outbox: Outbox
    tokens: TokenStore
    idempotency: IdempotencyStore

    def commit(self) -> None: ...


class UnitOfWork(Protocol):
    """Opens transactions. Writers are serialised; readers see a consistent snapshot."""

    def begin(self, *, write: bool = True) -> AbstractContextManager[Transaction]: ...
