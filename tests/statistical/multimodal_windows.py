"""Windows of a three-modality model whose truth is known: speakers, writers, missing inputs, damage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.observations import ModalityColumns, Observations

__all__ = ["CLASSES", "multimodal_window"]

CLASSES = tuple("abcde")
SKILL = 3.0


def multimodal_window(
    rng: np.random.Generator,
    rows: int,
    *,
    speakers: int = 25,
    prefix: str = "r",
    damage: Mapping[Modality, float] | None = None,
    presence: float = 0.8,
    labelled: bool = True,
    clustered: bool = True,
) -> Observations:
    """One window.

    Args:
        rng: Draws everything.
        rows: Requests.
        speakers: Audio clusters, of unequal size; images and texts have a cluster per eight rows.
        prefix: Makes the clusters of two windows disjoint.
        damage: Modality → how much of its evidence for the truth is lost; its descriptors move too.
        presence: Chance that a request carries a modality.
        labelled: Whether the truth is known.
        clustered: Whether clusters are named.
    """
    truth = rng.integers(0, len(CLASSES), rows)
    columns, evidence = {}, np.zeros((rows, len(CLASSES)))
    for modality in (TEXT, IMAGE, AUDIO):
        lost = (damage or {}).get(modality, 0.0)
        clusters = speakers if modality == AUDIO else max(rows // 8, 2)
        who = rng.choice(clusters, rows, p=rng.dirichlet(np.full(clusters, 3.0)))
        present = rng.random(rows) < presence
        logits = rng.normal(size=(rows, len(CLASSES)))
        logits[np.arange(rows), truth] += SKILL + rng.normal(0, 0.7, clusters)[who] - lost
        evidence += np.where(present[:, None], logits, 0.0)
        shift = rng.normal(size=(clusters, 6))[who] * 0.5
        described = rng.normal(size=(rows, 6)) + shift + lost * np.array([1, 0, 0, 0, 0, 0])
        embedded = rng.normal(size=(rows, 16)) + rng.normal(size=(clusters, 16))[who] * 0.4 + lost / 3
        columns[modality] = ModalityColumns(
            present=present,
            descriptor_names=("loudness", "b", "c", "d", "e", "f"),
            descriptors=np.where(present[:, None], described, np.nan),
            embeddings=np.where(present[:, None], embedded, np.nan).astype(np.float32),
            probabilities=np.where(present[:, None], _softmax(logits), np.nan).astype(np.float32),
            clusters=np.char.add(f"{prefix}-{modality}-", who.astype(str)) if clustered else None,
        )
    return Observations(
        ids=tuple(f"{prefix}{i}" for i in range(rows)),
        labels=CLASSES,
        probabilities=_softmax(evidence).astype(np.float32),
        truth=truth if labelled else np.full(rows, -1),
        modalities=columns,
    )


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    share: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return share
