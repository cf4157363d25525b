"""Storage: resolution, compression and depth. Images ``(n, h, w, c)`` in [0, 1].

Source: Hendrycks & Dietterich, ICLR 2019 (ImageNet-C); quantisation from Mu & Gilmer, MNIST-C (2019).
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ombud_monitors.simulate.image.fields import Plane, Stack

__all__ = ["jpeg", "pixelate", "quantisation"]


def pixelate(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """Averaged over square blocks, ``1 - size`` times as many along each side, and enlarged again.

    Blocks need not be whole pixels: each pixel belongs to blocks in proportion to its overlap.
    """
    down, across = _blocks(x.shape[1], size), _blocks(x.shape[2], size)
    pixelated: Stack = np.einsum("ij,njkc,lk->nilc", down, x, across, optimize=True)
    return pixelated


def _blocks(side: int, size: float) -> Plane:
    """``(side, side)``: from pixels to the mean of their blocks and back."""
    edges = np.append(np.arange(0, side - 1e-9, 1 / (1 - size)), side)
    pixel = np.arange(side)[:, None]
    overlap = np.clip(np.minimum(pixel + 1, edges[1:]) - np.maximum(pixel, edges[:-1]), 0, None)
    blocks: Plane = overlap @ (overlap / overlap.sum(axis=0)).T
    return blocks


def jpeg(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """Written as JPEG and read back, at quality ``100 (1 - size)``, at least 1."""
    quality = max(1, round(100 * (1 - size)))
    bytes_ = np.rint(np.clip(x, 0, 1) * 255).astype(np.uint8)
    return np.stack([_through_jpeg(image, quality) for image in bytes_])


def _through_jpeg(image: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], quality: int) -> Stack:
    buffer = io.BytesIO()
    Image.fromarray(image.squeeze(axis=2) if image.shape[2] == 1 else image).save(
        buffer, "JPEG", quality=quality
    )
    read: Stack = np.asarray(Image.open(buffer), dtype=np.float64).reshape(image.shape) / 255
    return read


def quantisation(x: Stack, size: float, _rng: np.random.Generator) -> Stack:
    """Rounded to multiples of ``size`` of full scale."""
    rounded: Stack = np.rint(x / size) * size
    return rounded
