"""Decoding images from strangers: a closed list of formats and a limit before memory is spent."""

from __future__ import annotations

import io

from PIL import Image

from ombud.errors import BadInput

__all__ = ["FORMATS", "MAX_PIXELS", "decode_image"]

MAX_PIXELS = 50_000_000
"""Larger images are refused from their header, before a decompression bomb can go off."""

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""A closed list: Pillow's other readers start programs (EPS) or are rarely tested."""


def decode_image(payload: bytes) -> Image.Image:
    """Decode one image fully; of an animation, the first frame.

    Raises:
        BadInput: Not an image of :data:`FORMATS`, cut, corrupt, or above :data:`MAX_PIXELS`.

    Limits: EXIF orientation is not applied: width and height are as stored.

    Example:
        >>> buffer = io.BytesIO()
        >>> Image.new("L", (4, 3)).save(buffer, "PNG")
        >>> decode_image(buffer.getvalue()).size
        (4, 3)
    """
    try:
        image = Image.open(io.BytesIO(payload), formats=FORMATS)
        width, height = image.size
        if width * height <= MAX_PIXELS:
            image.load()  # type: ignore[no-untyped-call]
            return image
    except Image.DecompressionBombError as error:
        raise BadInput(f"image refused: {error}", remedy=_SMALLER) from None
    except Exception as error:
        # Pillow's readers answer hostile bytes with many kinds of exception (struct, zlib, index,
        # syntax, OS errors); whatever the kind, it means that these bytes are not an image.
        raise BadInput(
            f"image cannot be decoded ({len(payload)} bytes): {_reason(error)}",
            remedy=f"Send a whole file in one of the formats {', '.join(FORMATS)}.",
        ) from None
    raise BadInput(
        f"image of {width}x{height} pixels refused: expected at most {MAX_PIXELS:,} pixels",
        remedy=_SMALLER,
    )


_SMALLER = "Scale the image down before it is sent."


def _reason(error: Exception) -> str:
    # Pillow names the in-memory file by its address, which differs on every run.
    return str(error).split(" <_io")[0] or type(error).__name__
