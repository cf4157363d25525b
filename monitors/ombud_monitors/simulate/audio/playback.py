"""Playback: level, overload, speed and gaps. Samples ``(n, t)`` float64 in [-1, 1]."""

from __future__ import annotations

import numpy as np

from ombud_monitors.simulate.audio.noise import Samples

__all__ = ["clipping", "dropouts", "quieter", "speed"]

_GAP_SECONDS = 0.02


def clipping(x: Samples, _rate: int, size: float, _rng: np.random.Generator) -> Samples:
    """Cut at ``1 - size`` of each clip's own peak: an overloaded input, turned down afterwards."""
    most = (1 - size) * np.abs(x).max(axis=1, keepdims=True)
    return np.asarray(np.clip(x, -most, most))


def quieter(x: Samples, _rate: int, size: float, _rng: np.random.Generator) -> Samples:
    """``size`` dB quieter."""
    return np.asarray(x * 10 ** (-size / 20))


def speed(x: Samples, _rate: int, size: float, _rng: np.random.Generator) -> Samples:
    """Played faster by the share ``size``: pitch and formants rise alike.

    The clip keeps its length: what is missing at the end is filled with the end played backwards.

    Limits: linear between samples, which dulls the highest octave a little.
    """
    last = x.shape[1] - 1
    place = np.arange(x.shape[1]) * (1 + size)
    place = last - np.abs((place % (2 * last)) - last) if last else np.zeros(1)
    before = np.minimum(place.astype(np.intp), max(last - 1, 0))
    after = np.minimum(before + 1, last)
    share = place - before
    return np.asarray((1 - share) * x[:, before] + share * x[:, after])


def dropouts(x: Samples, rate: int, size: float, rng: np.random.Generator) -> Samples:
    """A share ``size`` of stretches of 20 ms is silent: packets that were lost."""
    gap = max(1, round(_GAP_SECONDS * rate))
    stretches = -(-x.shape[1] // gap)
    lost = np.repeat(rng.random((len(x), stretches)) < size, gap, axis=1)[:, : x.shape[1]]
    return np.where(lost, 0.0, x)
