"""Inference records and labels: what production saw, answered, and later learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality

__all__ = ["Inference", "Label", "LabelledInference", "Variant"]


class Variant(StrEnum):
    """Which arm answered."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"
    """A copy of a request whose answer the user got from the champion: answered by the challenger in
    shadow, and by the previous champion while the new one bakes."""


@dataclass(frozen=True, eq=False)
class Inference:
    """One answered request; ``(request_id, variant)`` is its idempotency key.

    Args:
        request_id: Given by the client, or made by the gateway.
        model: Model name.
        version: Version that answered.
        variant: Which arm answered.
        time: When the request happened (aware, UTC).
        present: Modalities that the request carried.
        probabilities: ``(k,)`` float32, or None where the model failed.
        prediction: Class name, or None where the model failed.
        confidence: Largest probability, in [0, 1]; NaN where the model failed.
        unimodal: Per present modality ``(k,)`` float32; may be empty.
        embeddings: Per present modality ``(e,)`` float32; may be empty.
        descriptors: ``modality.name`` → value, computed before redaction.
        attributes: Group attributes and cluster ids as strings.
        latency_ms: Milliseconds per stage (``total``, ``model``, ...).
        payload_digests: Per present modality ``sha256:<hex>`` of the payload bytes.
        error: Why the model failed; empty when it answered.
    """

    request_id: str
    model: str
    version: int
    variant: Variant
    time: datetime
    present: tuple[Modality, ...]
    probabilities: NDArray[np.float32] | None
    prediction: str | None
    confidence: float
    unimodal: Mapping[Modality, NDArray[np.float32]] = field(default_factory=dict)
    embeddings: Mapping[Modality, NDArray[np.float32]] = field(default_factory=dict)
    descriptors: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    latency_ms: Mapping[str, float] = field(default_factory=dict)
    payload_digests: Mapping[Modality, str] = field(default_factory=dict)
    error: str = ""


@dataclass(frozen=True)
class Label:
    """The truth about one request, usually late. The first label of a request wins.

    Args:
        request_id: The request it belongs to.
        label: Class name.
        source: Who or what says so ("annotator:anna", "customer").
        time: When it became known (aware, UTC).
    """

    request_id: str
    label: str
    source: str
    time: datetime


@dataclass(frozen=True, eq=False)
class LabelledInference:
    """An inference joined with its label, where one is known."""

    inference: Inference
    label: Label | None

    @property
    def correct(self) -> bool | None:
        """Whether the prediction was right; ``None`` while unlabelled.

        A failed answer (no prediction) with a label counts as wrong.
        """
        return None if self.label is None else self.inference.prediction == self.label.label
