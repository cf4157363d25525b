"""Audio descriptors on signals of known truth."""

import io

import numpy as np
import pytest
import soundfile

from ombud.errors import BadInput
from ombud_monitors.audio import AUDIO_QUANTITIES, decode_audio, decoding, describe_audio

RATE = 8000


def encoded(samples, rate=RATE, format="WAV", subtype="FLOAT"):
    buffer = io.BytesIO()
    soundfile.write(buffer, np.asarray(samples), rate, format=format, subtype=subtype)
    return buffer.getvalue()


def measured(samples, rate=RATE, **options):
    return dict(
        zip(
            (q.name for q in AUDIO_QUANTITIES), describe_audio(encoded(samples, rate, **options)), strict=True
        )
    )


def tone(frequency, seconds=1.0, amplitude=0.1, rate=RATE):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * rate)) / rate)


@pytest.mark.parametrize("frequency", [100, 440, 1234.5, 3000])
@pytest.mark.parametrize("rate", [8000, 44100])
def test_a_tone_lies_where_it_lies(frequency, rate):
    row = measured(tone(frequency, rate=rate), rate)
    assert row["spectral_centroid"] == pytest.approx(frequency, rel=0.02, abs=3)
    assert row["spectral_bandwidth"] < 40
    assert row["spectral_flatness"] < 0.01
    assert row["spectral_roll_off"] == pytest.approx(frequency, abs=35)
    assert row["zero_crossing_rate"] == pytest.approx(2 * frequency, rel=0.01)


@pytest.mark.parametrize("decibels", [-60.0, -20.0, -3.0, 0.0])
def test_a_sine_of_x_dbfs_reads_x_dbfs(decibels):
    row = measured(tone(440, amplitude=10 ** (decibels / 20)))
    assert row["loudness"] == pytest.approx(decibels, abs=0.02)
    assert row["peak"] == pytest.approx(decibels, abs=0.05)


def test_gain_moves_level_and_nothing_else():
    rng = np.random.default_rng(0)
    clip = rng.normal(0, 0.05, RATE) * np.repeat([1, 0.01], RATE // 2)
    one, other = measured(clip), measured(clip * 0.25)
    assert other["loudness"] - one["loudness"] == pytest.approx(-12.04, abs=0.01)
    for name in ("spectral_centroid", "spectral_flatness", "signal_to_noise", "zero_crossing_rate"):
        assert other[name] == pytest.approx(one[name], rel=1e-3)


def test_white_noise_fills_the_band():
    row = measured(np.random.default_rng(0).normal(0, 0.1, 10 * RATE))
    assert row["spectral_centroid"] == pytest.approx(RATE / 4, rel=0.02)
    assert row["spectral_bandwidth"] == pytest.approx(RATE / 2 / np.sqrt(12), rel=0.02)
    assert row["spectral_roll_off"] == pytest.approx(0.85 * RATE / 2, rel=0.02)
    assert row["spectral_flatness"] > 0.98
    assert row["loudness"] == pytest.approx(-20 + 3.01, abs=0.1)


def test_clipping_share_of_a_sine_driven_to_twice_full_scale():
    row = measured(np.clip(tone(100, amplitude=2.0), -1, 1))
    assert row["clipping_share"] == pytest.approx(1 - 2 / np.pi * np.arcsin(0.5), abs=0.02)
    assert measured(tone(100, amplitude=0.9))["clipping_share"] == 0


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9])
def test_silence_ratio(share):
    clip = tone(440, seconds=2)
    clip[: int(len(clip) * share)] = 0
    assert measured(clip)["silence_ratio"] == pytest.approx(share, abs=0.011)


@pytest.mark.parametrize("decibels", [0, 10, 20, 30])
def test_signal_to_noise_of_speech_like_bursts(decibels):
    rng = np.random.default_rng(3)
    gate = np.repeat(np.arange(20) % 2, RATE // 5)
    signal = np.sqrt(2) * 0.1 * np.sin(2 * np.pi * 300 * np.arange(len(gate)) / RATE) * gate
    noise = rng.normal(0, 1, len(gate)) * np.sqrt((signal**2).mean() / 10 ** (decibels / 10))
    assert measured(signal + noise)["signal_to_noise"] == pytest.approx(decibels + 0.8, abs=0.9)


def test_digital_silence():
    row = measured(np.zeros(RATE))
    assert row["loudness"] == row["peak"] == -120
    assert row["silence_ratio"] == 1
    assert np.isnan([row["signal_to_noise"], row["spectral_centroid"]]).all()
    assert row["zero_crossing_rate"] == 0


def test_a_constant_offset_has_no_spectrum_to_speak_of():
    assert measured(tone(440) + 0.5)["spectral_centroid"] == pytest.approx(440, abs=3)


def test_channels_are_counted_and_level_is_taken_over_all():
    row = measured(np.stack([tone(440), np.zeros(RATE)], axis=1))
    assert row["channels"] == 2
    assert row["loudness"] == pytest.approx(-23.01, abs=0.02)


@pytest.mark.parametrize(
    ("format", "subtype"), [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("AIFF", "PCM_16")]
)
def test_formats_agree(format, subtype):
    row = measured(tone(440), format=format, subtype=subtype)
    assert row["loudness"] == pytest.approx(-20, abs=0.3)
    assert row["spectral_centroid"] == pytest.approx(440, abs=5)
    assert row["duration"] == pytest.approx(1.0, abs=0.01)


def test_one_sample():
    row = measured([0.25])
    assert row["duration"] == 1 / RATE
    assert row["peak"] == pytest.approx(-12.04, abs=0.01)
    assert np.isnan([row["silence_ratio"], row["zero_crossing_rate"], row["spectral_centroid"]]).all()


def test_a_clip_that_is_too_long_is_refused_from_its_header():
    slow = encoded(np.zeros(601), rate=1, subtype="PCM_16")
    with pytest.raises(BadInput, match="refused: expected at most 600 s"):
        decode_audio(slow)


def test_a_clip_with_too_many_samples_is_refused(monkeypatch):
    monkeypatch.setattr(decoding, "MAX_SAMPLES", 1000)
    with pytest.raises(BadInput, match="2,000 samples refused"):
        decode_audio(encoded(np.zeros((1000, 2))))


def test_a_header_that_claims_more_than_there_is_gives_what_there_is():
    whole = bytearray(encoded(tone(440), subtype="PCM_16"))
    at = whole.find(b"data") + 4
    whole[at : at + 4] = (2**31 - 2).to_bytes(4, "little")
    assert len(decode_audio(bytes(whole)).samples) == RATE


def test_a_cut_flac_is_refused():
    whole = encoded(np.random.default_rng(0).normal(0, 0.1, RATE), format="FLAC", subtype="PCM_16")
    with pytest.raises(BadInput, match="audio"):
        decode_audio(whole[: len(whole) // 2])
