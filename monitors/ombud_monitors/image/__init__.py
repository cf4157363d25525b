"""Images: decoding that survives hostile bytes, and descriptors that a reader understands.

:func:`decode_image` turns encoded bytes into a PIL image or says why it cannot;
:func:`describe_image` measures one. :mod:`ombud_monitors.descriptors` measures many at once.
"""

from ombud_monitors.image.decoding import FORMATS, MAX_PIXELS, decode_image
from ombud_monitors.image.descriptors import IMAGE_QUANTITIES, describe_image

__all__ = ["FORMATS", "IMAGE_QUANTITIES", "MAX_PIXELS", "decode_image", "describe_image"]
