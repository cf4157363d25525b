"""The data sheet: what the data is, counted and digested, for the model card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ombud.domain.modality import TEXT, Modality
from ombud.domain.sample import Dataset
from ombud_monitors.clusters import ClusterNames
from ombud_monitors.data_quality.separation import shared

__all__ = ["data_sheet"]

_LARGEST_LISTING = 50


def data_sheet(
    splits: Mapping[str, Dataset],
    *,
    modalities: Sequence[Modality],
    labels: Sequence[str],
    clusters: ClusterNames,
    attributes: Sequence[str] = (),
    name: str = "",
) -> dict[str, Any]:
    """Describe data by counts and digests; it holds no payload and no id of a person.

    Args:
        splits: Name → data set.
        modalities: Modalities that the model reads.
        labels: The task's classes; each is listed even when a split has none of it.
        clusters: Modality → attribute that names the repeating unit.
        attributes: Group attributes to count; one with more than 50 values is only counted.
        name: Name of the data; by default the first split's.

    Returns:
        A JSON object: ``name``, ``synthetic``, ``provenance``, ``licence``, ``splits``,
        ``attributes`` (attribute → group → rows), ``clusters`` (attribute → split → distinct
        units), ``disjoint`` (cluster attribute → whether no two splits share a value) and
        ``schema`` (columns).

    Source: Gebru et al., "Datasheets for Datasets" (2021), the composition section.
    """
    units = list(dict.fromkeys(clusters.values()))
    return {
        "name": name or next((split.name for split in splits.values()), ""),
        "synthetic": any(split.synthetic for split in splits.values()),
        "provenance": _joined(split.provenance for split in splits.values()),
        "licence": _joined(split.licence for split in splits.values()),
        "splits": {split: _split(data, modalities, labels) for split, data in splits.items()},
        "attributes": {attribute: _groups(splits, attribute) for attribute in attributes},
        "clusters": {unit: {s: _distinct(data, unit) for s, data in splits.items()} for unit in units},
        "disjoint": {unit: not shared(splits, unit) for unit in units},
        "schema": _schema(modalities, dict.fromkeys([*attributes, *units])),
    }


def _split(data: Dataset, modalities: Sequence[Modality], labels: Sequence[str]) -> dict[str, Any]:
    counts = Counter(sample.label for sample in data)
    listed = {label: counts.pop(label, 0) for label in labels}
    unlabelled = counts.pop(None, 0)
    listed |= {str(label): n for label, n in sorted(counts.items(), key=lambda pair: str(pair[0]))}
    present = Counter(modality for sample in data for modality in sample.present)
    return {
        "n": len(data),
        "digest": data.digest,
        "labels": listed,
        "unlabelled": unlabelled,
        "modalities": {modality: present[modality] for modality in modalities},
    }


def _groups(splits: Mapping[str, Dataset], attribute: str) -> dict[str, int]:
    counts = Counter(value for data in splits.values() for value in data.attribute(attribute).tolist())
    unrecorded = counts.pop("", 0)
    if len(counts) > _LARGEST_LISTING:
        listed = {f"({len(counts)} values)": sum(counts.values())}
    else:
        listed = dict(sorted(counts.items()))
    return listed | ({"(not recorded)": unrecorded} if unrecorded else {})


def _distinct(data: Dataset, attribute: str) -> int:
    return len(set(data.attribute(attribute).tolist()) - {""})


def _schema(modalities: Sequence[Modality], attributes: Iterable[str]) -> list[dict[str, Any]]:
    columns = [("id", "string", False), ("label", "string", False)]
    columns += [(m, "string" if m == TEXT else "binary", True) for m in modalities]
    columns += [(attribute, "string", True) for attribute in attributes]
    return [{"name": name, "type": kind, "nullable": nullable} for name, kind, nullable in columns]


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(part for part in parts if part))
