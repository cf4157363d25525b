"""Fields: coordinates to read an image at, and smooth random patterns.

Images here and in the modules beside this one are ``(n, h, w, c)`` float64 in [0, 1]; sizes in space
are shares of the shorter side, so that they mean the same at 8 x 8 and at 224 x 224 pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

__all__ = ["Plane", "Stack", "about_centre", "grid", "side_of", "smooth_pattern", "warped"]

Stack = NDArray[np.float64]
Plane = NDArray[np.float64]


def side_of(x: Stack) -> int:
    """The shorter side in pixels."""
    return min(x.shape[1], x.shape[2])


def grid(x: Stack) -> tuple[Plane, Plane]:
    """Row and column of every pixel, ``(h, 1)`` and ``(1, w)``, from the image's centre."""
    h, w = x.shape[1:3]
    return np.arange(h)[:, None] - (h - 1) / 2, np.arange(w)[None, :] - (w - 1) / 2


def warped(x: Stack, rows: Plane, columns: Plane) -> Stack:
    """The images read at other places, bilinearly; beyond the border the border is repeated.

    Args:
        x: ``(n, h, w, c)``.
        rows: Row to read each pixel at, broadcast to ``(n, h, w)``, in pixels from the centre.
        columns: The same for columns.

    Example:
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> rows, columns = grid(x)
        >>> bool((warped(x, rows, columns) == x).all()), float(warped(x, rows, columns + 0.5)[0, 0, 0, 0])
        (True, 0.5)
    """
    n, h, w, _ = x.shape
    r = np.broadcast_to(np.clip(rows + (h - 1) / 2, 0, h - 1), (n, h, w))
    c = np.broadcast_to(np.clip(columns + (w - 1) / 2, 0, w - 1), (n, h, w))
    top, left = np.minimum(r.astype(np.intp), h - 2), np.minimum(c.astype(np.intp), w - 2)
    down, right = (r - top)[..., None], (c - left)[..., None]
    which = np.arange(n)[:, None, None]
    above = x[which, top, left] * (1 - right) + x[which, top, left + 1] * right
    below = x[which, top + 1, left] * (1 - right) + x[which, top + 1, left + 1] * right
    read: Stack = above * (1 - down) + below * down
    return read


def about_centre(x: Stack, matrices: NDArray[np.float64]) -> Stack:
    """The images read through linear maps about their centre.

    Args:
        x: ``(n, h, w, c)``.
        matrices: ``(n, 2, 2)``: where to read, as (row, column) from the centre.
    """
    rows, columns = grid(x)
    m = matrices[:, :, :, None, None]
    return warped(x, m[:, 0, 0] * rows + m[:, 0, 1] * columns, m[:, 1, 0] * rows + m[:, 1, 1] * columns)


def smooth_pattern(x: Stack, rng: np.random.Generator, *, width: float) -> Plane:
    """A random pattern for each image, ``(n, h, w)``, from 0 to 1 within each image.

    Args:
        x: The images, for their shape.
        rng: Draws the patterns.
        width: Deviation of the Gaussian that smooths white noise, as a share of the shorter side.
    """
    sigma = width * side_of(x)
    noise = ndimage.gaussian_filter(rng.normal(size=x.shape[:3]), (0, sigma, sigma), mode="reflect")
    low, high = noise.min(axis=(1, 2), keepdims=True), noise.max(axis=(1, 2), keepdims=True)
    pattern: Plane = (noise - low) / (high - low)
    return pattern
