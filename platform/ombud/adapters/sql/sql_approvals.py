"""Signatures: appended, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, insert, or_, select

from ombud.adapters.sql.rows import from_row, to_row
from ombud.adapters.sql.statements import Statements
from ombud.adapters.sql.tables import approval
from ombud.domain.approval import Approval, ApprovalKind
from ombud.errors import Conflict

__all__ = ["SqlApprovals"]


class SqlApprovals:
    """See :class:`ombud.domain.ports.ApprovalStore`."""

    def __init__(self, statements: Statements) -> None:
        self._run = statements

    def add(self, signature: Approval) -> None:
        """Raises Conflict when this actor has already decided on these digests."""
        values = to_row(approval, signature)
        same = [approval.c[n] == values[n] for n in ("kind", "card_digest", "model_digest", "actor")]
        taken = or_(and_(*same), approval.c.approval_id == signature.approval_id)
        earlier = self._run.row(select(approval).where(taken))
        if earlier is not None:
            raise Conflict(
                f"{signature.kind} of {signature.model}/{signature.version}: {earlier['actor']} has already "
                f"{earlier['decision']} this card and model at {earlier['at']}",
                remedy="A decision stays; a new card or model asks for a new one.",
            )
        self._run.write(insert(approval), values)

    def list(
        self, model: str, *, version: int | None = None, kind: ApprovalKind | None = None
    ) -> Sequence[Approval]:
        """Oldest first."""
        query = select(approval).where(approval.c.model == model)
        if version is not None:
            query = query.where(approval.c.version == version)
        if kind is not None:
            query = query.where(approval.c.kind == kind.value)
        query = query.order_by(approval.c.at, approval.c.position)
        return [from_row(Approval, approval, row) for row in self._run.rows(query)]
