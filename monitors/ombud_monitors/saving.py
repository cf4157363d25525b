"""Saving a fitted detector, and loading it as what it was or not at all.

A file holds one line of text and then `safetensors <https://github.com/huggingface/safetensors>`_ bytes.
The line names the format and the SHA-256 of all that follows, so a changed byte anywhere is found before
anything is read. The tensors carry the detector's code, its settings and :attr:`Saveable.arrays`; no
pickle, no code. The same detector makes the same file.

Source: safetensors format, version 0.5.
Limits: the digest finds damage, not forgery: whoever can write the file can write the line. Keep the digest
    where the attacker is not, or sign it.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as bytes_of

from ombud.errors import BadInput
from ombud_monitors.detector import Detector, Fitted, matrix
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.registry import DETECTORS

__all__ = ["FORMAT", "Saveable", "load", "save"]

FORMAT = "ombud-detector/1"
"""Name and version of the file format; another version is refused, never guessed at."""
_AGAIN = "Restore the file from where it was saved, or fit the detector again."
_OTHER = "Load it with the version of Ombud that saved it, or fit the detector again."


class Saveable(Fitted, Protocol):
    """A fitted detector that can be restored from its arrays."""

    @property
    def detector(self) -> Detector:
        """The recipe: a frozen dataclass whose settings are numbers, texts, None, and tuples of those."""
        ...

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All that ``detector.restore`` needs, by name."""
        ...


def save(fitted: Saveable, path: str | Path) -> str:
    """Write a fitted detector to a file.

    Args:
        fitted: What to keep.
        path: Where; an existing file is replaced at once, and only by a complete new one.

    Returns:
        ``sha256:<hex>`` of the file's content, as written in its first line; :func:`load` can ask for it.

    Raises:
        BadInput: The detector is not in the registry, its settings cannot be written as JSON and read back
            the same, or the file cannot be written.

    Example:
        >>> import tempfile
        >>> from ombud_monitors.two_sample import MMD
        >>> rows = np.random.default_rng(0).normal(size=(60, 3))
        >>> fitted = MMD(permutations=99).fit(rows)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     digest = save(fitted, Path(folder) / "mmd.ombud")
        ...     again = load(Path(folder) / "mmd.ombud", digest=digest)
        >>> again.digest == fitted.digest, again.test(rows, seed=1) == fitted.test(rows, seed=1)
        (True, True)
    """
    recipe = fitted.detector
    if DETECTORS.get(recipe.name) is not type(recipe):
        raise BadInput(
            f"expected one of the detectors {sorted(DETECTORS)}, got {type(recipe).__name__} ({recipe.name})",
            remedy="Save a detector of the registry; another one could not be loaded again.",
        )
    texts = sorted(name for name, array in fitted.arrays.items() if array.dtype.kind == "U")
    about = {"detector": recipe.name, "settings": _settings(recipe), "texts": texts}
    plain = {name: _plain(array) for name, array in fitted.arrays.items()}
    # One entry: safetensors writes several in no order, and one detector should be one file.
    content = bytes_of(plain, metadata={"about": json.dumps(about, sort_keys=True)})
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    _replace(Path(path), f"{FORMAT} {digest}\n".encode() + content)
    return digest


