"""Mildest: the same corruptions at the lower edge of mild, where most people would see no difference.

By the rule of :mod:`ombud_monitors.simulate.severity`, the first preferred number that costs one point
of accuracy or changes pixels by 2% of full scale on average. Use them as
``SHIFTS[code].at(MILDEST_SIZES[code])``; on 17 grey values a few cannot be made milder than they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["MILDEST_SIZES"]

MILDEST_SIZES: Mapping[str, float] = MappingProxyType(
    {
        "image.gaussian-noise": 0.047,
        "image.shot-noise": 0.1,
        "image.impulse-noise": 0.027,
        "image.speckle-noise": 0.12,
        "image.gaussian-blur": 0.056,
        "image.defocus-blur": 0.012,
        "image.motion-blur": 0.056,
        "image.zoom-blur": 0.068,
        "image.glass-blur": 0.018,
        "image.fog": 0.047,
        "image.frost": 0.18,
        "image.brightness": 0.033,
        "image.contrast": 0.1,
        "image.gamma": 0.27,
        "image.pixelate": 0.01,
        "image.jpeg": 0.27,
        "image.quantisation": 0.22,
        "image.rotation": 2.2,
        "image.translation": 0.012,
        "image.shrinking": 0.056,
        "image.shear": 0.047,
        "image.elastic": 0.022,
        "image.dotted-line": 0.56,
        "image.zigzag": 0.27,
        "image.stripe": 0.15,
        "image.spatter": 0.033,
    }
)
"""Code → size at the lower edge of mild."""
