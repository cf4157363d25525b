"""Repetition: the same payload bytes in several rows, within a split and across splits."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ombud.domain.modality import TEXT, Modality, Payload
from ombud.domain.sample import Dataset, Sample
from ombud_monitors.data_quality.finding import Finding, Severity

__all__ = ["payload_key", "repetition_findings"]

_Place = tuple[str, Sample]


def payload_key(payload: Payload) -> bytes:
    """A digest that is equal exactly for equal payloads of one modality."""
    raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload
    return hashlib.blake2b(raw, digest_size=16).digest()


def repetition_findings(splits: Mapping[str, Dataset], modalities: Sequence[Modality]) -> Iterator[Finding]:
    """Duplicates per modality.

    Media bytes shared with the split ``test`` are an error: the test has been seen. Equal sentences
    come about by chance too, so for text the same is a warning, as is sharing between other splits.
    """
    for modality in modalities:
        places = _places(splits, modality)
        repeated = [where for where in places.values() if len(where) > 1]
        yield from _across(modality, repeated)
        yield from _within(modality, repeated)
        yield from _contradictions(modality, repeated)


def _places(splits: Mapping[str, Dataset], modality: Modality) -> dict[bytes, list[_Place]]:
    places: dict[bytes, list[_Place]] = defaultdict(list)
    for name, split in splits.items():
        for sample in split:
            payload = sample.payloads.get(modality)
            if payload:
                places[payload_key(payload)].append((name, sample))
    return places


def _across(modality: Modality, repeated: Sequence[list[_Place]]) -> Iterator[Finding]:
    by_splits: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for where in repeated:
        names = tuple(sorted({name for name, _ in where}))
        if len(names) > 1:
            by_splits[names].append(where[0][1].sample_id)
    for names, ids in sorted(by_splits.items()):
        leaked = "test" in names and modality != TEXT
        yield Finding.of(
            "duplicate.across",
            Severity.ERROR if leaked else Severity.WARNING,
            f"{modality}: {len(ids)} identical payloads lie in {' and '.join(names)}",
            ids,
            f"Keep every {modality} payload in one split only.",
        )


def _within(modality: Modality, repeated: Sequence[list[_Place]]) -> Iterator[Finding]:
    by_split: dict[str, list[str]] = defaultdict(list)
    for where in repeated:
        seen: set[str] = set()
        for name, sample in where:
            if name in seen:
                by_split[name].append(sample.sample_id)
            seen.add(name)
    for name, ids in by_split.items():
        yield Finding.of(
            "duplicate.within",
            Severity.INFO,
            f"{modality}: {len(ids)} rows of {name} repeat a payload of an earlier row",
            ids,
            "Count unique payloads, not rows, when you judge how much data there is.",
        )


def _contradictions(modality: Modality, repeated: Sequence[list[_Place]]) -> Iterator[Finding]:
    ids = [
        where[0][1].sample_id
        for where in repeated
        if len({sample.label for _, sample in where if sample.label is not None}) > 1
    ]
    if ids:
        yield Finding.of(
            "duplicate.contradiction",
            Severity.WARNING,
            f"{modality}: {len(ids)} payloads occur with more than one label",
            ids,
            "Look at these rows: one of the labels is wrong, or this modality alone cannot decide.",
        )
