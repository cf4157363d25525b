"""API tokens, and the answers already given to idempotent requests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select, update

from ombud.adapters.sql.rows import from_row, to_row
from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import api_token, idempotency_key
from ombud.domain.identity import ApiToken
from ombud.errors import Conflict
from ombud.governance.canonical import utc_text

__all__ = ["SqlIdempotency", "SqlTokens"]


class SqlTokens:
    """See :class:`ombud.domain.ports.TokenStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def put(self, token: ApiToken) -> None:
        """Insert or update by ``token_id``; Conflict when another token has this secret."""
        other = self.by_hash(token.secret_hash)
        if other is not None and other.token_id != token.token_id:
            raise Conflict(
                f"token {token.token_id}: {other.token_id} has the same secret", remedy="Make a fresh secret."
            )
        values = to_row(api_token, token)
        if not self._run.write(update(api_token).where(api_token.c.token_id == token.token_id), values):
            self._run.write(insert(api_token), values)

    def by_hash(self, secret_hash: str) -> ApiToken | None:
        """The token with this secret, revoked or expired ones included."""
        row = self._run.row(select(api_token).where(api_token.c.secret_hash == secret_hash))
        return None if row is None else from_row(ApiToken, api_token, row)

    def list(self) -> Sequence[ApiToken]:
        """In order of making."""
        query = select(api_token).order_by(api_token.c.created_at, api_token.c.position)
        return [from_row(ApiToken, api_token, row) for row in self._run.rows(query)]


class SqlIdempotency:
    """See :class:`ombud.domain.ports.IdempotencyStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def get(self, key: str) -> tuple[str, int, bytes] | None:
        """(request digest, status, body) of the first answer; None when the key is new."""
        row = self._run.row(select(idempotency_key).where(idempotency_key.c.key == key))
        return None if row is None else (row["request_digest"], row["status"], row["body"])

    def put(self, key: str, *, request_digest: str, status: int, body: bytes, at: datetime) -> None:
        """Keep the first answer; Conflict when the key was used for another request."""
        known = self.get(key)
        if known is None:
            values = {"key": key, "request_digest": request_digest, "status": status, "body": body}
            self._run.write(insert(idempotency_key), {**values, "at": utc_text(at)})
        elif known[0] != request_digest:
            raise Conflict(
                f"idempotency key {key}: was used for another request", remedy="Use a fresh key per request."
            )
