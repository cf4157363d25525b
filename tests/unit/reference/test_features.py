"""Payloads become arrays whatever their format, and damaged ones are named."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PIL import Image

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.errors import BadInput
from ombud.reference.audio_features import encode_audio
from ombud.reference.features import extract
from ombud.reference.image_features import encode_image
from ombud.reference.text_features import BUCKETS, WIDTH, encode_text


def sound(wave: NDArray[np.float64], rate: int = 8000, kind: str = "WAV", subtype: str = "FLOAT") -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def tone(seconds: float = 0.5, rate: int = 8000) -> NDArray[np.float64]:
    time = np.arange(int(seconds * rate)) / rate
    return 0.4 * np.sin(2 * np.pi * (300 + 800 * time) * time)


def test_format_rate_and_channels_hardly_matter() -> None:
    one = encode_audio(sound(tone(), kind="FLAC", subtype="PCM_16"))
    stereo = np.stack([tone(rate=16000)] * 2, axis=1)
    other = encode_audio(sound(stereo, rate=16000))
    assert one.shape == other.shape == (40, 48)
    assert one.dtype == np.float32
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.97


def test_silence_around_the_sound_is_cut() -> None:
    rng = np.random.default_rng(0)
    padded = np.concatenate([np.zeros(4000), tone(), np.zeros(8000)]) + 1e-4 * rng.standard_normal(16000)
    alone = encode_audio(sound(tone() + 1e-4 * rng.standard_normal(4000)))
    assert np.corrcoef(alone.ravel(), encode_audio(sound(padded)).ravel())[0, 1] > 0.8


@pytest.mark.parametrize("wave", [tone(0.002), np.zeros(4000), np.ones(4000), tone(30.0)])
def test_odd_sounds_give_finite_features(wave: NDArray[np.float64]) -> None:
    assert np.isfinite(encode_audio(sound(wave))).all()


def test_any_picture_is_read() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (50, 30), (255, 255, 255)).save(buffer, "JPEG")
    grey = encode_image(buffer.getvalue())
    assert grey.shape == (28, 28)
    assert grey.min() > 0.98


def test_texts_longer_than_the_limit_and_odd_characters_are_read() -> None:
    for text in ("seven " * 500, "\ud800", "７ cups", "!!!", "٣"):
        buckets = encode_text(text)
        assert buckets.shape == (WIDTH,)
        assert 0 < buckets.max() < BUCKETS
    assert (encode_text("７ cups") == encode_text("7 cups")).all()


@pytest.mark.parametrize(
    ("modality", "payload"),
    [
        (TEXT, ""),
        (TEXT, " \n"),
        (TEXT, b"two"),
        (IMAGE, b"\x89PNG\r\n\x1a\n"),
        (IMAGE, b""),
        (IMAGE, "two"),
        (AUDIO, b"fLaC"),
        (AUDIO, sound(tone())[:40]),
        (AUDIO, sound(np.zeros(0))),
        (AUDIO, sound(np.full(800, np.nan))),
    ],
)
def test_a_bad_payload_is_named_by_row_and_modality(modality: Modality, payload: str | bytes) -> None:
    with pytest.raises(BadInput, match=f"row 1, modality '{modality}'") as caught:
        extract([{TEXT: "fine"}, {modality: payload}], [TEXT, IMAGE, AUDIO])
    assert caught.value.remedy


def test_absent_modalities_are_marked() -> None:
    features = extract([{TEXT: "two", AUDIO: None}, {AUDIO: sound(tone())}, {}], [TEXT, AUDIO])
    assert features.present[TEXT].tolist() == [True, False, False]
    assert features.present[AUDIO].tolist() == [False, True, False]
    assert not features.arrays[TEXT][1:].any()
