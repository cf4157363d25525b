"""Where production traffic is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ombud.domain.inference import Inference, Label, LabelledInference, Variant
from ombud.domain.modality import Modality

__all__ = ["AppendReceipt", "InferenceLog", "LabelReceipt", "LogQuery"]


@dataclass(frozen=True)
class AppendReceipt:
    """What an append did: it is durable when the receipt is there.

    Args:
        accepted: Records written.
        duplicates: Request ids refused because ``(request_id, variant)`` was known.
    """

    accepted: int
    duplicates: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelReceipt:
    """What labelling did.

    Args:
        accepted: Labels that were the first for their request.
        unknown: Request ids that are not in the log; nothing was written for them.
        contradictions: Request ids whose later label differs; recorded, never judged.
        repeated: Request ids whose later label agrees.
    """

    accepted: int
    unknown: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True)
class LogQuery:
    """Which records; ``None`` means any.

    Args:
        model: Model name.
        version: Version that answered.
        variants: Arms.
        start: Inclusive.
        end: Exclusive.
        limit: At most this many, the oldest first.
    """

    model: str
    version: int | None = None
    variants: tuple[Variant, ...] | None = None
    start: datetime | None = None
    end: datetime | None = None
    limit: int | None = None


class InferenceLog(Protocol):
    """Append-only log of answered requests, with labels in a table beside it."""

    def append(self, records: Sequence[Inference]) -> AppendReceipt: ...
    def known(self, requests: Mapping[str, Mapping[Modality, str]]) -> Mapping[str, bool]:
        """Which requests are on record: id → whether with the same payloads.

        Args:
            requests: Request id → payload digest per modality.
        """
        ...

    def label(self, labels: Sequence[Label]) -> LabelReceipt: ...
    def read(self, query: LogQuery) -> Sequence[LabelledInference]:
        """Records joined with their first labels, oldest first (by time, then request id)."""
        ...

    def count(self, query: LogQuery) -> int: ...
    def seal(self) -> int:
        """Move spooled batches into columnar files; returns how many records moved."""
        ...
