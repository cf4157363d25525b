"""Many payloads at once: one bad payload never spoils the rest, and never raises."""

import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud_monitors.descriptors import describe, quantities


def png(size=(8, 8)):
    buffer = io.BytesIO()
    Image.new("L", size, 100).save(buffer, "PNG")
    return buffer.getvalue()


def wav(samples, rate=8000):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(samples, np.float32), rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


GOOD = {TEXT: "hello there", IMAGE: png(), AUDIO: wav(np.zeros(8000))}


@pytest.mark.parametrize("modality", [TEXT, IMAGE, AUDIO])
def test_every_column_has_a_name_a_unit_and_a_meaning(modality):
    columns = quantities(modality)
    described = describe(modality, [GOOD[modality]])
    assert described.names == tuple(q.name for q in columns)
    assert len(set(described.names)) == len(described.names)
    assert all(q.unit and q.meaning for q in columns)
    assert described.values.shape == (1, len(columns))
    assert described.values.dtype == np.float64


@pytest.mark.parametrize("modality", [TEXT, IMAGE, AUDIO])
def test_absent_is_a_nan_row_without_a_problem(modality):
    described = describe(modality, [None, GOOD[modality], None])
    assert np.isnan(described.values[[0, 2]]).all()
    assert described.problems == ("", "", "")


@pytest.mark.parametrize("modality", [TEXT, IMAGE, AUDIO])
def test_no_payloads_give_no_rows(modality):
    described = describe(modality, [])
    assert described.values.shape == (0, len(quantities(modality)))


@pytest.mark.parametrize(
    ("modality", "payload"),
    [
        (IMAGE, b""),
        (IMAGE, b"not an image"),
        (IMAGE, png((64, 64))[:60]),
        (IMAGE, "a string"),
        (IMAGE, wav(np.zeros(100))),
        (AUDIO, b""),
        (AUDIO, b"RIFF\0\0\0\0WAVEfmt "),
        (AUDIO, "a string"),
        (AUDIO, png()),
        (AUDIO, wav([])),
        (AUDIO, wav([0.1, np.nan, 0.2])),
        (TEXT, b"bytes"),
        (TEXT, "x" * 1_000_001),
    ],
)
def test_a_bad_payload_is_a_nan_row_with_its_problem_and_the_others_stay(modality, payload):
    described = describe(modality, [GOOD[modality], payload, GOOD[modality]])
    assert np.isnan(described.values[1]).all()
    assert described.problems[1]
    assert described.problems[0] == described.problems[2] == ""
    np.testing.assert_array_equal(described.values[0], described.values[2])


def test_problems_are_the_same_on_every_run():
    broken = [png((64, 64))[:60], b"junk"]
    assert describe(IMAGE, broken).problems == describe(IMAGE, broken).problems
    assert "0x" not in "".join(describe(IMAGE, broken).problems + describe(AUDIO, [b"junk"]).problems)


def test_empty_text_keeps_what_can_be_counted():
    row = describe(TEXT, [" \n"])
    assert row.problems == ("text is empty",)
    assert row.row(0)["is_empty"] == 1
    assert row.row(0)["words"] == 0
    assert "digit_share" not in row.row(0)


@pytest.mark.parametrize("n", [1, 2, 15])
def test_a_clip_of_a_few_samples_keeps_its_level(n):
    described = describe(AUDIO, [wav(np.full(n, 0.5))])
    assert "too short" in described.problems[0]
    assert described.row(0)["peak"] == pytest.approx(-6.02, abs=0.01)
    assert "spectral_centroid" not in described.row(0)


def test_a_modality_that_nobody_can_describe_has_no_columns():
    described = describe(Modality("lidar"), [b"x", None])
    assert described.values.shape == (2, 0)
    assert described.problems == ("", "")
