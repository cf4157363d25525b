"""Describing live payloads with the vocabulary that the champion's training knew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ombud.domain.evidence import EvidenceKind
from ombud.domain.modality import Modality, Payload
from ombud.domain.model_version import Alias
from ombud.domain.ports import ArtifactStore, Clock, ModelRegistry, UnitOfWork
from ombud_monitors.descriptors import Descriptors, Vocabulary, describe

__all__ = ["Describer"]

_FRESH = timedelta(seconds=30)


@dataclass
class Describer:
    """A ``describe`` that knows the words of the champion's training text.

    The champion is looked up at most every 30 seconds, so the first requests after a promotion may
    still be described with the words of the version before.

    Args:
        model: Model name.
        registry: Knows the champion.
        uow: Where reference evidence is.
        artifacts: Where the vocabulary is.
        clock: Where time comes from.
    """

    model: str
    registry: ModelRegistry
    uow: UnitOfWork
    artifacts: ArtifactStore
    clock: Clock
    _vocabulary: Vocabulary | None = field(default=None, init=False)
    _digest: str = field(default="", init=False)
    _looked_at: datetime | None = field(default=None, init=False)

    def __call__(self, modality: Modality, payloads: Sequence[Payload | None]) -> Descriptors:
        """As :func:`ombud_monitors.descriptors.describe`."""
        self._refresh()
        return describe(modality, payloads, vocabulary=self._vocabulary)

    def _refresh(self) -> None:
        now = self.clock.now()
        if self._looked_at is not None and now - self._looked_at < _FRESH:
            return
        self._looked_at = now
        champion = self.registry.alias(self.model, Alias.CHAMPION)
        if champion is None:
            return
        with self.uow.begin(write=False) as tx:
            reference = tx.evidence.latest(EvidenceKind.REFERENCE, self.model, champion)
        digest = str(reference.content.get("vocabulary") or "") if reference else ""
        if digest != self._digest:
            self._vocabulary = Vocabulary.from_bytes(self.artifacts.get(digest)) if digest else None
            self._digest = digest
