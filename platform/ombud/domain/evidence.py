"""Evidence: content-addressed documents that every number on a card points into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

__all__ = ["Evidence", "EvidenceKind", "JsonObject"]

JsonObject = Mapping[str, Any]
"""A JSON object: strings, finite numbers, booleans, null, arrays and objects."""


class EvidenceKind(StrEnum):
    """What a document proves."""

    DATA_SHEET = "data_sheet"
    DATA_AUDIT = "data_audit"
    TRAINING = "training"
    EVALUATION = "evaluation"
    BIAS_AUDIT = "bias_audit"
    GATE = "gate"
    REFERENCE = "reference"
    BUDGET_PERIOD = "budget_period"


@dataclass(frozen=True)
class Evidence:
    """One immutable document about one model version.

    Args:
        digest: ``sha256:<hex>`` of the RFC 8785 canonical bytes of ``content``.
        kind: What it proves.
        model: Model name.
        version: Version it is about; 0 for documents about data that precede any version.
        run_id: Orchestrator or tracking run that made it.
        created_at: When (aware, UTC).
        content: The document.
    """

    digest: str
    kind: EvidenceKind
    model: str
    version: int
    run_id: str
    created_at: datetime
    content: JsonObject
