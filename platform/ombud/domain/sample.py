"""Samples and data sets: what models are trained and judged on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality, Payload

__all__ = ["Dataset", "Sample"]


@dataclass(frozen=True)
class Sample:
    """One multimodal example.

    Args:
        sample_id: Unique within its data set.
        payloads: Payload per modality; a missing key or ``None`` means "not present".
        label: Class name, or ``None`` where unlabelled.
        attributes: Metadata as strings: groups, cluster ids (speaker, writer, document), domains.
    """

    sample_id: str
    payloads: Mapping[Modality, Payload | None]
    label: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def present(self) -> tuple[Modality, ...]:
        """Modalities that this sample carries, in alphabetical order."""
        return tuple(sorted(m for m, payload in self.payloads.items() if payload is not None))

    def only(self, *modalities: Modality) -> Sample:
        """The same sample with every other modality removed.

        Example:
            >>> from ombud.domain.modality import AUDIO, TEXT
            >>> Sample("a", {TEXT: "two", AUDIO: b"fLaC"}).only(TEXT).present
            ('text',)
        """
        kept = {m: p for m, p in self.payloads.items() if m in modalities}
        return replace(self, payloads=kept)


@dataclass(frozen=True)
class Dataset:
    """An ordered, immutable collection of samples with its provenance.

    Args:
        name: Short name, shown on cards ("train", "test", ...).
        samples: The samples, in order.
        synthetic: True when the data was generated; shown wherever the data set is named.
        provenance: Where it came from, in one sentence.
        licence: SPDX expression or a sentence.
    """

    name: str
    samples: tuple[Sample, ...]
    synthetic: bool = False
    provenance: str = ""
    licence: str = ""

    def __len__(self) -> int:
        return len(self.samples)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self.samples)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over ids, payload bytes, labels and attributes, in order; ``sha256:<hex>``.

        Changing one byte of one payload changes it; renaming the data set does not.
        """
        total = hashlib.sha256()
        for sample in self.samples:
            total.update(_sample_bytes(sample))
        return f"sha256:{total.hexdigest()}"

    def where(self, keep: Callable[[Sample], bool], *, name: str | None = None) -> Dataset:
        """The samples for which ``keep`` is true, in order, under another name."""
        kept = tuple(s for s in self.samples if keep(s))
        return replace(self, name=name or self.name, samples=kept)

    def attribute(self, name: str) -> NDArray[np.str_]:
        """Values of one attribute, ``(n,)`` strings; the empty string where a sample lacks it."""
        return np.array([s.attributes.get(name, "") for s in self.samples], dtype=np.str_)

    def __add__(self, other: Dataset) -> Dataset:
        return replace(
            self,
            samples=self.samples + other.samples,
            synthetic=self.synthetic or other.synthetic,
            provenance="; ".join(dict.fromkeys(p for p in (self.provenance, other.provenance) if p)),
        )


def _sample_bytes(sample: Sample) -> bytes:
    part = hashlib.sha256()
    fields: list[bytes] = [sample.sample_id.encode(), (sample.label or "\0").encode()]
    for modality in sample.present:
        payload = sample.payloads[modality]
        raw = payload.encode("utf-8", "surrogatepass") if isinstance(payload, str) else payload or b""
        fields += [modality.encode(), hashlib.sha256(raw).digest()]
    for key in sorted(sample.attributes):
        fields += [key.encode(), sample.attributes[key].encode("utf-8", "surrogatepass")]
    for item in fields:
        part.update(len(item).to_bytes(8, "big") + item)
    return part.digest()
