"""Artifacts in a dictionary."""

from __future__ import annotations

import hashlib

from ombud.errors import NotFound

__all__ = ["MemoryArtifactStore"]


class MemoryArtifactStore:
    """Twin of :class:`ombud.adapters.files.FileArtifactStore`.

    Example:
        >>> store = MemoryArtifactStore()
        >>> store.get(store.put(b"x", media_type="text/plain"))
        b'x'
    """

    def __init__(self) -> None:
        self._held: dict[str, tuple[bytes, str]] = {}

    def put(self, content: bytes, *, media_type: str) -> str:
        """Store and return ``sha256:<hex>``."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._held.setdefault(digest, (bytes(content), media_type))
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes; raises NotFound."""
        return self._find(digest)[0]

    def media_type(self, digest: str) -> str:
        """Media type given when it was stored; raises NotFound."""
        return self._find(digest)[1]

    def _find(self, digest: str) -> tuple[bytes, str]:
        try:
            return self._held[digest]
        except KeyError:
            raise NotFound(f"artifact {digest} is not here", remedy="Store it first.") from None
