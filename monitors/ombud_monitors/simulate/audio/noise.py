"""Noise: what is added to a recording. Samples ``(n, t)`` float64 in [-1, 1].

``size`` is the root mean square of the noise as a share of that of the clip: 0.1 is a signal-to-noise
ratio of 20 dB. Silent clips stay silent.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

__all__ = ["Samples", "babble", "hum", "pink_noise", "root_mean_square", "white_noise"]

Samples = NDArray[np.float64]

_HUM = ((50.0, 1.0), (100.0, 0.5), (150.0, 0.25))
_TALKERS = 6


def white_noise(x: Samples, _rate: int, size: float, rng: np.random.Generator) -> Samples:
    """Gaussian noise with the same power at all frequencies."""
    return _added(x, rng.normal(size=x.shape), size)


def pink_noise(x: Samples, _rate: int, size: float, rng: np.random.Generator) -> Samples:
    """Gaussian noise whose power falls as 1 / frequency: rooms, traffic, ventilation."""
    spectrum = fft.rfft(rng.normal(size=x.shape), axis=1)
    spectrum /= np.sqrt(np.maximum(np.arange(spectrum.shape[1]), 1))
    spectrum[:, 0] = 0
    return _added(x, fft.irfft(spectrum, n=x.shape[1], axis=1), size)


def hum(x: Samples, rate: int, size: float, rng: np.random.Generator) -> Samples:
    """Mains hum: 50 Hz, with 100 Hz at half and 150 Hz at a quarter of its amplitude."""
    time = np.arange(x.shape[1]) / rate
    phase = rng.uniform(0, 2 * np.pi, (len(_HUM), len(x), 1))
    tones = [a * np.sin(2 * np.pi * f * time + p) for (f, a), p in zip(_HUM, phase, strict=True)]
    return _added(x, np.asarray(np.sum(tones, axis=0)), size)


def babble(x: Samples, _rate: int, size: float, rng: np.random.Generator) -> Samples:
    """Talkers in the background: the sum of six random clips of the same set, each at a random offset."""
    everyone = np.zeros_like(x)
    for _ in range(_TALKERS):
        who, start = rng.integers(len(x), size=len(x)), rng.integers(x.shape[1], size=(len(x), 1))
        everyone += x[who[:, None], (np.arange(x.shape[1]) + start) % x.shape[1]]
    return _added(x, everyone, size)


def root_mean_square(x: Samples) -> Samples:
    """Of each clip, ``(n, 1)``."""
    return np.asarray(np.sqrt(np.mean(np.square(x), axis=1, keepdims=True)))


def _added(x: Samples, noise: Samples, size: float) -> Samples:
    loud = root_mean_square(noise)
    noisy: Samples = x + noise * (size * root_mean_square(x) / np.where(loud > 0, loud, 1))
    return noisy
