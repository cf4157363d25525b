"""Model cards as they are stored: a frozen core and a live annex, each with its own digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ombud.domain.evidence import JsonObject

__all__ = ["StoredCard"]


@dataclass(frozen=True)
class StoredCard:
    """One build of one version's card.

    Args:
        model: Model name.
        version: Version described.
        core_digest: ``sha256:<hex>`` of the canonical core; approvals bind it.
        annex_digest: ``sha256:<hex>`` of the canonical live annex.
        core: The frozen part.
        annex: The living part (drift, rollouts, incidents).
        built_at: When this build was made (aware, UTC).
    """

    model: str
    version: int
    core_digest: str
    annex_digest: str
    core: JsonObject
    annex: JsonObject
    built_at: datetime
