"""Grouping: which rows belong to which group of an attribute, and how chance would have dealt them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud.domain.observations import Observations
from ombud_monitors.clusters import ClusterNames, Units, of_attribute

__all__ = ["Grouping", "grouping"]

_Codes = NDArray[np.int64]
_SEPARATOR = " × "


@dataclass(frozen=True, eq=False)
class Grouping:
    """Rows divided by one attribute, or by an intersection of several.

    Args:
        name: Attribute, or attributes joined by ``×``.
        groups: Group names.
        codes: ``(n,)`` index into ``groups``; -1 where a value is not recorded.
        units: The unit that is resampled.
        parts: Per attribute: codes and unit, from which chance deals anew.
    """

    name: str
    groups: tuple[str, ...]
    codes: _Codes
    units: Units
    parts: tuple[tuple[_Codes, Units], ...]

    def where(self, keep: NDArray[np.bool_]) -> Grouping:
        """The rows kept; groups stay as they are."""
        parts = tuple((codes[keep], units.where(keep)) for codes, units in self.parts)
        return Grouping(self.name, self.groups, self.codes[keep], self.units.where(keep), parts)

    def only(self, keep: NDArray[np.bool_], groups: _Codes) -> Grouping:
        """The rows kept, and of the groups only these, numbered anew."""
        kept = self.where(keep)
        new = np.full(len(self.groups), -1, dtype=np.int64)
        new[groups] = np.arange(len(groups))
        names = tuple(self.groups[g] for g in groups.tolist())
        return Grouping(self.name, names, new[kept.codes], kept.units, kept.parts)

    def units_per_group(self) -> NDArray[np.int64]:
        """``(groups,)`` distinct units among the rows of each group."""
        found = [len(np.unique(self.units.index[self.codes == g])) for g in range(len(self.groups))]
        return np.array(found, dtype=np.int64)

    def shuffler(self) -> Callable[[np.random.Generator], _Codes]:
        """A function that deals the groups anew as chance would; no row may be unrecorded.

        Each attribute of an intersection is dealt on its own, by its own unit.
        """
        dealers = [_dealer(codes, units) for codes, units in self.parts]
        table = self._table()

        def shuffle(rng: np.random.Generator) -> _Codes:
            return table[tuple(deal(rng) for deal in dealers)]

        return shuffle

    def log_arrangements(self) -> float:
        """Natural logarithm of the number of ways in which chance could deal the groups."""
        return sum(_log_arrangements(codes, units) for codes, units in self.parts)

    def _table(self) -> _Codes:
        """Group of each combination of the parts' codes; -1 where no row has it."""
        table = np.full([int(codes.max(initial=0)) + 1 for codes, _ in self.parts], -1, dtype=np.int64)
        table[tuple(codes for codes, _ in self.parts)] = self.codes
        return table


def grouping(observations: Observations, attributes: Sequence[str], clusters: ClusterNames) -> Grouping:
    """Divide rows by one attribute, or by the intersection of several.

    The unit of an intersection is the coarsest of its attributes' units.
    """
    parts = []
    recorded = np.ones(len(observations), dtype=np.bool_)
    names: list[NDArray[np.str_]] = []
    for attribute in attributes:
        values = observations.attributes[attribute]
        recorded &= values != ""
        _, codes = np.unique(values, return_inverse=True)
        parts.append((codes.astype(np.int64).reshape(-1), of_attribute(observations, attribute, clusters)))
        names.append(values)
    joined = np.array([_SEPARATOR.join(row) for row in zip(*(v.tolist() for v in names), strict=True)])
    groups = tuple(sorted(set(joined[recorded].tolist())))
    index = {group: g for g, group in enumerate(groups)}
    pairs = zip(joined.tolist(), recorded.tolist(), strict=True)
    codes = np.array([index[value] if known else -1 for value, known in pairs], dtype=np.int64)
    units = min((u for _, u in parts), key=lambda u: u.count)
    return Grouping(_SEPARATOR.join(attributes), groups, codes, units, tuple(parts))


def _crossed(codes: _Codes, units: Units) -> bool:
    """Whether most rows lie in units that have several groups."""
    several = _distinct_pairs(codes, units) > 1
    return bool(several[units.index].mean() >= 0.5) if len(codes) else False


def _distinct_pairs(codes: _Codes, units: Units) -> _Codes:
    pairs = np.unique(np.stack([units.index, codes]), axis=1)
    return np.bincount(pairs[0], minlength=units.count).astype(np.int64)


def _dealer(codes: _Codes, units: Units) -> Callable[[np.random.Generator], _Codes]:
    """Deal one attribute: within units where they are mixed, whole units where they are not.

    A unit that is mixed although most are not counts as one unit per group.
    """
    if _crossed(codes, units):
        order = np.argsort(units.index, kind="stable")
        by_unit, owner = codes[order], units.index[order]

        def within(rng: np.random.Generator) -> _Codes:
            dealt = np.empty_like(codes)
            dealt[order] = by_unit[np.lexsort((rng.random(len(codes)), owner))]
            return dealt

        return within
    pairs, member = np.unique(np.stack([units.index, codes]), axis=1, return_inverse=True)
    of_unit, member = pairs[1], member.reshape(-1)
    return lambda rng: rng.permutation(of_unit)[member]


def _log_arrangements(codes: _Codes, units: Units) -> float:
    if not len(codes):
        return 0.0
    pairs, sizes = np.unique(np.stack([units.index, codes]), axis=1, return_counts=True)
    if _crossed(codes, units):
        total = sum(math.lgamma(n + 1) for n in np.bincount(units.index).tolist())
        return total - sum(math.lgamma(n + 1) for n in sizes.tolist())
    counts = np.bincount(pairs[1])
    return math.lgamma(pairs.shape[1] + 1) - sum(math.lgamma(n + 1) for n in counts.tolist())
