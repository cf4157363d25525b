"""Memory twins of the token and idempotency stores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ombud.adapters.memory.staging import Stage, kept
from ombud.domain.identity import ApiToken
from ombud.errors import Conflict
from ombud.governance.canonical import utc_text

__all__ = ["MemoryIdempotency", "MemoryTokens"]


class MemoryTokens:
    """See :class:`ombud.domain.ports.TokenStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, token: ApiToken) -> None:
        """Insert or update by ``token_id``; Conflict when another token has this secret."""
        tokens, other = self._stage.write().tokens, self.by_hash(token.secret_hash)
        if other is not None and other.token_id != token.token_id:
            raise Conflict(
                f"token {token.token_id}: {other.token_id} has the same secret", remedy="Make a fresh secret."
            )
        tokens[token.token_id] = kept(token)

    def by_hash(self, secret_hash: str) -> ApiToken | None:
        """The token with this secret, revoked or expired ones included."""
        tokens = self._stage.read().tokens.values()
        return next((token for token in tokens if token.secret_hash == secret_hash), None)

    def list(self) -> Sequence[ApiToken]:
        """In order of making."""
        return sorted(self._stage.read().tokens.values(), key=lambda token: token.created_at)


class MemoryIdempotency:
    """See :class:`ombud.domain.ports.IdempotencyStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def get(self, key: str) -> tuple[str, int, bytes] | None:
        """(request digest, status, body) of the first answer; None when the key is new."""
        return self._stage.read().answers.get(key)

    def put(self, key: str, *, request_digest: str, status: int, body: bytes, at: datetime) -> None:
        """Keep the first answer; Conflict when the key was used for another request."""
        answers = self._stage.write().answers
        utc_text(at)  # a naive time is refused here as the database refuses it
        if answers.setdefault(key, (request_digest, status, body))[0] != request_digest:
            raise Conflict(
                f"idempotency key {key}: was used for another request", remedy="Use a fresh key per request."
            )
