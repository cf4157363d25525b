"""The world of the story: who knows which rows, and when.

The platform gets training data and, later, a delivery of new labels. Everything else arrives as
traffic. The rows of the shifted split are divided once, disjointly, into drifted traffic, newly
labelled data, and traffic for the two rollouts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ombud.domain.sample import Dataset, Sample
from ombud.errors import BadInput

__all__ = ["World", "divide"]

_IN_DOMAIN_SHARE = 0.15
_SHIFTED_SHARES = {"drifted": 0.25, "labelled": 0.27, "canary": 0.36, "drill": 0.12}


@dataclass(frozen=True)
class World:
    """A data set, divided.

    Args:
        training: ``train``, ``val``, ``test``: what the platform is given on the first day.
        in_domain: Traffic of people like those in ``test``, and not among them.
        drifted: Traffic after the shift, seen by the first champion.
        labelled: Shifted rows that annotators deliver after the alarm.
        canary: Shifted traffic while the second version is tried.
        drill: Shifted traffic while the damaged version is tried.
    """

    training: Mapping[str, Dataset]
    in_domain: Dataset
    drifted: Dataset
    labelled: Dataset
    canary: Dataset
    drill: Dataset


def divide(splits: Mapping[str, Dataset], *, cluster: str, seed: int = 0) -> World:
    """Divide a data set with the splits train, val, test and prod_shift.

    Args:
        splits: Split name → rows.
        cluster: Attribute of the repeating unit (the speaker); in-domain traffic takes whole units
            away from ``test``, so that nobody is in the reference and in the traffic.
        seed: Seed of the division.

    Raises:
        BadInput: A split is absent or empty, or too few units are there to divide.
    """
    for name in ("train", "val", "test", "prod_shift"):
        if not len(splits.get(name, ())):
            raise BadInput(
                f"the data has no rows in split {name!r}: found {sorted(splits)}",
                remedy="Give the column 'split' the values train, val, test and prod_shift.",
            )
    rng = np.random.default_rng(seed)
    test = splits["test"]
    away = _some_units(test, cluster, rng)
    shifted = _shuffled(splits["prod_shift"], rng)
    parts = _cut(shifted, _SHIFTED_SHARES)
    return World(
        training={
            "train": splits["train"],
            "val": splits["val"],
            "test": test.where(lambda s: s.attributes.get(cluster) not in away),
        },
        in_domain=_shuffled(test.where(lambda s: s.attributes.get(cluster) in away, name="in_domain"), rng),
        **parts,
    )


def _some_units(data: Dataset, cluster: str, rng: np.random.Generator) -> frozenset[str]:
    """Units that together hold about a sixth of the rows, at least two of them."""
    unknown = next((i for i, s in enumerate(data) if not s.attributes.get(cluster)), None)
    if unknown is not None:
        raise BadInput(
            f"column {cluster!r} is missing or empty: row {data.samples[unknown].sample_id!r} of split "
            f"{data.name!r} does not say who it comes from",
            remedy=f"Add the column {cluster!r} and fill it in: the story keeps people apart by it.",
        )
    names, counts = np.unique(data.attribute(cluster), return_counts=True)
    if len(names) < 4:
        raise BadInput(
            f"split 'test' has {len(names)} distinct values of {cluster!r}: too few to set some aside",
            remedy="The story needs at least 4 people in the test split.",
        )
    order = rng.permutation(len(names))
    running = np.cumsum(counts[order]) / counts.sum()
    take = max(2, int(np.searchsorted(running, _IN_DOMAIN_SHARE)) + 1)
    return frozenset(str(n) for n in names[order[:take]])


def _shuffled(data: Dataset, rng: np.random.Generator) -> Dataset:
    order = rng.permutation(len(data))
    return Dataset(
        data.name, tuple(data.samples[i] for i in order), data.synthetic, data.provenance, data.licence
    )


def _cut(data: Dataset, shares: Mapping[str, float]) -> dict[str, Dataset]:
    edges = np.round(np.cumsum([0.0, *shares.values()]) * len(data)).astype(int)
    parts: dict[str, Dataset] = {}
    for name, start, end in zip(shares, edges[:-1], edges[1:], strict=True):
        rows: tuple[Sample, ...] = data.samples[start:end]
        parts[name] = Dataset(name, rows, data.synthetic, data.provenance, data.licence)
    return parts
