"""Geometry: the camera or the object moved. Images ``(n, h, w, c)`` in [0, 1].

Directions are random for each image; the amount is the same for all.

Source: Mu & Gilmer, "MNIST-C: a robustness benchmark for computer vision" (2019); elastic from
    Simard et al., "Best practices for convolutional neural networks" (2003).
"""

from __future__ import annotations

import math

import numpy as np

from ombud_monitors.simulate.image.fields import (
    Stack,
    about_centre,
    grid,
    side_of,
    smooth_pattern,
    warped,
)

__all__ = ["elastic", "rotation", "shear", "shrinking", "translation"]

_ELASTIC_WIDTH = 0.15


def rotation(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Turned by ``size`` degrees about the centre, to either side."""
    angle = math.radians(size) * _either(len(x), rng)
    cos, sin = np.cos(angle), np.sin(angle)
    return about_centre(x, np.stack([cos, -sin, sin, cos], axis=1).reshape(-1, 2, 2))


def translation(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Moved by ``size`` sides in a random direction."""
    angle = rng.uniform(0, 2 * math.pi, (len(x), 1, 1))
    rows, columns = grid(x)
    reach = size * side_of(x)
    return warped(x, rows + reach * np.sin(angle), columns + reach * np.cos(angle))


def shrinking(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """Shrunk about the centre to ``1 - size``; the border is repeated around it."""
    matrix = np.eye(2) / (1 - size)
    return about_centre(x, np.broadcast_to(matrix, (len(x), 2, 2)))


def shear(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Slanted: a row is moved by ``size`` times its height above the centre, to either side."""
    matrices = np.tile(np.eye(2), (len(x), 1, 1))
    matrices[:, 1, 0] = size * _either(len(x), rng)
    return about_centre(x, matrices)


def elastic(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Every pixel moves by a smooth random field (width .15 sides) of up to ``size`` sides each way."""
    reach = size * side_of(x)
    down = reach * (2 * smooth_pattern(x, rng, width=_ELASTIC_WIDTH) - 1)
    right = reach * (2 * smooth_pattern(x, rng, width=_ELASTIC_WIDTH) - 1)
    rows, columns = grid(x)
    return warped(x, rows + down, columns + right)


def _either(n: int, rng: np.random.Generator) -> Stack:
    return rng.choice([-1.0, 1.0], n)
