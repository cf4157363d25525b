"""Null: a population without a change, and the windows that are drawn from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.errors import BadInput
from ombud_monitors.simulate.rows import Rows
from ombud_monitors.simulate.shift import Shift

__all__ = ["REFERENCE_ROWS", "Endless", "Null", "Pair", "Pool"]

REFERENCE_ROWS = 500
"""Rows of a reference window where nothing else is said."""

R = TypeVar("R", bound=Rows)
Matrix = NDArray[np.float64]


class Pair(NamedTuple):
    """What a detector compares.

    Args:
        reference: ``(m, d)`` float64.
        current: ``(n, d)`` float64; no row of it comes from a row of the reference.

    Example:
        >>> from ombud_monitors.simulate import SHIFTS, pairs
        >>> reference, current = next(pairs(SHIFTS["gaussian.mean-one"], 100, 1, seed=0))
        >>> reference.shape, current.shape
        ((500, 32), (100, 32))
    """

    reference: Matrix
    current: Matrix


@dataclass(frozen=True, eq=False)
class Pool(Generic[R]):
    """A finite population: windows are drawn from it without replacement.

    The shift is applied to the whole population, windows are drawn afterwards, as in Rabanser et al.
    (2019): a shift that changes 10% of rows changes 10% of a window on average. Reference and current
    rows never stem from the same row of the population, so that without a shift the rows of a pair
    are exchangeable and permutation tests are exact.

    Args:
        rows: The population.
        embed: ``rows -> (n, d)`` numbers that a detector sees.
        pairs_per_copy: Pairs drawn from one shifted copy of the population. Shifting and embedding are
            what costs; a few pairs may share them. 1 draws all randomness anew for each pair.

    Limits: pairs overlap, because the population is finite, and pairs from one copy share the shift's
        randomness: rates over them speak of this population and vary a little more than a binomial
        count of independent pairs.

    Example:
        >>> from ombud_monitors.simulate.rows import Table
        >>> pool = Pool(Table(np.arange(40.0).reshape(20, 2)), lambda table: table.values)
        >>> pair = next(pool.pairs(None, 5, 1, seed=0, reference=10))
        >>> pair.reference.shape, pair.current.shape, set(pair.reference[:, 0]) & set(pair.current[:, 0])
        ((10, 2), (5, 2), set())
    """

    rows: R
    embed: Callable[[R], Matrix]
    pairs_per_copy: int = 10

    @cached_property
    def embedded(self) -> Matrix:
        """``(n, d)`` numbers of the population without a shift."""
        return self.embed(self.rows)

    def pairs(
        self, shift: Shift[R] | None, n: int, repeats: int, *, seed: int, reference: int = REFERENCE_ROWS
    ) -> Iterator[Pair]:
        """Pairs of windows. Equal seeds draw equal rows, whatever the shift.

        Raises:
            BadInput: The population has too few rows.
        """
        drawing, shifting = np.random.default_rng(seed).spawn(2)
        size = len(self.rows)
        values, position = self.embedded, np.arange(size)
        for number in range(repeats):
            if shift is not None and number % self.pairs_per_copy == 0:
                moved, origin = shift.moved(self.rows, shifting)
                values, position = self.embed(moved), np.full(size, -1)
                position[origin] = np.arange(len(moved))
            order = drawing.permutation(size)
            left = position[order[reference:]]
            left = left[left >= 0]
            if len(left) < n:
                raise BadInput(
                    f"windows: expected at least {n} rows beside a reference of {reference}, got {len(left)} "
                    f"of a population of {size}",
                    remedy="Draw smaller windows.",
                )
            yield Pair(self.embedded[order[:reference]], values[left[:n]])


@dataclass(frozen=True, eq=False)
class Endless(Generic[R]):
    """An infinite population: every window is drawn anew, all rows independent.

    Args:
        draw: ``(n, rng) -> rows``.
        embed: ``rows -> (n, d)`` numbers that a detector sees.

    Example:
        >>> from ombud_monitors.simulate.rows import Table
        >>> def dice(n, rng):
        ...     return Table(rng.integers(1, 7, size=(n, 1)).astype(float))
        >>> drawn = list(Endless(dice, lambda table: table.values).pairs(None, 40, 3, seed=0, reference=100))
        >>> [pair.current.shape for pair in drawn], len({pair.current.tobytes() for pair in drawn})
        ([(40, 1), (40, 1), (40, 1)], 3)
    """

    draw: Callable[[int, np.random.Generator], R]
    embed: Callable[[R], Matrix]

    def pairs(
        self, shift: Shift[R] | None, n: int, repeats: int, *, seed: int, reference: int = REFERENCE_ROWS
    ) -> Iterator[Pair]:
        """Pairs of windows. Equal seeds draw equal rows, whatever the shift."""
        drawing, shifting = np.random.default_rng(seed).spawn(2)
        for _ in range(repeats):
            before, after = self.draw(reference, drawing), self.draw(n, drawing)
            moved = after if shift is None else shift.apply(after, shifting)
            yield Pair(self.embed(before), self.embed(moved))


@dataclass(frozen=True, eq=False)
class Null(Generic[R]):
    """A population in which nothing changes.

    Args:
        code: Unique.
        title: One line for people.
        modality: What kind of input it holds.
        description: One sentence: what the rows are, and what a detector sees of them.
        build: Makes the source; called by :attr:`source` once.

    Example:
        >>> from ombud_monitors.simulate import NULLS
        >>> def difference(pair):
        ...     return abs(pair.current[:, 0].mean() - pair.reference[:, 0].mean())
        >>> clean = NULLS["gaussian"].pairs(100, 1000, seed=0, reference=100)
        >>> alarms = sum(difference(pair) > 1.96 * np.sqrt(2 / 100) for pair in clean)
        >>> alarms / 1000  # a test at the level .05
        0.048
    """

    code: str
    title: str
    modality: Modality
    description: str
    build: Callable[[], Pool[R] | Endless[R]]

    @cached_property
    def source(self) -> Pool[R] | Endless[R]:
        """Where windows come from; built when it is first asked for."""
        return self.build()

    def pairs(
        self,
        n: int,
        repeats: int,
        *,
        seed: int,
        reference: int = REFERENCE_ROWS,
        shift: Shift[Any] | None = None,
    ) -> Iterator[Pair]:
        """``repeats`` pairs of windows, without a change or with one.

        Args:
            n: Rows of a current window.
            repeats: Number of pairs.
            seed: Equal seeds give equal pairs.
            reference: Rows of a reference window.
            shift: The change; None for none.

        Raises:
            BadInput: Window sizes below 1, a shift of another null, or a population that is too small.
        """
        if min(n, repeats, reference) < 1:
            raise BadInput(
                f"windows: expected at least 1 row and 1 pair, got n = {n}, reference = {reference}, "
                f"repeats = {repeats}",
                remedy="Ask for at least one of each.",
            )
        if shift is not None and shift.null != self.code:
            raise BadInput(
                f"shift {shift.code} departs from {shift.null}, not from {self.code}",
                remedy=f"Draw from the null {shift.null}.",
            )
        return self.source.pairs(shift, n, repeats, seed=seed, reference=reference)
