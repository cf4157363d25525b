"""A saved model on disk: its digest, and the way back to a predictor."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import cast

from ombud.domain.predictor import Predictor
from ombud.errors import BadInput, NotFound

__all__ = ["directory_digest", "load_directory"]

# MLflow drops the first into downloads, Python the second into anything it imports: not the model.
_FOREIGN = {"registered_model_meta", "__pycache__"}


def directory_digest(directory: Path) -> str:
    """``sha256:<hex>`` over the sorted relative paths and the bytes of every file below a directory.

    Moving the directory keeps it; renaming a file in it, or changing one byte, changes it.

    Raises:
        NotFound: There is no such directory, or no file in it.

    Example:
        >>> import tempfile
        >>> root = Path(tempfile.mkdtemp())
        >>> _ = (root / "weights").write_bytes(b"1")
        >>> before = directory_digest(root)
        >>> _ = (root / "weights").write_bytes(b"2")
        >>> directory_digest(root) == before
        False
    """
    files = sorted(
        (path.relative_to(directory).as_posix(), path)
        for path in directory.rglob("*")
        if path.is_file() and not _FOREIGN.intersection(path.relative_to(directory).parts)
    )
    if not files:
        raise NotFound(
            f"model directory {directory}: no files there",
            remedy="Check that the artifact root is mounted and was not cleaned up.",
        )
    total = hashlib.sha256()
    for name, path in files:
        raw = name.encode()
        with path.open("rb") as handle:
            content = hashlib.file_digest(handle, "sha256").digest()
        total.update(len(raw).to_bytes(8, "big") + raw + content)
    return f"sha256:{total.hexdigest()}"


def load_directory(directory: Path, loader: str) -> Predictor:
    """Call the entry point ``module:function`` on a directory.

    Raises:
        BadInput: The entry point is malformed, or cannot be imported.
    """
    module_name, _, function_name = loader.partition(":")
    try:
        function = getattr(importlib.import_module(module_name), function_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadInput(
            f"model loader {loader!r}: expected an importable module:function ({error})",
            remedy="Install the package that trained the model into this environment.",
        ) from error
    return cast(Predictor, function(directory))
