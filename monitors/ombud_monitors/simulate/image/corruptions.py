"""Corruptions: the documented list of mild image corruptions.

How mild is a rule, applied before any detector is run: see :mod:`ombud_monitors.simulate.severity`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ombud.domain.modality import IMAGE
from ombud_monitors.simulate.digits import digit_images
from ombud_monitors.simulate.image import blur, geometry, light, marks, noise, storage
from ombud_monitors.simulate.image.fields import Stack
from ombud_monitors.simulate.null import Null, Pool
from ombud_monitors.simulate.rows import Images
from ombud_monitors.simulate.shift import Shift

__all__ = ["COLOUR_ONLY", "IMAGE_NULL", "IMAGE_SHIFTS"]

_HENDRYCKS = "Hendrycks & Dietterich, ImageNet-C, ICLR 2019"
_MU = "Mu & Gilmer, MNIST-C, 2019"
_SIDES = "shorter sides of the image"
_FULL = "full scale"
_OPACITY = "opacity"


def _pixels(images: Images) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return images.pixels.reshape(len(images), -1).astype(np.float64)


IMAGE_NULL: Null[Images] = Null(
    "image",
    "Small grey images",
    IMAGE,
    "scikit-learn's load_digits as 1,797 grey images of 8 x 8 pixels, drawn without replacement; a detector "
    "sees the 64 pixels.",
    lambda: Pool(digit_images(), _pixels, pairs_per_copy=25),
)


def _corruption(
    name: str,
    size: float,
    unit: str,
    corrupt: Callable[[Stack, float, np.random.Generator], Stack],
    wording: str,
    source: str = _HENDRYCKS,
    largest: float = 1.0,
) -> Shift[Images]:
    def transform(images: Images, size: float, rng: np.random.Generator) -> Images:
        x = images.pixels.astype(np.float64) / images.full_scale
        y = corrupt(x if x.ndim == 4 else x[..., None], size, rng).reshape(x.shape)
        whole = np.rint(np.clip(y, 0, 1) * images.full_scale).astype(images.pixels.dtype)
        return replace(images, pixels=whole)

    title = name.replace("-", " ").capitalize()
    return Shift(
        f"image.{name}", title, IMAGE, "image", size, unit, wording, source, transform, largest=largest
    )


IMAGE_SHIFTS: tuple[Shift[Images], ...] = (
    _corruption("gaussian-noise", 0.1, _FULL, noise.gaussian_noise, "Gaussian noise of deviation {size:g}."),
    _corruption(
        "shot-noise", 0.22, _FULL, noise.shot_noise, "Poisson noise, deviation {size:g} at full scale."
    ),
    _corruption(
        "impulse-noise",
        0.082,
        "share of pixels",
        noise.impulse_noise,
        "A share of {size:g} of pixels becomes black or white.",
    ),
    _corruption(
        "speckle-noise",
        0.27,
        "share of the value",
        noise.speckle_noise,
        "Gaussian noise of deviation {size:g} times the pixel's value.",
        largest=4.0,
    ),
    _corruption(
        "gaussian-blur",
        0.068,
        _SIDES,
        blur.gaussian_blur,
        "Blurred by a Gaussian of deviation {size:g} sides.",
    ),
    _corruption(
        "defocus-blur", 0.027, _SIDES, blur.defocus_blur, "Blurred by a disc, radius {size:g} sides."
    ),
    _corruption(
        "motion-blur",
        0.12,
        _SIDES,
        blur.motion_blur,
        "Blurred along a line of {size:g} sides, in a random direction.",
    ),
    _corruption(
        "zoom-blur",
        0.15,
        "largest enlargement - 1",
        blur.zoom_blur,
        "Mean of enlargements from 1 to 1 + {size:g}.",
        largest=4.0,
    ),
    _corruption(
        "glass-blur",
        0.033,
        _SIDES,
        blur.glass_blur,
        "Each pixel is read up to {size:g} sides away, at random.",
    ),
    _corruption("fog", 0.1, _OPACITY, light.fog, "A bright smooth veil of opacity {size:g}."),
    _corruption(
        "frost",
        0.39,
        _OPACITY,
        light.frost,
        "White patches over half of the range of a smooth pattern, opacity up to {size:g}.",
    ),
    _corruption("brightness", 0.033, _FULL, light.brightness, "{size:g} of full scale is added."),
    _corruption(
        "contrast",
        0.12,
        "share of contrast",
        light.contrast,
        "Differences from the image's mean shrink by a share of {size:g}.",
    ),
    _corruption(
        "gamma",
        0.56,
        "exponent - 1",
        light.gamma,
        "Values in [0, 1] are raised to the power 1 + {size:g}.",
        "power-law transfer of cameras and displays (IEC 61966-2-1)",
        4.0,
    ),
    _corruption(
        "saturation",
        0.3,
        "share of colour",
        light.saturation,
        "Colours fade towards grey by a share of {size:g}.",
    ),
    _corruption(
        "pixelate",
        0.022,
        "share of resolution",
        storage.pixelate,
        "Resolution along each side falls by a share of {size:g}.",
        largest=0.9,
    ),
    _corruption(
        "jpeg",
        0.68,
        "1 - quality / 100",
        storage.jpeg,
        "JPEG with a quality of 100 (1 - {size:g}).",
        largest=0.99,
    ),
    _corruption(
        "quantisation",
        0.47,
        _FULL,
        storage.quantisation,
        "Values are rounded to multiples of {size:g} of full scale.",
        _MU,
    ),
    _corruption(
        "rotation",
        4.7,
        "degrees",
        geometry.rotation,
        "Turned by {size:g} degrees, to either side.",
        _MU,
        45.0,
    ),
    _corruption(
        "translation",
        0.027,
        _SIDES,
        geometry.translation,
        "Moved by {size:g} sides in a random direction.",
        _MU,
        0.5,
    ),
    _corruption(
        "shrinking", 0.1, "share of length", geometry.shrinking, "Shrunk by a share of {size:g}.", _MU, 0.9
    ),
    _corruption(
        "shear", 0.1, "slope", geometry.shear, "Slanted by a slope of {size:g}, to either side.", _MU, 2.0
    ),
    _corruption(
        "elastic",
        0.047,
        _SIDES,
        geometry.elastic,
        "Moved by a smooth random field of up to {size:g} sides.",
        "Simard et al., 2003; in ImageNet-C",
        0.5,
    ),
    _corruption(
        "dotted-line", 1.0, _OPACITY, marks.dotted_line, "A white dotted line, opacity {size:g}.", _MU
    ),
    _corruption("zigzag", 0.56, _OPACITY, marks.zigzag, "A white zigzag line, opacity {size:g}.", _MU),
    _corruption(
        "stripe",
        0.33,
        _OPACITY,
        marks.stripe,
        "A white band a quarter of a side wide, opacity {size:g}.",
        _MU,
    ),
    _corruption(
        "spatter",
        0.082,
        "share of area",
        marks.spatter,
        "Black stains cover a share of {size:g} of the image.",
        _MU,
    ),
)

COLOUR_ONLY = frozenset({"image.saturation"})
"""Corruptions that leave a grey image as it is: not run on digits."""