def load(path: str | Path, *, digest: str | None = None) -> Saveable:
    """Read a fitted detector.

    Args:
        path: The file.
        digest: What :func:`save` returned, where that was kept; None takes the file's own word.

    Raises:
        BadInput: No such file, not one of ours, of another version of the format, of a detector or with
            settings unknown here, with a byte changed since it was written, or not the one asked for.

    Example:
        >>> import tempfile
        >>> from ombud_monitors.two_sample import KS
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder) / "ks.ombud"
        ...     digest = save(KS().fit(np.arange(9.0)), file)
        ...     flipped = file.write_bytes(file.read_bytes()[:-1] + b"?")
        ...     load(file, digest=digest)
        Traceback (most recent call last):
        ombud.errors.BadInput: ...ks.ombud: expected content of sha256:...: the file was changed ...
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
            remedy=_AGAIN,
        )
    if digest not in (None, got):
        raise BadInput(f"{path}: expected the detector saved as {digest}, got {got}", remedy=_AGAIN)
    try:
        size = int.from_bytes(content[:8], "little")
        about = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["about"])
        name, settings, texts = about["detector"], about["settings"], about["texts"]
        arrays = {k: _text(a) if k in texts else a for k, a in tensors_of(content).items()}
    except (SafetensorError, ValueError, LookupError, TypeError) as problem:
        raise BadInput(f"{path}: holds no fitted detector ({problem!r})", remedy=_AGAIN) from problem
    return _restored(path, _recipe(path, name, settings), arrays)


def _recipe(path: str | Path, name: str, settings: Mapping[str, Any]) -> TwoSampleTest:
    recipe = DETECTORS.get(name)
    if recipe is None:
        raise BadInput(
            f"{path}: expected one of the detectors {sorted(DETECTORS)}, got {name!r}",
            remedy="Load it with the version of Ombud that saved it.",
        )
    try:
        return recipe(**{key: _tuples(value) for key, value in settings.items()})
    except (AttributeError, TypeError) as problem:
        raise BadInput(f"{path}: {name} does not know these settings ({problem})", remedy=_OTHER) from problem


def _restored(path: str | Path, recipe: TwoSampleTest, arrays: Mapping[str, NDArray[Any]]) -> Saveable:
    """The fitted detector, its reference checked as when it was first given."""
    if absent := {"reference", "kind"} - set(arrays):
        raise BadInput(f"{path}: expected arrays reference and kind, got no {sorted(absent)}", remedy=_OTHER)
    matrix(arrays["reference"], window=f"{path}: reference", undefined=recipe.undefined)
    if arrays["kind"].tolist() not in (["b"], ["i"], ["u"], ["f"]):
        raise BadInput(f"{path}: expected a kind of number, got {arrays['kind'].tolist()}", remedy=_OTHER)
    return recipe.restore(arrays)


def _settings(recipe: Detector) -> dict[str, Any]:
    """Settings as plain values that JSON reads back as the same recipe."""
    settings: dict[str, Any] = asdict(recipe)  # type: ignore[call-overload]
    try:
        settings = json.loads(json.dumps(settings, allow_nan=False, default=_plain_number))
        same = type(recipe)(**{key: _tuples(value) for key, value in settings.items()}) == recipe
    except (TypeError, ValueError, BadInput):
        same = False
    if not same:
        raise BadInput(
            f"{recipe.name}: expected settings of numbers, texts and None, got {settings}",
            remedy="Use finite numbers, texts, None, or tuples of those.",
        )
    return settings


def _plain_number(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value))


def _tuples(value: Any) -> Any:
    """JSON knows lists only; settings are frozen, so theirs are tuples."""
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value


def _replace(path: Path, content: bytes) -> None:
    """Put ``content`` where ``path`` is, in one step, through a file of its own in the same folder."""
    # Named by process and thread, so that two writers at once do not write into one another's file.
    partial = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise BadInput(
            f"{path}: cannot be written ({problem.strerror})",
            remedy="Give the name of a file in a folder that exists and may be written to.",
        ) from problem


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Strings as their code points, ``(n, longest)`` uint32; numbers as they are."""
    if array.dtype.kind != "U":
        return np.ascontiguousarray(array)
    wide = array.astype(f"<U{max(array.dtype.itemsize // 4, 1)}")
    return np.ascontiguousarray(wide).view(np.uint32).reshape(len(wide), -1)


def _text(points: NDArray[Any]) -> NDArray[np.str_]:
    return np.ascontiguousarray(points).view(f"<U{points.shape[1]}").reshape(-1)
