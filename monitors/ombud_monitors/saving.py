"""Saving a fitted detector, and loading it as what it was or not at all.

A file holds one line of text and then `safetensors <https://github.com/huggingface/safetensors>`_ bytes.
The line names the format and the SHA-256 of all that follows, so a changed byte anywhere is found before
anything is read. The tensors carry the detector's code, its settings and :attr:`Saveable.arrays`; no
pickle, no code.

Source: safetensors format, version 0.5.
Limits: the digest finds damage, not forgery: whoever can write the file can write the line. Keep the digest
    where the attacker is not, or sign it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as bytes_of

from ombud.errors import BadInput
from ombud_monitors.detector import Detector, Fitted
from ombud_monitors.two_sample.registry import DETECTORS

__all__ = ["FORMAT", "Saveable", "load", "save"]

FORMAT = "ombud-detector/1"
"""Name and version of the file format; another version is refused, never guessed at."""


class Saveable(Fitted, Protocol):
    """A fitted detector that can be restored from its arrays."""

    @property
    def detector(self) -> Detector:
        """The recipe: a frozen dataclass whose settings are numbers, strings and None."""
        ...

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All that ``detector.restore`` needs, by name."""
        ...


def save(fitted: Saveable, path: str | Path) -> str:
    """Write a fitted detector to a file.

    Args:
        fitted: What to keep.
        path: Where; an existing file is replaced only once the new one is complete.

    Returns:
        ``sha256:<hex>`` of the file's content, as written in its first line.

    Example:
        >>> import tempfile
        >>> from ombud_monitors.two_sample import MMD
        >>> rows = np.random.default_rng(0).normal(size=(60, 3))
        >>> fitted = MMD(permutations=99).fit(rows)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = save(fitted, Path(folder) / "mmd.ombud")
        ...     again = load(Path(folder) / "mmd.ombud")
        >>> again.digest == fitted.digest, again.test(rows, seed=1) == fitted.test(rows, seed=1)
        (True, True)
    """
    recipe = fitted.detector
    texts = sorted(name for name, array in fitted.arrays.items() if array.dtype.kind == "U")
    about = {"detector": recipe.name, "settings": json.dumps(asdict(recipe)), "texts": json.dumps(texts)}  # type: ignore[call-overload]
    plain = {name: _plain(array) for name, array in fitted.arrays.items()}
    content = bytes_of(plain, metadata=about)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    partial = Path(f"{path}.partial")
    partial.write_bytes(f"{FORMAT} {digest}\n".encode() + content)
    partial.replace(path)
    return digest


def load(path: str | Path) -> Saveable:
    """Read a fitted detector.

    Raises:
        BadInput: No such file, not one of ours, of another version of the format, of a detector or with
            settings unknown here, or with a byte changed since it was written.
    """
    try:
        line, _, content = Path(path).read_bytes().partition(b"\n")
    except OSError as problem:
        raise BadInput(f"{path}: cannot be read ({problem.strerror})", remedy="Check the path.") from problem
    version, _, promised = line.decode("utf-8", "replace").partition(" ")
    if version != FORMAT:
        raise BadInput(
            f"{path}: expected a fitted detector of format {FORMAT}, got {version[:40]!r}",
            remedy="Fit the detector again with this version and save it.",
        )
    got = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if promised != got:
        raise BadInput(
            f"{path}: expected content of {promised[:80]}, got {got}: the file was changed or cut off",
            remedy="Restore the file from where it was saved, or fit the detector again.",
        )
    size = int.from_bytes(content[:8], "little")
    about = json.loads(content[8 : 8 + size])["__metadata__"]
    recipe = DETECTORS.get(about["detector"])
    if recipe is None:
        raise BadInput(
            f"{path}: expected one of the detectors {sorted(DETECTORS)}, got {about['detector']!r}",
            remedy="Load it with the version of Ombud that saved it.",
        )
    try:
        detector = recipe(**json.loads(about["settings"]))
    except TypeError as problem:
        raise BadInput(
            f"{path}: {about['detector']} does not know these settings ({problem})",
            remedy="Load it with the version of Ombud that saved it, or fit the detector again.",
        ) from problem
    texts = json.loads(about["texts"])
    arrays = {name: _text(array) if name in texts else array for name, array in tensors_of(content).items()}
    return detector.restore(arrays)


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Strings as their code points, ``(n, longest)`` uint32; numbers as they are."""
    if array.dtype.kind != "U":
        return np.ascontiguousarray(array)
    wide = array.astype(f"<U{max(array.dtype.itemsize // 4, 1)}")
    return np.ascontiguousarray(wide).view(np.uint32).reshape(len(wide), -1)


def _text(points: NDArray[Any]) -> NDArray[np.str_]:
    return np.ascontiguousarray(points).view(f"<U{points.shape[1]}").reshape(-1)
