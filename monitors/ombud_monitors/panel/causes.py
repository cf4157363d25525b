"""Causes: which named quantities moved most, for the person who reads the alert."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.observations import Observations
from ombud.domain.verdict import Contribution
from ombud_monitors.crossmodal import conflict_rates
from ombud_monitors.performance.estimated import confidence

__all__ = ["confidence_causes", "conflict_causes", "descriptor_causes"]

MOST = 5
FEWEST_VALUES = 5


def descriptor_causes(
    modality: Modality, reference: Observations, current: Observations
) -> tuple[Contribution, ...]:
    """Descriptors of one modality that moved most, by standardised difference of means."""
    ours, theirs = reference.modalities.get(modality), current.modalities.get(modality)
    if ours is None or theirs is None:
        return ()
    before = dict(zip(ours.descriptor_names, ours.descriptors.T, strict=True))
    after = dict(zip(theirs.descriptor_names, theirs.descriptors.T, strict=True))
    return _largest({name: (before[name], after[name]) for name in before if name in after})


def confidence_causes(reference: Observations, current: Observations) -> tuple[Contribution, ...]:
    """Single-modality confidences that moved most: which branch pulls the final answer down."""
    moved = {}
    for modality, columns in reference.modalities.items():
        other = current.modalities.get(modality)
        if columns.probabilities is not None and other is not None and other.probabilities is not None:
            name = f"{modality}.confidence"
            moved[name] = (confidence(columns.probabilities), confidence(other.probabilities))
        if other is not None:
            name = f"{modality}.present"
            moved[name] = (columns.present.astype(np.float64), other.present.astype(np.float64))
    return _largest(moved)


def conflict_causes(reference: Observations, current: Observations) -> tuple[Contribution, ...]:
    """Pairs of modalities whose disagreement moved most."""
    before, after = conflict_rates(reference), conflict_rates(current)
    return _largest({f"{a}≠{b}": (before[a, b], after[a, b]) for a, b in before if (a, b) in after})


def _largest(
    pairs: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> tuple[Contribution, ...]:
    found = []
    for name, (before, after) in pairs.items():
        x, y = before[np.isfinite(before)], after[np.isfinite(after)]
        if min(len(x), len(y)) < FEWEST_VALUES:
            continue
        # A quantity that was constant in the reference has no unit of its own: use both windows.
        spread = float(x.std()) or float(np.concatenate([x, y]).std())
        change = float(y.mean() - x.mean())
        if spread > 0 and change != 0:
            found.append(Contribution(name, float(x.mean()), float(y.mean()), change / spread))
    return tuple(sorted(found, key=lambda c: -abs(c.effect))[:MOST])
