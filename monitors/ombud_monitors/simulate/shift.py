"""Shift: a change of known size, as a pure function of rows and a random generator."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from ombud.domain.modality import Modality
from ombud.errors import BadInput
from ombud_monitors.simulate.rows import Index, Rows

__all__ = ["SWITCH", "TABLE", "Shift", "some_rows"]

TABLE = Modality("table")
"""Numbers in columns: not an input of a multimodal model, but what detectors are first tried on."""

SWITCH = "0 (off) or 1 (on)"
"""Unit of a shift that has no size between nothing and all of it."""

R = TypeVar("R", bound=Rows)


@dataclass(frozen=True, eq=False)
class Shift(Generic[R]):
    """One change of known size.

    Args:
        code: Unique, ``domain.name``, for example ``image.defocus-blur``.
        title: One line for people.
        modality: What kind of input it changes.
        null: Code of the null that it departs from: the population before the change.
        size: How much, in ``unit``; 0 is no change.
        unit: Unit of ``size``.
        wording: One sentence that says what is done, with ``{size}`` where the size belongs.
        source: Where the shift comes from.
        transform: ``(rows, size, rng) -> rows``, as many rows as it was given, in their order.
        largest: Largest size that is defined.
        keep: For a shift that removes rows: ``(rows, size, rng) -> index`` of those that stay.

    Raises:
        BadInput: The size is not a number between 0 and ``largest``.

    Example:
        >>> from ombud_monitors.simulate import SHIFTS, Table
        >>> shift = SHIFTS["gaussian.norm-10"].at(0.5)
        >>> shift.description
        'Every row is multiplied by 1 + 0.5: scale grows, direction stays.'
        >>> shift.apply(Table(np.array([[3.0, 4.0]])), np.random.default_rng(0)).values
        array([[4.5, 6. ]])
        >>> shift.at(-1)
        Traceback (most recent call last):
        ombud.errors.BadInput: shift gaussian.norm-10: expected a size from 0 to inf (share of the norm), ...
    """

    code: str
    title: str
    modality: Modality
    null: str
    size: float
    unit: str
    wording: str
    source: str
    transform: Callable[[R, float, np.random.Generator], R]
    largest: float = math.inf
    keep: Callable[[R, float, np.random.Generator], Index] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.size <= self.largest or math.isinf(self.size):
            raise BadInput(
                f"shift {self.code}: expected a size from 0 to {self.largest:g} ({self.unit}), "
                f"got {self.size}",
                remedy="Choose a size in that range.",
            )

    @property
    def description(self) -> str:
        """What is done, with its size."""
        return self.wording.format(size=self.size)

    def at(self, size: float) -> Shift[R]:
        """The same shift with another size.

        Raises:
            BadInput: The size is not a number between 0 and ``largest``.
        """
        return replace(self, size=size)

    def apply(self, rows: R, rng: np.random.Generator) -> R:
        """The rows after the shift; the argument is left as it was.

        Args:
            rows: At least one row.
            rng: All randomness of the shift; equal seeds give equal rows.

        Raises:
            BadInput: No rows, or rows that this shift cannot change (no labels to knock out, ...).
        """
        return self.moved(rows, rng)[0]

    def moved(self, rows: R, rng: np.random.Generator) -> tuple[R, Index]:
        """As :meth:`apply`, with the index of the row that each row was made from.

        Raises:
            BadInput: As :meth:`apply`.
        """
        if not len(rows):
            raise BadInput(f"shift {self.code}: expected rows, got none", remedy="Give at least one row.")
        everything = np.arange(len(rows))
        if self.size == 0:
            return rows, everything
        kept = everything if self.keep is None else self.keep(rows, self.size, rng)
        return self.transform(rows if self.keep is None else rows.take(kept), self.size, rng), kept


def some_rows(rows: int, share: float, rng: np.random.Generator) -> Index:
    """A random ``share`` of the row numbers below ``rows``.

    A share that is no whole number of rows is rounded up or down at random, so that it is right on
    average; with equal seeds a larger share contains the smaller one.

    Example:
        >>> len(some_rows(200, 0.05, np.random.default_rng(0)))
        10
    """
    number = math.floor(share * rows + rng.random())
    return rng.permutation(rows)[:number]
