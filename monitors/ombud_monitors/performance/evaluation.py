"""Evaluation: how good one version is on one data set, in numbers with intervals.

The document that comes out is evidence: the gate reads it, the model card quotes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality
from ombud.domain.observations import Observations
from ombud_monitors.calibration import expected_calibration_error, reliability
from ombud_monitors.clusters import ClusterNames, Units, coarsest, of_attribute
from ombud_monitors.number import Number
from ombud_monitors.resampling import interval_of_mean, interval_of_share

__all__ = ["evaluate"]

_SMALLEST_PROBABILITY = 1e-7


def evaluate(
    full: Observations,
    only: Mapping[Modality, Observations],
    without: Mapping[Modality, Observations],
    *,
    dataset: Mapping[str, Any],
    group_attributes: Sequence[str] = (),
    clusters: ClusterNames | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Judge one version on one labelled data set.

    Intervals are 95%: cluster bootstrap where a unit repeats (for the fused output the modality
    with the fewest distinct units), Wilson's otherwise. A failed answer counts as wrong.

    Args:
        full: All modalities as they came.
        only: Per modality the answers with nothing else; rows that lack it are left out.
        without: Per modality the answers without it; rows that have nothing else are left out.
        dataset: ``name``, ``digest``, ``n``, ``synthetic``, quoted as they are.
        group_attributes: Attributes to break accuracy down by.
        clusters: Modality → attribute that names the repeating unit.
        seed: Seed of the resampling.

    Returns:
        A JSON object: ``dataset``, ``metrics``, ``groups``, ``labels``, ``confusion`` (rows are
        truth, columns predictions), ``failed`` (labelled rows without an answer) and
        ``reliability`` (the table behind the calibration error).
    """
    named: ClusterNames = clusters or {}
    modalities = tuple(full.modalities)
    metrics: dict[str, Number] = {}
    whole = coarsest(full, modalities, named)
    metrics["accuracy.fused"] = _accuracy(full, whole, _everything(full), seed)
    metrics["log_loss.fused"] = _log_loss(full, whole, seed)
    metrics["calibration_error.fused"] = expected_calibration_error(
        full.probabilities, full.truth, units=whole, seed=seed
    )
    for modality, part in only.items():
        unit, here = coarsest(part, (modality,), named), _carries(part, (modality,))
        metrics[f"accuracy.only.{modality}"] = _accuracy(part, unit, here, seed)
        metrics[f"calibration_error.only.{modality}"] = expected_calibration_error(
            part.probabilities[here], part.truth[here], units=unit.where(here), seed=seed
        )
    for modality, part in without.items():
        others = tuple(m for m in modalities if m != modality)
        unit, here = coarsest(part, others, named), _carries(part, others)
        metrics[f"accuracy.without.{modality}"] = _accuracy(part, unit, here, seed)
    return {
        "dataset": dict(dataset),
        "metrics": {name: number.to_json() for name, number in metrics.items()},
        "groups": _groups(full, group_attributes, named, seed),
        "labels": list(full.labels),
        "confusion": _confusion(full).tolist(),
        "failed": int(((full.predicted < 0) & (full.truth >= 0)).sum()),
        "reliability": _reliability(full),
    }


def _everything(part: Observations) -> NDArray[np.bool_]:
    return np.ones(len(part), dtype=np.bool_)


def _carries(part: Observations, modalities: Sequence[Modality]) -> NDArray[np.bool_]:
    """Rows with at least one of the modalities; all rows where presence is not recorded."""
    known = [part.modalities[m].present for m in modalities if m in part.modalities]
    carried: NDArray[np.bool_] = np.any(known, axis=0) if known else _everything(part)
    return carried


def _accuracy(part: Observations, units: Units, rows: NDArray[np.bool_], seed: int) -> Number:
    judged = rows & (part.truth >= 0)
    if not judged.any():
        return Number.unknown(0, "share", "no labelled rows that carry this input")
    return interval_of_share(part.correct[judged], units.where(judged), seed=seed)


def _log_loss(part: Observations, units: Units, seed: int) -> Number:
    judged = (part.truth >= 0) & (part.predicted >= 0)
    if not judged.any():
        return Number.unknown(0, "nats", "no labelled rows with an answer")
    of_truth = part.probabilities[judged, part.truth[judged]].astype(np.float64)
    loss = -np.log(np.clip(of_truth, _SMALLEST_PROBABILITY, 1.0))
    return interval_of_mean(loss, units.where(judged), unit="nats", seed=seed)


def _groups(
    full: Observations, attributes: Sequence[str], clusters: ClusterNames, seed: int
) -> list[dict[str, Any]]:
    table = []
    for attribute in attributes:
        values = full.attributes.get(attribute)
        if values is None:
            continue
        units = of_attribute(full, attribute, clusters)
        for group in sorted(set(values.tolist()) - {""}):
            inside = values == group
            judged = inside & (full.truth >= 0)
            table.append(
                {
                    "attribute": attribute,
                    "group": group,
                    "n": int(judged.sum()),
                    "clusters": units.where(judged).count if units.name else None,
                    "accuracy": _accuracy(full, units, inside, seed).to_json(),
                }
            )
    return table


def _confusion(full: Observations) -> NDArray[np.int64]:
    counts = np.zeros((len(full.labels), len(full.labels)), dtype=np.int64)
    judged = (full.truth >= 0) & (full.predicted >= 0)
    np.add.at(counts, (full.truth[judged], full.predicted[judged]), 1)
    return counts


def _reliability(full: Observations) -> list[dict[str, float]]:
    return [
        {
            "n": b.n,
            "confidence": round(b.confidence, 6),
            "accuracy": round(b.accuracy, 6),
            "accuracy_low": round(b.accuracy_low, 6),
            "accuracy_high": round(b.accuracy_high, 6),
        }
        for b in reliability(full.probabilities, full.truth)
    ]
