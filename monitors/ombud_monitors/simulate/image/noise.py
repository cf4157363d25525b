"""Noise: what sensors add to each pixel. Images ``(n, h, w, c)`` in [0, 1]; sizes in full scale.

Source: Hendrycks & Dietterich, "Benchmarking neural network robustness to common corruptions and
    perturbations", ICLR 2019 (ImageNet-C).
"""

from __future__ import annotations

import numpy as np

from ombud_monitors.simulate.image.fields import Stack

__all__ = ["gaussian_noise", "impulse_noise", "shot_noise", "speckle_noise"]


def gaussian_noise(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Noise of standard deviation ``size`` on every value."""
    return x + rng.normal(0, size, x.shape)


def shot_noise(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Photon noise: Poisson counts, ``1 / size**2`` photons at full scale: deviation ``size`` there."""
    photons = 1 / size**2
    return rng.poisson(x * photons) / photons


def impulse_noise(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Salt and pepper: a share ``size`` of pixels becomes black or white, each half of the time."""
    struck = rng.random(x.shape[:3])[..., None]
    return np.where(struck < size / 2, 0.0, np.where(struck > 1 - size / 2, 1.0, x))


def speckle_noise(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Noise in proportion to the value: ``x (1 + size z)``, ``z`` standard normal."""
    return x * (1 + rng.normal(0, size, x.shape))
