"""Image descriptors: size, light, colour, focus, noise, compression."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ombud_monitors.image.decoding import decode_image
from ombud_monitors.quantity import Quantity

__all__ = ["IMAGE_QUANTITIES", "describe_image"]

IMAGE_QUANTITIES = (
    Quantity("width", "pixels", "width as stored"),
    Quantity("height", "pixels", "height as stored"),
    Quantity("aspect_ratio", "width / height", "1 is square, above 1 is landscape"),
    Quantity("brightness", "luma, 0 to 1", "mean luma"),
    Quantity("contrast", "luma, 0 to 1", "standard deviation of luma"),
    Quantity("sharpness", "luma squared", "variance of the Laplacian; blur lowers it"),
    Quantity("saturation", "0 to 1", "mean HSV saturation; 0 is grey"),
    Quantity("noise", "luma, 0 to 1", "estimated standard deviation of pixel noise"),
    Quantity("dark_share", "share", "pixels at or below 5/255 of full luma"),
    Quantity("bright_share", "share", "pixels at or above 250/255 of full luma"),
    Quantity("bytes_per_pixel", "bytes / pixel", "size of the encoded file per pixel"),
)

_WORKING_PIXELS = 1 << 20
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_DARK, _BRIGHT = 5 / 255, 250 / 255
_MAD_TO_SIGMA = 0.674489750196082
_Plane = NDArray[np.float32]


def describe_image(payload: bytes) -> tuple[float, ...]:
    """Measure one encoded image.

    Luma is Rec. 601 (0.299 R + 0.587 G + 0.114 B) scaled to [0, 1]; an alpha channel is dropped.
    Images above 2**20 pixels are measured on a box-averaged copy for light and colour, and on
    their central 1024 x 1024 pixels for sharpness and noise, whose meaning depends on scale.

    Returns:
        One number per entry of :data:`IMAGE_QUANTITIES`; NaN where undefined (an image under 3
        pixels wide or high has no Laplacian).

    Raises:
        BadInput: The bytes cannot be decoded; see :func:`decode_image`.

    Source: noise is Immerkær, "Fast noise variance estimation" (1996), with the median in place of
        the mean so that edges do not count as noise.
    Limits: flat and clipped regions hide noise (mostly white scans read 0); texture reads as noise.

    Example:
        >>> import io
        >>> buffer = io.BytesIO()
        >>> Image.new("RGB", (8, 4), (255, 0, 0)).save(buffer, "PNG")
        >>> row = dict(zip((q.name for q in IMAGE_QUANTITIES), describe_image(buffer.getvalue())))
        >>> row["aspect_ratio"], round(row["brightness"], 3), row["saturation"], row["noise"]
        (2.0, 0.299, 1.0, 0.0)
    """
    image = decode_image(payload)
    width, height = image.size
    luma, saturation = _light(_shrunk(image))
    detail = luma if width * height <= _WORKING_PIXELS else _light(_centre(image))[0]
    return (
        float(width),
        float(height),
        width / height,
        float(luma.mean()),
        float(luma.std()),
        _sharpness(detail),
        saturation,
        _noise(detail),
        float((luma <= _DARK).mean()),
        float((luma >= _BRIGHT).mean()),
        len(payload) / (width * height),
    )


def _light(image: Image.Image) -> tuple[_Plane, float]:
    """Luma plane ``(h, w)`` in [0, 1] and mean saturation."""
    if image.mode in ("L", "1"):
        return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255), 0.0
    if image.mode[0] in "IF":
        return _deep(np.asarray(image, dtype=np.float32)), 0.0
    rgb = np.asarray(image.convert("RGB"), dtype=np.float32) / np.float32(255)
    high, low = rgb.max(axis=2), rgb.min(axis=2)
    saturation = (high - low) / np.where(high > 0, high, 1)
    return (rgb @ _LUMA).astype(np.float32), float(saturation.mean())


def _deep(plane: _Plane) -> _Plane:
    """Scale 16-bit and floating grey to [0, 1]; Pillow's own conversion clips at 255."""
    finite = np.nan_to_num(plane, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(finite.max(initial=0.0))
    full = 1.0 if top <= 1 else 255.0 if top <= 255 else 65535.0
    return np.clip(finite / np.float32(full), 0, 1).astype(np.float32)


def _shrunk(image: Image.Image) -> Image.Image:
    factor = math.ceil(math.sqrt(image.width * image.height / _WORKING_PIXELS))
    if factor <= 1:
        return image
    direct = image.mode in ("L", "RGB", "I", "F")
    return (image if direct else image.convert("RGB")).reduce(factor)


def _centre(image: Image.Image) -> Image.Image:
    side = math.isqrt(_WORKING_PIXELS)
    left, top = max(0, (image.width - side) // 2), max(0, (image.height - side) // 2)
    return image.crop((left, top, min(image.width, left + side), min(image.height, top + side)))


def _sharpness(luma: _Plane) -> float:
    if min(luma.shape) < 3:
        return math.nan
    inner = luma[1:-1, 1:-1]
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((around - 4 * inner).var())


def _noise(luma: _Plane) -> float:
    if min(luma.shape) < 3:
        return math.nan
    rows = luma[:-2] - 2 * luma[1:-1] + luma[2:]
    response = rows[:, :-2] - 2 * rows[:, 1:-1] + rows[:, 2:]
    # The mask's weights have Euclidean norm 6: white noise of deviation s leaves deviation 6 s.
    return float(np.median(np.abs(response))) / (6 * _MAD_TO_SIGMA)
