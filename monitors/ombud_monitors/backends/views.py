"""Views: one modality of two windows as plain matrices, the way other libraries want them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.observations import ModalityColumns, Observations
from ombud.domain.verdict import Contribution
from ombud_monitors.descriptors import quantities

__all__ = ["View", "causes", "moved", "views"]

_LARGEST_SCALED = 1e6


@dataclass(frozen=True, eq=False)
class View:
    """One window of one modality.

    Args:
        kind: ``embedding`` or ``descriptors``.
        rows: ``(n, d)`` float32, columns scaled by the reference's mean and deviation; complete
            rows only.
        clusters: Distinct repeating units among the rows; None where unknown.
    """

    kind: str
    rows: NDArray[np.float32]
    clusters: int | None


def views(reference: Observations, current: Observations, modality: Modality) -> tuple[View, View]:
    """Reference and current window of one modality on the same columns.

    Embeddings where both have them, else descriptors. Descriptor columns that are undefined for
    half of either window, or that do not vary in the reference, are left out.
    """
    before, after = reference.modalities.get(modality), current.modalities.get(modality)
    if before is None or after is None:
        empty = View("descriptors", np.zeros((0, 0), np.float32), None)
        return empty, empty
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    if before.embeddings is not None and after.embeddings is not None:
        kind, x, y = "embedding", before.embeddings.astype(np.float64), after.embeddings.astype(np.float64)
    else:
        kind, (x, y) = "descriptors", _shared_descriptors(before, after)
    mostly = _defined(x[before.present]) & _defined(y[after.present])
    scale = np.nanstd(x[:, mostly], axis=0) if len(x) and mostly.any() else np.zeros(int(mostly.sum()))
    varies = scale > 1e-12
    columns = np.flatnonzero(mostly)[varies]
    if not len(columns):
        return _view(kind, x[:, :0], before), _view(kind, y[:, :0], after)
    centre = np.nanmean(x[:, columns], axis=0)
    return (
        _view(kind, (x[:, columns] - centre) / scale[varies], before),
        _view(kind, (y[:, columns] - centre) / scale[varies], after),
    )


def causes(
    reference: Observations, current: Observations, modality: Modality, *, most: int = 3
) -> tuple[Contribution, ...]:
    """The descriptors that moved most, in standard deviations of the reference, largest first."""
    before, after = reference.modalities.get(modality), current.modalities.get(modality)
    if before is None or after is None:
        return ()
    return moved(modality, before, after)[:most]


def moved(modality: Modality, before: ModalityColumns, after: ModalityColumns) -> tuple[Contribution, ...]:
    """How every descriptor moved, largest first; a unit follows the name."""
    units = {q.name: q.unit for q in quantities(modality)}
    x, y = _shared_descriptors(before, after)
    names = [n for n in before.descriptor_names if n in after.descriptor_names]
    found = []
    for column, name in enumerate(names):
        one = x[np.isfinite(x[:, column]), column]
        other = y[np.isfinite(y[:, column]), column]
        if len(one) < 2 or len(other) < 2 or not one.std() > 1e-12:
            continue
        effect = float((other.mean() - one.mean()) / one.std())
        label = f"{name} ({units[name]})" if name in units else name
        found.append(Contribution(label, float(one.mean()), float(other.mean()), effect))
    return tuple(sorted(found, key=lambda c: -abs(c.effect)))


def _shared_descriptors(
    before: ModalityColumns, after: ModalityColumns
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    names = [n for n in before.descriptor_names if n in after.descriptor_names]
    return (
        before.descriptors[:, [before.descriptor_names.index(n) for n in names]],
        after.descriptors[:, [after.descriptor_names.index(n) for n in names]],
    )


def _defined(rows: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Columns that are finite in more than half of the rows."""
    if not len(rows):
        return np.zeros(rows.shape[1], dtype=np.bool_)
    mostly: NDArray[np.bool_] = np.isfinite(rows).mean(axis=0) > 0.5
    return mostly


def _view(kind: str, scaled: NDArray[np.float64], columns: ModalityColumns) -> View:
    whole = columns.present & np.isfinite(scaled).all(axis=1)
    rows = np.clip(scaled[whole], -_LARGEST_SCALED, _LARGEST_SCALED).astype(np.float32)
    clusters = None if columns.clusters is None else len(set(columns.clusters[whole].tolist()))
    return View(kind, rows, clusters)
