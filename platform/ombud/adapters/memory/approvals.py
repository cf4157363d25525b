"""Memory twin of the signatures."""

from __future__ import annotations

from collections.abc import Sequence

from ombud.adapters.memory.staging import Stage, given, kept
from ombud.domain.approval import Approval, ApprovalKind
from ombud.errors import Conflict

__all__ = ["MemoryApprovals"]


class MemoryApprovals:
    """See :class:`ombud.domain.ports.ApprovalStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def add(self, signature: Approval) -> None:
        """Raises Conflict when this actor has already decided on these digests."""
        approvals = self._stage.write().approvals
        for earlier in approvals:
            if earlier.approval_id == signature.approval_id or _about(earlier) == _about(signature):
                raise Conflict(
                    f"{signature.kind} of {signature.model}/{signature.version}: {earlier.actor} has "
                    f"already {earlier.decision} this card and model at {earlier.at}",
                    remedy="A decision stays; a new card or model asks for a new one.",
                )
        approvals.append(kept(signature))

    def list(
        self, model: str, *, version: int | None = None, kind: ApprovalKind | None = None
    ) -> Sequence[Approval]:
        """Oldest first."""
        about = [
            a
            for a in self._stage.read().approvals
            if a.model == model and version in (None, a.version) and kind in (None, a.kind)
        ]
        return given(sorted(about, key=lambda a: a.at))


def _about(a: Approval) -> tuple[str, str, str, str]:
    return a.kind, a.card_digest, a.model_digest, a.actor
