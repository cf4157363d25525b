"""The one shape of every two-sample detector: fit on a reference window, test a current one.

A detector is a recipe (a frozen dataclass of settings), ``fit`` binds it to a reference window, and
the fitted detector answers about any number of current windows. Arrays are ``(n, d)``, one row per
request. The same seed gives the same verdict.

A bare detector knows nothing about modalities or budgets: its verdicts report under
:data:`FEATURES`, graded "changed", at the detector's own ``level``. A monitor of the
:mod:`ombud_monitors.panel` turns them into claims about a modality.

Example:
    >>> import numpy as np
    >>> from ombud_monitors.two_sample import MMD
    >>> rng = np.random.default_rng(0)
    >>> fitted = MMD(permutations=100).fit(rng.normal(size=(80, 4)))
    >>> fitted.test(rng.normal(size=(60, 4)), seed=1).outcome.value
    'quiet'
    >>> fitted.test(rng.normal(1.0, size=(60, 4)), seed=1).outcome.value
    'drift'
"""

from __future__ import annotations

import hashlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.domain.modality import Modality
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud.errors import BadInput

__all__ = ["FEATURES", "Detector", "Fitted", "declined", "digest", "matrix", "same_kind", "same_width"]

FEATURES = Modality("features")
"""The name under which a bare detector reports: columns of numbers of no particular modality."""


class Fitted(Protocol):
    """A detector that has seen its reference window."""

    @property
    def digest(self) -> str:
        """``sha256:<hex>`` of the reference rows and clusters that it was fitted on."""
        ...

    def test(self, current: ArrayLike, *, clusters: ArrayLike | None = None, seed: int) -> Verdict:
        """Compare a current window ``(n, d)`` with the reference.

        Args:
            current: ``(n, d)`` numbers.
            clusters: ``(n,)`` names of the unit that repeats; None assumes independent rows.
            seed: Seed of every random choice.

        Raises:
            BadInput: The window's shape or content cannot be compared with the reference.
        """
        ...


class Detector(Protocol):
    """A recipe for comparing two windows."""

    @property
    def name(self) -> str:
        """Name in the catalogue, e.g. ``mmd``."""
        ...

    def fit(self, reference: ArrayLike, *, clusters: ArrayLike | None = None) -> Fitted:
        """Bind the recipe to a reference window ``(n, d)``.

        Raises:
            BadInput: The reference is empty, not numeric, or its clusters do not fit its rows.
        """
        ...


def matrix(values: ArrayLike, *, window: str, undefined: bool = False) -> NDArray[Any]:
    """``values`` as ``(n, d)`` floats, checked; float32 stays float32, all else becomes float64.

    Args:
        values: ``(n,)`` or ``(n, d)`` numbers; a vector is one column.
        window: Which window it is, for the message.
        undefined: Whether NaN cells are allowed (they mean "undefined here").

    Raises:
        BadInput: Empty, not numeric, of another dimension, infinite, masked, or NaN where not allowed.

    Example:
        >>> matrix([1, 2, 3], window="reference").shape
        (3, 1)
    """
    if isinstance(values, np.ma.MaskedArray) and bool(np.any(values.mask)):
        raise BadInput(
            f"{window} window: masked cells hold numbers that mean nothing",
            remedy="Drop those rows, or fill the cells before.",
        )
    given = np.asarray(values)
    try:
        if given.dtype.kind not in "biuf":
            raise TypeError(given.dtype)
        x = given if given.dtype == np.float32 else given.astype(np.float64, copy=False)
    except (TypeError, ValueError) as problem:
        raise BadInput(
            f"{window} window: expected numbers, got {given.dtype}",
            remedy="Turn categories into numbers (codes, embeddings) first.",
        ) from problem
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or 0 in x.shape:
        raise BadInput(
            f"{window} window: expected a non-empty (n, d) array, got shape {x.shape}",
            remedy="Give one row per request and one column per feature.",
        )
    # A sum is finite only if all its terms are: one cheap pass where nothing is wrong.
    # Where a sum overflows nothing need be wrong, and the cells are looked at one by one.
    with np.errstate(over="ignore", invalid="ignore"):
        clean = bool(np.isfinite(x.sum()))
    bad = np.zeros(x.shape, np.bool_) if clean else np.isinf(x) if undefined else ~np.isfinite(x)
    if bad.any():
        columns = np.flatnonzero(bad.any(axis=0))[:5].tolist()
        raise BadInput(
            f"{window} window: {int(bad.sum())} cells are not finite (columns {columns})",
            remedy="Drop those rows, or repair the step that computes these features.",
        )
    return x


def same_width(reference: NDArray[Any], current: NDArray[Any]) -> None:
    """Refuse windows of different width.

    Raises:
        BadInput: The windows do not have the same number of columns.

    Example:
        >>> same_width(np.zeros((9, 384)), np.zeros((9, 512)))
        Traceback (most recent call last):
        ombud.errors.BadInput: current window: expected 384 columns as in the reference, got 512 ...
    """
    if reference.shape[1] != current.shape[1]:
        raise BadInput(
            f"current window: expected {reference.shape[1]} columns as in the reference, "
            f"got {current.shape[1]}",
            remedy="Compute both windows with the same version of the model and its descriptors.",
        )


def same_kind(reference: str, current: str) -> None:
    """Refuse windows of different kinds of number: codes are not measurements, flags are neither.

    Args:
        reference: ``dtype.kind`` of the reference as it was given.
        current: ``dtype.kind`` of the current window as it was given.

    Raises:
        BadInput: One window holds whole numbers or flags and the other one measurements.

    Example:
        >>> same_kind("i", "u")
        >>> same_kind("f", "i")
        Traceback (most recent call last):
        ombud.errors.BadInput: current window: expected floating-point numbers ...
    """
    kinds = {"f": "floating-point numbers", "i": "integers", "u": "integers", "b": "flags (booleans)"}
    if kinds[reference] != kinds[current]:
        raise BadInput(
            f"current window: expected {kinds[reference]} as in the reference, got {kinds[current]}",
            remedy="Compute both windows in the same way, or convert both to floating point.",
        )


def digest(*arrays: NDArray[Any] | None) -> str:
    """``sha256:<hex>`` over shapes, types and bytes of arrays, in order.

    Example:
        >>> digest(np.zeros(2)) == digest(np.zeros(2)) != digest(np.zeros(3))
        True
    """
    total = hashlib.sha256()
    for array in arrays:
        kept = np.zeros(0) if array is None else np.ascontiguousarray(array)
        total.update(f"{array is None}{kept.dtype.str}{kept.shape}".encode())
        total.update(kept.tobytes())
    return f"sha256:{total.hexdigest()}"


def declined(detector: str, reason: str, *, n_reference: int, n_current: int) -> Verdict:
    """A bare detector's "not applicable", with the reason.

    Args:
        detector: Its name in the catalogue.
        reason: A sentence for people, with what would do.
        n_reference: Rows of the reference.
        n_current: Rows of the current window.

    Example:
        >>> verdict = declined("mmd", "1 row in the window; 2 would do.", n_reference=500, n_current=1)
        >>> verdict.fired, verdict.outcome.value, verdict.p_value
        (False, 'not_applicable', None)
    """
    return Verdict(
        monitor=detector,
        modality=FEATURES,
        detector=detector,
        outcome=Outcome.NOT_APPLICABLE,
        grade=Grade.CHANGED,
        n_reference=n_reference,
        n_current=n_current,
        reason=reason,
    )
