"""Exchangeable units: what a permutation may move between the two windows.

Rows of one speaker, writer or document resemble each other, so permuting rows pretends to more
evidence than there is and cries wolf. Here the cluster moves as a whole:

- a cluster seen in one window only is one unit; these units are permuted among themselves;
- a cluster seen in *both* windows is two units that may only swap places, so that its own effect
  cancels instead of counting as a difference between the windows;
- a row without a cluster name is a unit of its own, and moves among its like only: a speaker is not
  exchangeable with a request that carried no audio. Without any clusters all rows are such units.

Under the null hypothesis that units are exchangeable, every split that these moves can reach is
equally likely. The number of distinct splits bounds the smallest p-value there can be.

Source: Good, *Permutation, Parametric and Bootstrap Tests of Hypotheses* (2005), ch. 3 and 6;
    Winkler et al., "Multi-level block permutation", NeuroImage 123 (2015).
Limits: exchangeability covers the clusters' sizes too. Where one window's clusters are much larger
    than the other's the test is exact only for statistics whose scale does not depend on the size;
    the statistics here are standardised by unit for that reason. Crossed clusters (a speaker and a
    writer in one row) need one judgement each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput

__all__ = ["Exchangeable", "clusters_needed"]

_MANY = 10**18
"""Splits counted at most: more than anybody draws. Those of 10,000 rows have 6,000 digits, and take 10 ms."""


@dataclass(frozen=True, eq=False)
class Exchangeable:
    """The units of two pooled windows, reference rows first.

    Args:
        of_row: ``(n,)`` int, the unit of each pooled row; units are ``0 .. size - 1``.
        in_current: ``(size,)`` bool, the window in which each unit was observed.
        partner: ``(size,)`` int, the unit that it may swap with; -1 for units that move freely.
        named: ``(size,)`` bool, False for rows that are units of their own.
        clustered: False when rows were taken as independent.

    Example:
        >>> units = Exchangeable.of(3, 2, ["ann", "ann", "bob"], ["bob", "cy"])
        >>> units.size, units.shared, units.splits
        (4, 1, 4)
        >>> Exchangeable.of(3, 2).splits
        10
    """

    of_row: NDArray[np.int64]
    in_current: NDArray[np.bool_]
    partner: NDArray[np.int64]
    named: NDArray[np.bool_]
    clustered: bool

    @classmethod
    def of(
        cls,
        n_reference: int,
        n_current: int,
        reference: ArrayLike | None = None,
        current: ArrayLike | None = None,
    ) -> Exchangeable:
        """Exchangeable of two windows, with cluster names per row or without.

        Names count only when both windows have them: with one side unknown nobody can say what
        repeats, and rows are taken as independent.

        Raises:
            BadInput: There is not one cluster name per row.
        """
        n = n_reference + n_current
        window = np.arange(n) >= n_reference
        if reference is None or current is None:
            return cls(np.arange(n), window, np.full(n, -1), np.zeros(n, dtype=np.bool_), clustered=False)
        names = np.concatenate([_names(reference, n_reference), _names(current, n_current)])
        _, cluster = np.unique(names, return_inverse=True)
        # Rows without a name become clusters of their own, numbered after the named ones.
        blank = names == ""
        cluster = np.where(blank, len(names) + np.arange(n), cluster)
        keys, of_row = np.unique(cluster * 2 + window, return_inverse=True)
        in_current = keys % 2 == 1
        partner = np.full(len(keys), -1)
        twins = np.flatnonzero(np.diff(keys // 2) == 0)
        partner[twins], partner[twins + 1] = twins + 1, twins
        return cls(of_row.reshape(-1), in_current, partner, keys // 2 < len(names), clustered=True)

    def of_rows(self, kept: NDArray[np.int64]) -> Exchangeable:
        """The units of some pooled rows; a cluster that loses one of its two windows moves freely.

        Args:
            kept: ``(k,)`` numbers of the rows kept, in order.
        """
        present, of_row = np.unique(self.of_row[kept], return_inverse=True)
        number = np.full(self.size + 1, -1)
        number[present] = np.arange(len(present))
        # Partner -1 looks up the last place, which is -1, as does a partner that is gone.
        partner = number[self.partner[present]]
        return Exchangeable(
            of_row.reshape(-1), self.in_current[present], partner, self.named[present], self.clustered
        )

    @property
    def size(self) -> int:
        """Number of units."""
        return len(self.in_current)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """``(size,)`` rows in each unit."""
        return np.bincount(self.of_row, minlength=self.size)

    @property
    def n_reference(self) -> int:
        """Exchangeable observed in the reference."""
        return int((~self.in_current).sum())

    @property
    def n_current(self) -> int:
        """Exchangeable observed in the current window."""
        return int(self.in_current.sum())

    @property
    def shared(self) -> int:
        """Clusters seen in both windows."""
        return int((self.partner >= 0).sum()) // 2

    @cached_property
    def free(self) -> tuple[NDArray[np.int64], ...]:
        """Groups of units that move freely among each other: clusters, then rows of their own."""
        alone = self.partner < 0
        groups = (np.flatnonzero(alone & self.named), np.flatnonzero(alone & ~self.named))
        return tuple(group for group in groups if group.size)

    @cached_property
    def splits(self) -> int:
        """Distinct splits that permutation can reach, the observed one included; 1e18 is that or more."""
        ways = math.prod(_choices(free.size, int(self.in_current[free].sum())) for free in self.free)
        return min(ways << min(self.shared, _MANY.bit_length()), _MANY)

    def refusal(self, level: float, permutations: int) -> str:
        """Why no p-value at or below ``level`` can come out, and what would do; empty if one can."""
        if 1 / self.splits > level:
            unit = "clusters" if self.clustered else "rows"
            wanted = clusters_needed(self.n_reference - self.shared, level, shared=self.shared)
            enough = (
                f"{self.shared + wanted} {unit} in the current window would do."
                if wanted is not None
                else f"More {unit} are needed in the reference too: no number in the window alone would do."
            )
            return (
                f"{self.n_reference} {unit} in the reference and {self.n_current} in the current window "
                f"allow {self.splits} distinct splits, so no p-value below {1 / self.splits:.2g} where "
                f"{level:.2g} is wanted; {enough}"
            )
        if min(permutations + 1, self.splits) * level < 1:
            return (
                f"{permutations} permutations allow no p-value below {1 / (permutations + 1):.2g} where "
                f"{level:.2g} is wanted; {math.ceil(1 / level) - 1} permutations would do."
            )
        return ""


def clusters_needed(reference: int, level: float, *, shared: int = 0) -> int | None:
    """Fewest clusters, seen in the current window only, whose splits allow a p-value of ``level``.

    Args:
        reference: Clusters seen in the reference only.
        level: p-value wanted.
        shared: Clusters seen in both windows.

    Returns:
        The number, or None where the reference has too few clusters for any number.

    Example:
        >>> clusters_needed(25, 0.003), clusters_needed(25, 0.0028), clusters_needed(0, 0.01)
        (2, 3, None)
    """
    if reference == 0:
        return 0 if 2**shared * level >= 1 else None
    return next(
        n for n in range(math.ceil(1 / level) + 1) if math.comb(reference + n, n) * 2**shared * level >= 1
    )


def _choices(n: int, k: int) -> int:
    """``n`` choose ``k``, at most :data:`_MANY`."""
    ways, k = 1, min(k, n - k)
    for i in range(1, k + 1):
        # C(n - k + i, i), which grows with i.
        ways = ways * (n - k + i) // i
        if ways >= _MANY:
            return _MANY
    return ways


def _names(clusters: ArrayLike, n: int) -> NDArray[np.str_]:
    names = np.asarray(clusters).astype(np.str_)
    if names.shape != (n,):
        raise BadInput(
            f"clusters: expected one name for each of {n} rows, got shape {names.shape}",
            remedy="Give one cluster name per row, an empty one where it is unknown.",
        )
    return names
