"""The explicit lists: every null and every shift that the public calibration runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ombud.errors import BadInput
from ombud_monitors.simulate.audio import AUDIO_NULL, AUDIO_SHIFTS
from ombud_monitors.simulate.digits import DIGITS_NULL, DIGITS_SHIFTS
from ombud_monitors.simulate.gaussian import GAUSSIAN_NULLS, GAUSSIAN_SHIFTS
from ombud_monitors.simulate.image import IMAGE_NULL, IMAGE_SHIFTS
from ombud_monitors.simulate.null import REFERENCE_ROWS, Null, Pair
from ombud_monitors.simulate.shift import Shift
from ombud_monitors.simulate.text import TEXT_NULL, TEXT_SHIFTS

__all__ = ["NULLS", "SHIFTS", "pairs"]

_NULLS: tuple[Null[Any], ...] = (DIGITS_NULL, *GAUSSIAN_NULLS, IMAGE_NULL, AUDIO_NULL, TEXT_NULL)
_SHIFTS: tuple[Shift[Any], ...] = (
    *DIGITS_SHIFTS,
    *GAUSSIAN_SHIFTS,
    *IMAGE_SHIFTS,
    *AUDIO_SHIFTS,
    *TEXT_SHIFTS,
)

NULLS: Mapping[str, Null[Any]] = MappingProxyType({null.code: null for null in _NULLS})
"""Code → null, in display order."""

SHIFTS: Mapping[str, Shift[Any]] = MappingProxyType({shift.code: shift for shift in _SHIFTS})
"""Code → shift, in display order."""


def pairs(
    change: Null[Any] | Shift[Any],
    n: int,
    repeats: int,
    *,
    seed: int,
    reference: int = REFERENCE_ROWS,
) -> Iterator[Pair]:
    """Pairs of windows for one shift, or for one null.

    Windows are drawn one pair at a time, and populations are built, shifted and embedded as seldom as
    their source allows, so a power over thousands of pairs costs little more than its tests.

    Args:
        change: A shift of :data:`SHIFTS`, that shift ``.at(size)``, or a null of :data:`NULLS`.
        n: Rows of a current window.
        repeats: Number of pairs.
        seed: Equal seeds draw the same rows of a population, whatever the shift.
        reference: Rows of a reference window.

    Raises:
        BadInput: Sizes below 1, a population too small, or a shift whose null is not on the list.

    Example:
        >>> import numpy as np
        >>> drawn = list(pairs(SHIFTS["gaussian.mean-one"].at(2.0), 200, 3, seed=0))
        >>> [bool(np.mean(p.current[:, 0]) - np.mean(p.reference[:, 0]) > 1.5) for p in drawn]
        [True, True, True]
    """
    if isinstance(change, Null):
        return change.pairs(n, repeats, seed=seed, reference=reference)
    if change.null not in NULLS:
        raise BadInput(
            f"shift {change.code}: its null {change.null!r} is not one of {sorted(NULLS)}",
            remedy="Build a Null of your own and call its pairs(shift=...).",
        )
    return NULLS[change.null].pairs(n, repeats, seed=seed, reference=reference, shift=change)
