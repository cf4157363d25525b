"""Memory twins of the evidence and card stores."""

from __future__ import annotations

from collections.abc import Sequence

from ombud.adapters.memory.staging import Stage, given, kept
from ombud.domain.card import StoredCard
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.errors import NotFound
from ombud.governance.canonical import expect_digest

__all__ = ["MemoryCards", "MemoryEvidence"]


class MemoryEvidence:
    """See :class:`ombud.domain.ports.EvidenceStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, document: Evidence) -> None:
        """Store; the same content about the same version by the same run changes nothing."""
        expect_digest(f"evidence {document.kind}", document.digest, document.content)
        stored = self._stage.write().evidence
        if not any(_subject(e) == _subject(document) for e in stored):
            stored.append(kept(document))

    def get(self, digest: str) -> Evidence:
        """The first document stored under this digest."""
        for document in self._stage.read().evidence:
            if document.digest == digest:
                return given(document)
        raise NotFound(f"evidence {digest}: not stored here", remedy="Check the digest.")

    def latest(self, kind: EvidenceKind, model: str, version: int) -> Evidence | None:
        """The newest document of this kind about this version."""
        return next((e for e in self.list(model, version=version) if e.kind is kind), None)

    def list(self, model: str, *, version: int | None = None) -> Sequence[Evidence]:
        """Newest first."""
        about = [e for e in self._stage.read().evidence if e.model == model and version in (None, e.version)]
        return given(sorted(about, key=lambda e: e.created_at)[::-1])


class MemoryCards:
    """See :class:`ombud.domain.ports.CardStore`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, build: StoredCard) -> None:
        """Append a build; the very same build again changes nothing."""
        expect_digest(f"card {build.model}/{build.version} core", build.core_digest, build.core)
        expect_digest(f"card {build.model}/{build.version} annex", build.annex_digest, build.annex)
        stored, fresh = self._stage.write().cards, kept(build)
        if fresh not in stored:
            stored.append(fresh)

    def current(self, model: str, version: int) -> StoredCard | None:
        """The newest build."""
        return next((c for c in self.list(model) if c.version == version), None)

    def list(self, model: str) -> Sequence[StoredCard]:
        """The current card of each version, highest version first."""
        newest = {c.version: c for c in self._stage.read().cards if c.model == model}
        return [given(newest[version]) for version in sorted(newest, reverse=True)]


def _subject(e: Evidence) -> tuple[str, str, str, int, str]:
    return e.digest, e.kind, e.model, e.version, e.run_id
