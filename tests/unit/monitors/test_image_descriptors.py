"""Image descriptors on pictures of known truth."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ombud.errors import BadInput
from ombud_monitors.image import IMAGE_QUANTITIES, decode_image, describe_image


def encoded(array, mode=None, format="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(array, mode).save(buffer, format)
    return buffer.getvalue()


def measured(payload):
    return dict(zip((q.name for q in IMAGE_QUANTITIES), describe_image(payload), strict=True))


def grey(plane):
    return measured(encoded(np.clip(np.round(plane * 255), 0, 255).astype(np.uint8)))


@pytest.mark.parametrize("level", [0.0, 0.2, 0.6, 1.0])
def test_a_flat_image(level):
    row = grey(np.full((20, 30), level))
    assert (row["width"], row["height"], row["aspect_ratio"]) == (30, 20, 1.5)
    assert row["brightness"] == pytest.approx(level, abs=1e-6)
    for name in ("contrast", "sharpness", "noise", "saturation"):
        assert row[name] == pytest.approx(0, abs=1e-6)
    assert (row["dark_share"], row["bright_share"]) == (float(level == 0), float(level == 1))


def test_a_half_black_half_white_image():
    plane = np.zeros((10, 10))
    plane[:, 5:] = 1
    row = grey(plane)
    assert row["brightness"] == row["contrast"] == row["dark_share"] == row["bright_share"] == 0.5


def test_colours():
    pixels = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)
    row = measured(encoded(pixels))
    assert row["saturation"] == pytest.approx(0.75)
    assert row["brightness"] == pytest.approx((0.299 + 0.587 + 0.114 + 1) / 4, abs=1e-6)


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1])
def test_noise_of_known_size_is_recovered_over_a_slope_and_an_edge(sigma):
    rng = np.random.default_rng(0)
    scene = np.tile(np.linspace(0.3, 0.6, 200), (200, 1))
    scene[80:120] += 0.1
    assert grey(scene + rng.normal(0, sigma, scene.shape))["noise"] == pytest.approx(sigma, rel=0.06)


def test_blur_lowers_sharpness_and_brightness_stays():
    rng = np.random.default_rng(1)
    sharp = Image.fromarray((rng.random((64, 64)) * 255).astype(np.uint8))
    blurred = sharp.resize((16, 16), Image.Resampling.BOX).resize((64, 64), Image.Resampling.BILINEAR)
    one, other = measured(encoded(np.asarray(sharp))), measured(encoded(np.asarray(blurred)))
    assert other["sharpness"] < 0.1 * one["sharpness"]
    assert other["brightness"] == pytest.approx(one["brightness"], abs=0.01)


def test_the_laplacian_of_a_checkerboard():
    board = np.indices((12, 12)).sum(axis=0) % 2
    assert grey(board.astype(float))["sharpness"] == pytest.approx(16)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_formats_agree_on_light(format):
    plane = np.full((32, 32), 128, np.uint8)
    row = measured(encoded(plane, format=format))
    assert row["brightness"] == pytest.approx(128 / 255, abs=0.01)
    assert row["bytes_per_pixel"] > 0


def test_sixteen_bit_grey_is_not_clipped():
    plane = np.linspace(0, 65535, 400).reshape(20, 20).astype(np.uint16)
    assert measured(encoded(plane))["brightness"] == pytest.approx(0.5, abs=0.01)


def test_transparency_and_palettes_are_measured():
    buffer = io.BytesIO()
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(buffer, "PNG")
    assert measured(buffer.getvalue())["saturation"] == 1
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (0, 0, 255)).convert("P").save(buffer, "GIF")
    assert measured(buffer.getvalue())["saturation"] == 1


@pytest.mark.parametrize("size", [(1, 1), (2, 9), (9, 2)])
def test_tiny_images_have_light_but_no_detail(size):
    row = measured(encoded(np.full(size[::-1], 51, np.uint8)))
    assert row["brightness"] == pytest.approx(0.2)
    assert np.isnan([row["sharpness"], row["noise"]]).all()


def test_a_large_image_is_measured_like_its_small_kin():
    rng = np.random.default_rng(2)
    plane = np.clip(0.5 + rng.normal(0, 0.05, (2000, 1500)), 0, 1)
    row = grey(plane)
    assert row["width"] == 1500
    assert row["noise"] == pytest.approx(0.05, rel=0.03)
    assert row["brightness"] == pytest.approx(0.5, abs=0.005)


def bomb(side):
    """A PNG of ``side`` squared pixels that is a few kilobytes long: all zeros, never decoded."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused_from_its_header(side):
    with pytest.raises(BadInput, match="refused"):
        decode_image(bomb(side))


def test_formats_that_start_programs_are_not_read():
    with pytest.raises(BadInput, match="cannot be decoded"):
        decode_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")


def test_a_truncated_image_says_so():
    whole = encoded((np.random.default_rng(0).random((64, 64)) * 255).astype(np.uint8))
    with pytest.raises(BadInput, match="cannot be decoded") as caught:
        decode_image(whole[: len(whole) // 2])
    assert caught.value.remedy
