"""Clusters: which unit repeats (speaker, writer, document), for a modality and for an attribute.

Rows of one speaker are not independent. Whoever resamples must resample the unit that repeats, and
this module says which unit that is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.observations import Observations

__all__ = ["ClusterNames", "Units", "coarsest", "of_attribute", "of_modality", "rows"]

ClusterNames = Mapping[Modality, str] | Mapping[str, str]
"""Modality → attribute that names its repeating unit, as the project file's ``clusters`` says."""


@dataclass(frozen=True, eq=False)
class Units:
    """Which rows belong together.

    Args:
        name: Attribute that names the unit; None when rows were taken as independent.
        index: ``(n,)`` int64, number of the unit of each row, from 0 to ``count - 1``.
        count: Number of distinct units.
    """

    name: str | None
    index: NDArray[np.int64]
    count: int

    @classmethod
    def named(cls, name: str, values: NDArray[np.str_]) -> Units:
        """Units from their names; a row without a name is a unit of its own."""
        own = np.array([v or f"\0row {i}" for i, v in enumerate(values.tolist())], dtype=np.str_)
        distinct, index = np.unique(own, return_inverse=True)
        return cls(name, index.astype(np.int64).reshape(-1), len(distinct))

    def where(self, keep: NDArray[np.bool_]) -> Units:
        """The units of the rows kept, numbered anew."""
        distinct, index = np.unique(self.index[keep], return_inverse=True)
        return Units(self.name, index.astype(np.int64).reshape(-1), len(distinct))


def rows(n: int) -> Units:
    """Every row a unit of its own.

    Example:
        >>> rows(3).count
        3
    """
    return Units(None, np.arange(n, dtype=np.int64), n)


def of_modality(observations: Observations, modality: Modality, clusters: ClusterNames) -> Units | None:
    """The unit that repeats in one modality; None when nobody named it."""
    name = clusters.get(modality)
    if name is not None and name in observations.attributes:
        return Units.named(name, observations.attributes[name])
    columns = observations.modalities.get(modality)
    if columns is not None and columns.clusters is not None:
        return Units.named(name or f"{modality} cluster", columns.clusters)
    return None


def coarsest(observations: Observations, modalities: Sequence[Modality], clusters: ClusterNames) -> Units:
    """Of the units of several modalities, the one with the fewest distinct values; else rows.

    An answer that reads all modalities is at most as independent as its most repetitive input.
    """
    found = [u for m in modalities if (u := of_modality(observations, m, clusters)) is not None]
    return min(found, key=lambda u: u.count) if found else rows(len(observations))


def of_attribute(observations: Observations, attribute: str, clusters: ClusterNames) -> Units:
    """The unit to resample for one group attribute.

    ``speaker_gender`` shares its stem with the cluster attribute ``speaker_id``; ``audio_domain``
    starts with the name of the modality. Anything else is resampled by row.

    Limits: it reads names, so an attribute of the speaker that is named otherwise is resampled by
        row; name it ``speaker_...``.
    """
    stem = attribute.split("_", 1)[0]
    for modality, name in clusters.items():
        if stem in (name.split("_", 1)[0], modality):
            return of_modality(observations, Modality(modality), clusters) or rows(len(observations))
    return rows(len(observations))
