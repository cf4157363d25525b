"""Blur: what optics and motion take away. Images ``(n, h, w, c)`` in [0, 1]; lengths in sides.

Source: Hendrycks & Dietterich, ICLR 2019 (ImageNet-C); glass blur is simplified from swaps of pixels
    to a random displacement of each.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from ombud_monitors.simulate.image.fields import Plane, Stack, grid, side_of, warped

__all__ = ["defocus_blur", "gaussian_blur", "glass_blur", "motion_blur", "zoom_blur"]

_COPIES = 9
_SUBPIXELS = 8


def gaussian_blur(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """A Gaussian of standard deviation ``size`` sides."""
    sigma = size * side_of(x)
    blurred: Stack = ndimage.gaussian_filter(x, (0, sigma, sigma, 0), mode="nearest")
    return blurred


def defocus_blur(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """A disc of radius ``size`` sides: the image of a point that is out of focus."""
    disc = _disc(size * side_of(x))
    blurred: Stack = ndimage.convolve(x, disc[None, :, :, None], mode="nearest")
    return blurred


def _disc(radius: float) -> Plane:
    """Shares of the pixels around the centre that a disc covers, as a kernel that sums to 1.

    The point that is out of focus is a pixel wide: half a pixel is added to the radius, so that a
    radius of 0 leaves the image as it is.
    """
    reach = math.ceil(radius)
    fine = (np.arange((2 * reach + 1) * _SUBPIXELS) + 0.5) / _SUBPIXELS - reach - 0.5
    inside = fine[:, None] ** 2 + fine[None, :] ** 2 <= (radius + 0.5) ** 2
    kernel = inside.reshape(2 * reach + 1, _SUBPIXELS, 2 * reach + 1, _SUBPIXELS).mean(axis=(1, 3))
    disc: Plane = kernel / kernel.sum()
    return disc


def motion_blur(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """The mean along a line ``size`` sides long, in a random direction for each image."""
    angle = rng.uniform(0, math.pi, (len(x), 1, 1))
    rows, columns = grid(x)
    steps = np.linspace(-0.5, 0.5, _COPIES) * size * side_of(x)
    return _mean([warped(x, rows + s * np.sin(angle), columns + s * np.cos(angle)) for s in steps])


def zoom_blur(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """The mean of enlargements about the centre, from 1 to ``1 + size``."""
    rows, columns = grid(x)
    return _mean([warped(x, rows / zoom, columns / zoom) for zoom in np.linspace(1, 1 + size, _COPIES)])


def glass_blur(x: Stack, size: float, rng: np.random.Generator) -> Stack:
    """Every pixel is read at a place up to ``size`` sides away, uniformly in both directions."""
    rows, columns = grid(x)
    reach = size * side_of(x)
    move = rng.uniform(-reach, reach, (2, *x.shape[:3]))
    return warped(x, rows + move[0], columns + move[1])


def _mean(copies: list[Stack]) -> Stack:
    mean: Stack = np.sum(copies, axis=0) / len(copies)
    return mean
