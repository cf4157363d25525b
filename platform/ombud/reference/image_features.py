"""Encoded pictures to small grey arrays."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["SIDE", "encode_image"]

SIDE = 28


def encode_image(payload: bytes) -> NDArray[np.float32]:
    """A picture as ``(28, 28)`` float32 grey values in [0, 1].

    Larger or smaller pictures are resized without keeping their proportions.

    Raises:
        ValueError: The bytes are not a picture that Pillow can read.
    """
    try:
        with Image.open(io.BytesIO(payload)) as picture:
            grey = picture.convert("L")
    # Pillow's decoders let many kinds of errors through for damaged files.
    except Exception as error:
        raise ValueError(f"not a readable image ({error})") from error
    if grey.size != (SIDE, SIDE):
        grey = grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(grey, dtype=np.float32) / 255.0
