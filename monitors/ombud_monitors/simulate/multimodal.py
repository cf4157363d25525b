"""Windows of a model that reads text, image and audio, whose truth is known: what whole monitors judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.observations import ModalityColumns, Observations

__all__ = ["CLASSES", "multimodal_window"]

CLASSES = tuple("abcde")
SKILL = 3.0
"""Log-odds that one present modality lends to the true class: about 92% right alone, 98% together."""
DESCRIPTORS = ("loudness", "b", "c", "d", "e", "f")
WIDTH = 16
"""Dimensions of an embedding."""


def multimodal_window(
    rng: np.random.Generator,
    rows: int,
    *,
    modalities: Sequence[Modality] = (TEXT, IMAGE, AUDIO),
    speakers: int = 25,
    prefix: str = "r",
    damage: Mapping[Modality, float] | None = None,
    presence: float = 0.8,
    labelled: bool = True,
    clustered: bool = True,
) -> Observations:
    """One window of answered requests.

    Log-odds of the true class vary by cluster (speaker, writer, document) and row; descriptors and
    embeddings have cluster effects of about half their standard deviation.

    Args:
        rng: Draws everything.
        rows: Requests.
        modalities: What the model reads.
        speakers: Audio clusters, of unequal size; images and texts have a cluster per eight rows.
        prefix: Makes the clusters of two windows disjoint.
        damage: Modality → how much of its evidence for the truth is lost, in log-odds; its first descriptor
            moves by as many standard deviations, and its embedding by a third of that in every dimension.
        presence: Chance that a request carries a modality.
        labelled: Whether the truth is known.
        clustered: Whether clusters are named; without names there are no cluster effects either.

    Source: the model's answer is the softmax of summed log-odds (naive Bayes over modalities).
    Limits: modalities are independent given the truth; real ones share speakers and moods.

    Example:
        >>> clean = multimodal_window(np.random.default_rng(0), 300)
        >>> broken = multimodal_window(np.random.default_rng(0), 300, damage={AUDIO: 3.0})
        >>> clean.correct.mean() > broken.correct.mean()
        True
    """
    truth = rng.integers(0, len(CLASSES), rows)
    columns, evidence = {}, np.zeros((rows, len(CLASSES)))
    for modality in modalities:
        lost = (damage or {}).get(modality, 0.0)
        clusters = rows if not clustered else speakers if modality == AUDIO else max(rows // 8, 2)
        chances = rng.dirichlet(np.full(clusters, 3.0))
        who = rng.choice(clusters, rows, p=chances) if clustered else np.arange(rows)
        present = rng.random(rows) < presence
        logits = rng.normal(size=(rows, len(CLASSES)))
        logits[np.arange(rows), truth] += SKILL + rng.normal(0, 0.7, clusters)[who] - lost
        evidence += np.where(present[:, None], logits, 0.0)
        described = rng.normal(size=(rows, len(DESCRIPTORS)))
        described += rng.normal(size=(clusters, len(DESCRIPTORS)))[who] * 0.5
        described[:, 0] += lost
        embedded = rng.normal(size=(rows, WIDTH)) + rng.normal(size=(clusters, WIDTH))[who] * 0.4 + lost / 3
        columns[modality] = ModalityColumns(
            present=present,
            descriptor_names=DESCRIPTORS,
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
