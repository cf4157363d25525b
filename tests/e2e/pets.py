"""Captions and snapshots of pets, made up with known truth; a camera that can go bad."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ombud.domain.modality import IMAGE, TEXT
from ombud.domain.sample import Dataset, Sample

__all__ = ["LABELS", "pets"]

LABELS = ("cat", "dog", "bird")
_SIGNS: Mapping[str, tuple[str, ...]] = {
    "cat": ("purrs", "meows", "scratches", "whiskers"),
    "dog": ("barks", "fetches", "growls", "leash"),
    "bird": ("sings", "flies", "pecks", "feathers"),
}
_NEUTRAL = ("sleeps", "eats", "waits", "plays")
_PLACES = ("garden", "kitchen", "hallway", "window", "sofa", "street")
_OWNERS = ("our", "my", "their", "her", "his")
_SIDE = 24


def pets(name: str, n: int, *, seed: int, fog: float = 0.0) -> Dataset:
    """``n`` labelled pairs of caption and snapshot.

    Args:
        name: Prefix of the ids.
        n: Rows.
        seed: Seed of everything.
        fog: Share of the picture's contrast that the camera loses, in [0, 1].
    """
    rng = np.random.default_rng(seed)
    samples = []
    for row in range(n):
        label = LABELS[rng.integers(3)]
        payloads = {TEXT: _caption(label, rng), IMAGE: _snapshot(label, rng, fog)}
        samples.append(Sample(f"{name}-{row}", payloads, label))
    return Dataset(name, tuple(samples), synthetic=True, provenance="drawn by a test", licence="CC0-1.0")


def _caption(label: str, rng: np.random.Generator) -> str:
    told = [*_SIGNS[label], *_SIGNS[label], *_NEUTRAL]
    sign, other = rng.choice(told, 2)
    return f"{rng.choice(_OWNERS)} pet {sign} and {other} near the {rng.choice(_PLACES)} {rng.integers(24)} h"


def _snapshot(label: str, rng: np.random.Generator, fog: float) -> bytes:
    """A bright animal on the left, in the middle or on the right of a noisy picture."""
    picture: NDArray[np.float64] = rng.normal(rng.uniform(70, 110), 20, (_SIDE, _SIDE))
    across = np.arange(_SIDE)
    centre = 4 + 8 * LABELS.index(label) + rng.normal(0, 1.6)
    up = rng.uniform(6, 18)
    picture += 75 * np.exp(-((across - centre) ** 2 + (across[:, None] - up) ** 2) / 24)
    picture = 165 * fog + (1 - fog) * picture
    encoded = io.BytesIO()
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(encoded, "PNG")
    return encoded.getvalue()
