"""Marks: scratches, stripes and stains on glass or paper. Images ``(n, h, w, c)`` in [0, 1].

Lines run through a random point near the centre in a random direction; ``size`` is their opacity, or
the share of the image that a stain covers.

Source: Mu & Gilmer, "MNIST-C" (2019): dotted line, zigzag, stripe, spatter.
"""

from __future__ import annotations

import math

import numpy as np

from ombud_monitors.simulate.image.fields import Plane, Stack, grid, side_of, smooth_pattern

__all__ = ["dotted_line", "spatter", "stripe", "zigzag"]

_PERIOD = 0.5
_AMPLITUDE = 0.125
_BAND = 0.25
_STAIN = 0.08
_OFF_CENTRE = 0.25


def dotted_line(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """A white dotted line, a pixel wide, as many gaps as dots, period half a side."""
    along, away = _line(x, rng)
    dots = np.mod(along / (_PERIOD * side_of(x)), 1) < 0.5
    return _white(x, size * dots * _near(away))


def zigzag(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """A white zigzag line, a pixel wide, period half a side, an eighth of a side to both sides."""
    along, away = _line(x, rng)
    phase = np.mod(along / (_PERIOD * side_of(x)), 1)
    swing = (4 * np.abs(phase - 0.5) - 1) * _AMPLITUDE * side_of(x)
    return _white(x, size * _near(away - swing))


def stripe(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """A white band, a quarter of a side wide."""
    _, away = _line(x, rng)
    return _white(x, size * np.clip(_BAND * side_of(x) / 2 + 0.5 - np.abs(away), 0, 1))


def spatter(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Black stains (width .08 sides) over a share ``size`` of each image."""
    pattern = smooth_pattern(x, rng, width=_STAIN)
    covered = pattern > np.quantile(pattern, 1 - size, axis=(1, 2), keepdims=True)
    stained: Stack = np.where(covered[..., None], 0.0, x)
    return stained


def _line(x: Stack, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Each pixel's place along and away from a random line, in pixels, ``(n, h, w)``."""
    angle = rng.uniform(0, math.pi, (len(x), 1, 1))
    reach = _OFF_CENTRE * side_of(x)
    start = rng.uniform(-reach, reach, (2, len(x), 1, 1))
    rows, columns = grid(x)
    down, right = rows - start[0], columns - start[1]
    return right * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - right * np.sin(angle)


def _near(away: Plane) -> Plane:
    return np.clip(1 - np.abs(away), 0, 1)


def _white(x: Stack, cover: Plane) -> Stack:
    return x + (1 - x) * cover[..., None]
