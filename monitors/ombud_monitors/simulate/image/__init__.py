"""Image corruptions: one function each, grouped by what causes them.

:mod:`~ombud_monitors.simulate.image.corruptions` is the list with sizes, :mod:`mildest` the smallest
sizes of the same list; the functions live in :mod:`noise`, :mod:`blur`, :mod:`light`, :mod:`storage`,
:mod:`geometry` and :mod:`marks`, and read images through :mod:`fields`.
"""

from ombud_monitors.simulate.image.corruptions import COLOUR_ONLY, IMAGE_NULL, IMAGE_SHIFTS
from ombud_monitors.simulate.image.mildest import MILDEST_SIZES

__all__ = ["COLOUR_ONLY", "IMAGE_NULL", "IMAGE_SHIFTS", "MILDEST_SIZES"]
