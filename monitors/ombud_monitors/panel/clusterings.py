"""Clusterings: which columns of two windows name the unit that repeats."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import CROSS_MODAL, FUSED, Modality
from ombud.domain.observations import Observations
from ombud_monitors.two_sample import Exchangeable

__all__ = ["exchangeable_units", "independence_note"]


def exchangeable_units(
    modality: Modality,
    reference: Observations,
    current: Observations,
    keep_reference: NDArray[np.bool_],
    keep_current: NDArray[np.bool_],
) -> Mapping[str, Exchangeable]:
    """Every clustering under which a claim about ``modality`` has to hold.

    A claim about one input has one clustering, that input's. A claim about the final answer or about
    what lies between inputs depends on all of them, so it has one for every modality whose clusters
    are known in both windows: a row without that modality is a unit of its own.

    Args:
        modality: What is watched.
        reference: Reference window, ``n`` rows.
        current: Current window, ``m`` rows.
        keep_reference: ``(n,)`` rows used.
        keep_current: ``(m,)`` rows used.

    Returns:
        Modality whose clusters move → units; the one key ``""`` when rows are taken as independent.
    """
    sources = tuple(reference.modalities) if modality in (FUSED, CROSS_MODAL) else (modality,)
    sizes = int(keep_reference.sum()), int(keep_current.sum())
    found = {}
    for source in sources:
        ours = _names(reference, source)
        theirs = _names(current, source)
        if ours is not None and theirs is not None:
            found[str(source)] = Exchangeable.of(*sizes, ours[keep_reference], theirs[keep_current])
    return found or {"": Exchangeable.of(*sizes)}


def independence_note(clusterings: Mapping[str, Exchangeable], judged: str) -> str:
    """What was assumed about independence, as a sentence; empty where nothing needs saying."""
    if judged == "":
        return "No clusters are known in both windows: rows were taken as independent."
    if len(clusterings) > 1:
        return (
            f"Judged under the clusters of {', '.join(clusterings)} in turn; the largest p-value, that of "
            f"{judged}, counts."
        )
    return ""


def _names(observations: Observations, modality: Modality) -> NDArray[np.str_] | None:
    columns = observations.modalities.get(modality)
    if columns is None or columns.clusters is None:
        return None
    return np.where(columns.present, columns.clusters, "")
