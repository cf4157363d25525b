"""Content-addressed files below one directory."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from ombud.adapters.durable import write_once
from ombud.errors import Corrupted, NotFound

__all__ = ["FileArtifactStore"]

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class FileArtifactStore:
    """Reports, plots and reference arrays, named by the SHA-256 of their bytes.

    ``<root>/ab/<hex>`` holds the bytes and ``<root>/ab/<hex>.type`` the media type; the first media
    type given for the same bytes stays.

    Example:
        >>> import tempfile
        >>> store = FileArtifactStore(Path(tempfile.mkdtemp()))
        >>> digest = store.put(b"<p>hello</p>", media_type="text/html")
        >>> store.get(digest), store.media_type(digest)
        (b'<p>hello</p>', 'text/html')
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, content: bytes, *, media_type: str) -> str:
        """Store and return ``sha256:<hex>``; durable on return."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        path = self._path(digest)
        # The type goes first: bytes without a type would be found but could not be served.
        write_once(path.with_suffix(".type"), media_type.encode())
        write_once(path, content)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes.

        Raises:
            NotFound: Nothing was stored under ``digest``.
            Corrupted: The bytes no longer match it.
        """
        content = self._read(digest, self._path(digest))
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if found != digest:
            raise Corrupted(
                f"artifact {digest}: the stored bytes now have the digest {found}",
                remedy=f"Restore {self._path(digest)} from a backup, or make the artifact again.",
            )
        return content

    def media_type(self, digest: str) -> str:
        """Media type given when it was stored; raises NotFound."""
        return self._read(digest, self._path(digest).with_suffix(".type")).decode()

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise NotFound(
                f"artifact {digest!r}: expected sha256:<64 hex digits>",
                remedy="Use a digest that the store returned.",
            )
        hexadecimal = digest.removeprefix("sha256:")
        return self._root / hexadecimal[:2] / hexadecimal

    def _read(self, digest: str, path: Path) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise NotFound(
                f"artifact {digest} is not in {self._root}",
                remedy="Check that the home directory is the one that made it.",
            ) from None
