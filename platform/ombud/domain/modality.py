"""Modalities: the kinds of input a model reads, an open set of names behind one protocol."""

from __future__ import annotations

from typing import NewType

__all__ = ["AUDIO", "CROSS_MODAL", "FUSED", "IMAGE", "KNOWN_MODALITIES", "TEXT", "Modality", "Payload"]

Modality = NewType("Modality", str)
"""Name of one kind of input; a new kind needs a name, a codec for its payload and monitors."""

TEXT = Modality("text")
IMAGE = Modality("image")
AUDIO = Modality("audio")

KNOWN_MODALITIES: tuple[Modality, ...] = (TEXT, IMAGE, AUDIO)
"""The modalities that Ombud brings descriptors for, in display order."""

CROSS_MODAL = Modality("cross_modal")
"""Not an input: the name under which monitors of what lies *between* modalities report."""

FUSED = Modality("fused")
"""Not an input: the name under which monitors of the model's final output report."""

Payload = str | bytes
"""What a request carries for one modality: text as ``str``, image and audio as encoded ``bytes``."""
