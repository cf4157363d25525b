"""Separation: whether splits share people, documents or row ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations

from ombud.domain.sample import Dataset
from ombud_monitors.clusters import ClusterNames
from ombud_monitors.data_quality.finding import Finding, Severity

__all__ = ["separation_findings", "shared"]


def shared(splits: Mapping[str, Dataset], attribute: str) -> dict[tuple[str, str], list[str]]:
    """Values of one attribute that two splits share, by pair of splits; rows without it are skipped."""
    values = {name: {v for v in split.attribute(attribute).tolist() if v} for name, split in splits.items()}
    return {
        (one, other): sorted(both)
        for one, other in combinations(values, 2)
        if (both := values[one] & values[other])
    }


def separation_findings(splits: Mapping[str, Dataset], clusters: ClusterNames) -> Iterator[Finding]:
    """Shared clusters, repeated row ids, empty splits."""
    for attribute in dict.fromkeys(clusters.values()):
        for (one, other), values in shared(splits, attribute).items():
            yield Finding.of(
                "split.shared_cluster",
                Severity.ERROR,
                f"{one} and {other} share {len(values)} values of {attribute}: what is measured on "
                "one was partly seen in the other",
                values,
                f"Split again so that every {attribute} lies in one split only.",
            )
    counts = Counter(sample.sample_id for split in splits.values() for sample in split)
    repeated = sorted(i for i, n in counts.items() if n > 1)
    if repeated:
        yield Finding.of(
            "row.duplicate_id",
            Severity.ERROR,
            "row ids occur more than once",
            repeated,
            "Give every row an id of its own.",
        )
    empty = [name for name, split in splits.items() if not len(split)]
    if empty:
        yield Finding.of(
            "split.empty", Severity.ERROR, "splits have no rows", empty, "Add rows, or drop the split."
        )
