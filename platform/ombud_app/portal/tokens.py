"""Bearer tokens: made once, shown once, kept only as a hash, expiring, revocable."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from ombud.domain.events import AuditEvent
from ombud.domain.identity import Actor, ApiToken
from ombud.domain.ports import Clock, Ids, UnitOfWork
from ombud.errors import BadInput, NotFound, Unauthenticated

__all__ = ["actor_behind", "csrf_token", "hash_token", "make_token", "revoke_token"]

_SIGN_IN = "Make a token with `ombud tokens create`, and send it as `Authorization: Bearer <token>`."


def hash_token(token: str) -> str:
    """What is stored in place of a token.

    A plain SHA-256 is enough here: the token carries 256 random bits, so there is nothing to guess.

    Example:
        >>> hash_token("ombud_x").startswith("sha256:")
        True
    """
    return f"sha256:{hashlib.sha256(token.encode()).hexdigest()}"


def make_token(
    uow: UnitOfWork,
    clock: Clock,
    ids: Ids,
    *,
    actor: Actor,
    lifetime: timedelta,
    issued_by: str,
    entropy: Callable[[int], bytes] = secrets.token_bytes,
) -> tuple[str, ApiToken]:
    """Make a token, store its hash, and record who made it for whom.

    Args:
        uow: Where the hash and the ledger entry go, in one transaction.
        clock: Gives the day of making.
        ids: Gives the public part.
        actor: Whom the token speaks for, in which roles.
        lifetime: How long it is good.
        issued_by: Identity that makes it.
        entropy: Source of the 32 secret bytes.

    Returns:
        The token itself, which exists nowhere else, and its stored form.

    Raises:
        BadInput: No identity, no role, or a lifetime that is not positive.
    """
    if not actor.identity.strip() or not actor.roles:
        raise BadInput(
            "token: an identity and at least one role are needed",
            remedy="Name a person or a service, and the roles it holds.",
        )
    if lifetime <= timedelta(0):
        raise BadInput(f"token: lifetime must be positive, got {lifetime}", remedy="Give a number of days.")
    now, token_id = clock.now(), ids.new("tok")
    secret = base64.urlsafe_b64encode(entropy(32)).decode().rstrip("=")
    token = f"ombud_{token_id}_{secret}"
    stored = ApiToken(token_id, hash_token(token), actor, now, now + lifetime)
    with uow.begin() as tx:
        tx.tokens.put(stored)
        tx.ledger.append(
            AuditEvent(
                actor=issued_by,
                role="admin",
                action="token.created",
                subject=f"token:{token_id}",
                reason=f"sign-in for {actor.identity}",
                at=now,
                details={"identity": actor.identity, "roles": ",".join(sorted(actor.roles))},
            )
        )
        tx.commit()
    return token, stored


def revoke_token(uow: UnitOfWork, clock: Clock, token_id: str, *, revoked_by: str, reason: str) -> ApiToken:
    """Withdraw a token; it is refused from the next request on. Revoking twice changes nothing.

    Raises:
        NotFound: There is no token of that id.
    """
    with uow.begin() as tx:
        found = next((t for t in tx.tokens.list() if t.token_id == token_id), None)
        if found is None:
            raise NotFound(f"no token {token_id!r}", remedy="List them with `ombud tokens list`.")
        if found.revoked:
            return found
        withdrawn = replace(found, revoked=True)
        tx.tokens.put(withdrawn)
        tx.ledger.append(
            AuditEvent(
                actor=revoked_by,
                role="admin",
                action="token.revoked",
                subject=f"token:{token_id}",
                reason=reason,
                at=clock.now(),
            )
        )
        tx.commit()
    return withdrawn


def actor_behind(uow: UnitOfWork, clock: Clock, token: str) -> Actor:
    """Who speaks through this token.

    Raises:
        Unauthenticated: Unknown, withdrawn or expired; the message says which.
    """
    with uow.begin(write=False) as tx:
        found = tx.tokens.by_hash(hash_token(token))
    if found is None:
        raise Unauthenticated("the token is not known here", remedy=_SIGN_IN)
    if found.revoked:
        raise Unauthenticated(f"token {found.token_id} was withdrawn", remedy=_SIGN_IN)
    if found.expires_at <= clock.now():
        raise Unauthenticated(
            f"token {found.token_id} expired at {found.expires_at.isoformat()}", remedy=_SIGN_IN
        )
    return found.actor


def csrf_token(token: str) -> str:
    """The value that a form must carry: derived from the session, unknown to any other site.

    Example:
        >>> csrf_token("a") == csrf_token("a"), csrf_token("a") == csrf_token("b")
        (True, False)
    """
    return hmac.new(token.encode(), b"ombud form", hashlib.sha256).hexdigest()
