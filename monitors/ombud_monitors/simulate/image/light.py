"""Light: exposure, contrast, haze, colour. Images ``(n, h, w, c)`` in [0, 1].

Source: Hendrycks & Dietterich, ICLR 2019 (ImageNet-C); fog and frost use smooth random patterns
    instead of fractals and photographs.
"""

from __future__ import annotations

import numpy as np

from ombud_monitors.simulate.image.fields import Stack, smooth_pattern

__all__ = ["brightness", "contrast", "fog", "frost", "gamma", "saturation"]

_LUMA = np.array([0.299, 0.587, 0.114])
_BROAD = 0.25
_PATCHY = 0.12


def brightness(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """``size`` of full scale is added."""
    return x + size


def contrast(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """Differences from the image's mean shrink by the share ``size``."""
    mean = x.mean(axis=(1, 2, 3), keepdims=True)
    flatter: Stack = mean + (1 - size) * (x - mean)
    return flatter


def gamma(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """``x ** (1 + size)``: middle tones get darker, black and white stay."""
    darker: Stack = np.power(x, 1 + size)
    return darker


def fog(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """A bright smooth pattern (width a quarter of the side) covers the image with opacity ``size``."""
    veil = 0.5 + 0.5 * smooth_pattern(x, rng, width=_BROAD)[..., None]
    return (1 - size) * x + size * veil


def frost(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """White patches (width an eighth of the side, where a pattern exceeds .5), opacity up to ``size``."""
    cover = size * np.clip(2 * smooth_pattern(x, rng, width=_PATCHY) - 1, 0, 1)[..., None]
    return (1 - cover) * x + cover


def saturation(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """Colours fade towards grey by the share ``size``; a grey image stays."""
    if x.shape[3] == 1:
        return x
    luma = (x @ _LUMA)[..., None]
    faded: Stack = luma + (1 - size) * (x - luma)
    return faded
