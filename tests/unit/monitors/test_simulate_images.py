"""Image corruptions: as many as promised, at home on any size and depth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from ombud.errors import BadInput
from ombud_monitors.simulate import COLOUR_ONLY, SHIFTS, Images
from ombud_monitors.simulate.image import IMAGE_SHIFTS, blur, geometry, light, marks, noise, storage
from ombud_monitors.simulate.image.fields import Stack, smooth_pattern

Corrupt = Callable[[Stack, float, np.random.Generator], Stack]
CORRUPTIONS = [shift.code for shift in IMAGE_SHIFTS]
ON_DIGITS = [code for code in CORRUPTIONS if code not in COLOUR_ONLY]


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def photographs(*shape: int) -> Images:
    """Smooth random uint8 images."""
    x = np.zeros((shape[0], *shape[1:3], 1))
    planes = [smooth_pattern(x, np.random.default_rng(k), width=0.2) for k in range(shape[3])]
    pixels = np.rint(np.stack(planes, axis=3) * 255).astype(np.uint8)
    return Images(pixels if shape[3] == 3 else pixels[..., 0], 255)


def test_there_are_at_least_17_for_grey_images() -> None:
    assert len(ON_DIGITS) >= 17


@pytest.mark.parametrize("code", CORRUPTIONS)
@pytest.mark.parametrize("shape", [(3, 32, 32, 3), (3, 24, 40, 1)], ids=["colour", "grey, wide"])
def test_corruptions_work_on_bytes_of_any_size(code: str, shape: tuple[int, ...]) -> None:
    images = photographs(*shape)
    after = SHIFTS[code].apply(images, rng())
    assert isinstance(after, Images)
    assert after.pixels.dtype == np.uint8
    assert after.pixels.shape == images.pixels.shape
    assert (images.distance(after) > 0) == (shape[3] == 3 or code not in COLOUR_ONLY)


@pytest.mark.parametrize(
    "corrupt",
    [blur.gaussian_blur, blur.defocus_blur, blur.motion_blur, blur.zoom_blur, blur.glass_blur, light.contrast,
     storage.pixelate, geometry.rotation, geometry.translation, geometry.shrinking, geometry.shear,
     geometry.elastic],
)  # fmt: skip
def test_what_only_moves_light_leaves_an_even_image_even(corrupt: Corrupt) -> None:
    even = np.full((2, 9, 12, 1), 0.4)
    assert_allclose(corrupt(even, 0.3, rng()), even)


@pytest.mark.parametrize(
    "corrupt",
    [blur.gaussian_blur, blur.defocus_blur, blur.motion_blur, blur.zoom_blur, blur.glass_blur, light.fog,
     light.frost, light.brightness, light.contrast, light.gamma, storage.pixelate, storage.quantisation,
     geometry.rotation, geometry.translation, geometry.shrinking, geometry.shear, geometry.elastic,
     marks.dotted_line, marks.zigzag, marks.stripe, noise.gaussian_noise, noise.shot_noise,
     noise.speckle_noise],
)  # fmt: skip
def test_size_0_is_approached_without_a_jump(corrupt: Corrupt) -> None:
    x = rng().random((3, 8, 8, 1))
    assert np.abs(corrupt(x, 1e-4, rng()) - x).max() < 0.01


def test_a_turn_by_90_degrees_is_numpy_s() -> None:
    x = rng().random((4, 8, 8, 1))
    turned = geometry.rotation(x, 90.0, rng())
    for image, after in zip(x, turned, strict=True):
        either = [np.rot90(image, k) for k in (1, 3)]
        assert min(np.abs(after - e).max() for e in either) < 1e-9


def test_noise_has_the_stated_deviation() -> None:
    even = np.full((50, 20, 20, 1), 0.5)
    assert noise.gaussian_noise(even, 0.1, rng()).std() == pytest.approx(0.1, rel=0.03)
    assert noise.speckle_noise(even, 0.1, rng()).std() == pytest.approx(0.05, rel=0.03)
    assert noise.shot_noise(even, 0.1, rng()).std() == pytest.approx(0.1 * np.sqrt(0.5), rel=0.03)
    struck = noise.impulse_noise(even, 0.1, rng()) != 0.5
    assert struck.mean() == pytest.approx(0.1, rel=0.1)


def test_a_point_is_blurred_to_the_stated_width() -> None:
    point = np.zeros((1, 41, 41, 1))
    point[0, 20, 20] = 1
    spread = np.arange(41) - 20
    for corrupt, variance in (
        (blur.gaussian_blur, (0.05 * 41) ** 2),
        # A disc of radius r has variance r^2 / 4 along each axis; half a pixel is the pixel itself.
        (blur.defocus_blur, (0.1 * 41 + 0.5) ** 2 / 4),
    ):
        size = 0.05 if corrupt is blur.gaussian_blur else 0.1
        kernel = corrupt(point, size, rng())[0, :, :, 0]
        assert kernel.sum() == pytest.approx(1)
        assert (kernel.sum(axis=0) * spread**2).sum() == pytest.approx(variance, rel=0.03)


def test_pixelate_at_half_resolution_is_the_mean_of_two_by_two() -> None:
    x = rng().random((2, 8, 8, 1))
    means = x.reshape(2, 4, 2, 4, 2).mean(axis=(2, 4)).repeat(2, axis=1).repeat(2, axis=2)
    assert_allclose(storage.pixelate(x, 0.5, rng())[..., 0], means)


def test_jpeg_keeps_less_at_lower_quality_and_grey_stays_grey() -> None:
    x = rng().random((1, 16, 16, 1)).repeat(3, axis=3)
    errors = [np.abs(storage.jpeg(x, size, rng()) - x).mean() for size in (0.01, 0.5, 0.9)]
    assert errors[0] < errors[1] < errors[2]
    grey = storage.jpeg(x, 0.5, rng())
    assert np.abs(grey[..., 0] - grey[..., 1]).max() <= 2 / 255


def test_stains_cover_the_stated_share() -> None:
    white = np.ones((5, 20, 20, 1))
    assert 1 - marks.spatter(white, 0.1, rng()).mean() == pytest.approx(0.1, abs=0.005)


def test_full_desaturation_is_grey_and_keeps_luma() -> None:
    x = rng().random((2, 5, 5, 3))
    grey = light.saturation(x, 1.0, rng())
    assert_allclose(grey, (x @ [0.299, 0.587, 0.114])[..., None].repeat(3, axis=3))


def test_rows_do_not_depend_on_their_neighbours_where_nothing_is_random() -> None:
    images = photographs(4, 16, 16, 1)
    for name in ("gaussian-blur", "defocus-blur", "zoom-blur", "contrast", "pixelate", "jpeg", "shrinking"):
        shift = SHIFTS[f"image.{name}"]
        whole = shift.apply(images, rng()).pixels
        alone = [shift.apply(images.take(np.array([i])), rng()).pixels[0] for i in range(4)]
        assert_array_equal(whole, np.stack(alone))


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 8)), np.zeros((2, 3, 8)), np.zeros((2, 8, 8, 4)), np.full((1, 8, 8), -1.0),
               np.full((1, 8, 8), 17.0), np.full((1, 8, 8), np.nan)]
)  # fmt: skip
def test_images_that_are_none_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(BadInput, match="images: expected"):
        Images(pixels, 16)
