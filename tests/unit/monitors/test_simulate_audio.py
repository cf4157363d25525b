"""Audio: voices like recordings, and shifts of the size that they state."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from numpy.typing import NDArray

from ombud.errors import BadInput
from ombud_monitors.audio import AUDIO_QUANTITIES
from ombud_monitors.simulate import SHIFTS, Clips, clip_descriptors, voices
from ombud_monitors.simulate.audio import channel

RATE = 16_000


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def tones(*hertz: float, amplitude: float = 0.1, seconds: float = 0.5) -> Clips:
    """One clip for each frequency."""
    time = np.arange(round(RATE * seconds)) / RATE
    waves = [amplitude * np.sin(2 * np.pi * f * time) for f in hertz]
    return Clips(np.array(waves, np.float32), RATE)


def after(code: str, clips: Clips, size: float | None = None) -> Clips:
    shift = SHIFTS[f"audio.{code}"] if size is None else SHIFTS[f"audio.{code}"].at(size)
    changed = shift.apply(clips, rng())
    assert isinstance(changed, Clips)
    return changed


def power(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.mean(np.square(samples, dtype=np.float64), axis=1))


def spectrum(clips: Clips) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies and the mean power spectrum over clips."""
    magnitude = np.abs(np.fft.rfft(clips.samples.astype(np.float64), axis=1)) ** 2
    return np.fft.rfftfreq(clips.samples.shape[1], 1 / clips.rate), magnitude.mean(axis=0)


@pytest.mark.parametrize("code", ["white-noise", "pink-noise", "hum", "babble"])
def test_noise_has_the_stated_signal_to_noise_ratio(code: str) -> None:
    clips = voices(40, rng())
    noise = after(code, clips).samples.astype(np.float64) - clips.samples
    ratio = 10 * np.log10(power(clips.samples) / power(noise.astype(np.float32)))
    assert_allclose(ratio, 20, atol=0.01)


def test_noises_have_their_colours() -> None:
    quiet = tones(*[440.0] * 60)
    for code, slope in (("white-noise", 0), ("pink-noise", -1)):
        noise = after(code, quiet).samples - quiet.samples
        hertz, level = spectrum(Clips(noise, RATE))
        band = (hertz > 20) & (hertz < 7000)
        assert np.polyfit(np.log(hertz[band]), np.log(level[band]), 1)[0] == pytest.approx(slope, abs=0.05)
    hertz, level = spectrum(Clips(after("hum", quiet).samples - quiet.samples, RATE))
    assert sorted(hertz[np.argsort(level)[-3:]].tolist()) == [50, 100, 150]


def test_a_tone_rises_in_pitch_by_the_stated_speed() -> None:
    for size in (0.05, 0.2):
        hertz, level = spectrum(after("speed", tones(1000.0, seconds=0.4), size))
        # The end of the clip is played backwards, which leaves the tone's frequency alone.
        assert hertz[level.argmax()] == pytest.approx(1000 * (1 + size), abs=4)


def test_low_pass_cuts_above_and_leaves_below() -> None:
    before, cut = power(tones(1000, 3500, 5000, 7000).samples), None
    cut = power(after("low-pass", tones(1000, 3500, 5000, 7000)).samples)
    assert_allclose(cut / before, [1, 1, 0, 0], atol=0.01)


def test_a_telephone_passes_its_band_only() -> None:
    clips = tones(100, 1000, 3000, 5000)
    assert_allclose(power(after("telephone", clips).samples) / power(clips.samples), [0, 1, 1, 0], atol=0.04)


def test_mu_law_keeps_38_decibels_over_a_wide_range_of_levels() -> None:
    # Textbook figure of 8-bit mu-law: about 38 dB, nearly whatever the level. 255 levels cost nothing.
    for amplitude in (0.02, 0.1, 0.5):
        x = tones(997, amplitude=amplitude).samples.astype(np.float64)
        ratio = 10 * np.log10(power(x) / power(channel.mu_law(x) - x))
        assert ratio[0] == pytest.approx(38, abs=3)


def test_rounding_to_8_bits_leaves_the_noise_of_8_bits() -> None:
    clips = tones(997, amplitude=0.9)
    noise = after("quantised", clips).samples.astype(np.float64) - clips.samples
    assert noise.std() == pytest.approx(1 / 128 / np.sqrt(12), rel=0.05)


@pytest.mark.parametrize("code", ["vorbis", "mp3"])
def test_codecs_lose_something_but_stay_in_step(code: str) -> None:
    clips = voices(4, rng())
    changed = after(code, clips)
    assert 0.01 < clips.distance(changed) < 0.5
    lags = np.array([-200, -1, 0, 1, 200])
    for x, y in zip(clips.samples, changed.samples, strict=True):
        assert lags[np.argmax([np.dot(x, np.roll(y, -lag)) for lag in lags])] == 0


def test_a_room_decays_by_60_decibels_in_the_stated_time() -> None:
    click = np.zeros((200, RATE), np.float32)
    click[:, 0] = 0.5
    room = after("reverberation", Clips(click, RATE), 0.5).samples.astype(np.float64)
    energy = (room[:, 1:8001] ** 2).mean(axis=0).reshape(-1, 400).mean(axis=1)
    slope = np.polyfit(np.arange(len(energy)) * 400 / RATE, 10 * np.log10(energy), 1)[0]
    assert slope == pytest.approx(-60 / 0.5, rel=0.05)
    direct = (room[:, 0] ** 2).mean()
    tail = (room[:, 1:] ** 2).sum(axis=1).mean()
    # 6 dB below at 0.3 s, in proportion to the time.
    assert 10 * np.log10(tail / direct) == pytest.approx(-6 + 10 * np.log10(0.5 / 0.3), abs=0.2)


def test_a_room_keeps_the_level() -> None:
    clips = voices(10, rng())
    assert_allclose(power(after("reverberation", clips).samples), power(clips.samples), rtol=0.02)


def test_quieter_is_quieter_by_the_stated_decibels() -> None:
    clips = voices(10, rng())
    assert_allclose(
        10 * np.log10(power(after("quieter", clips).samples) / power(clips.samples)), -3, atol=1e-4
    )


def test_clipping_lowers_each_peak_by_the_stated_share() -> None:
    clips = voices(10, rng())
    peaks = np.abs(after("clipping", clips).samples).max(axis=1) / np.abs(clips.samples).max(axis=1)
    assert_allclose(peaks, 0.7, rtol=1e-5)


def test_dropouts_silence_the_stated_share_in_whole_packets() -> None:
    even = Clips(np.full((200, 8000), 0.5, np.float32), RATE)
    packets = after("dropouts", even).samples.reshape(200, 25, 320)
    silent = (packets == 0).all(axis=2)
    assert ((packets == 0).any(axis=2) == silent).all()
    assert silent.mean() == pytest.approx(0.03, abs=0.01)


def test_silence_stays_silent_under_noise() -> None:
    silent = Clips(np.zeros((2, 800), np.float32), RATE)
    for code in ("white-noise", "reverberation", "clipping"):
        assert not after(code, silent).samples.any()


def test_a_telephone_needs_8_kilohertz() -> None:
    with pytest.raises(BadInput, match="at least 8000 Hz"):
        after("telephone", Clips(np.zeros((1, 400), np.float32), 4000))


def test_voices_vary_and_every_descriptor_is_defined() -> None:
    measured = clip_descriptors(voices(60, rng()))
    names = [quantity.name for quantity in AUDIO_QUANTITIES][3:]
    assert measured.shape == (60, len(names))
    assert np.isfinite(measured).all()
    constant = {name for name, column in zip(names, measured.T, strict=True) if not column.std()}
    assert constant <= {"clipping_share"}
    assert measured[:, names.index("loudness")].mean() == pytest.approx(-20, abs=1.5)


def test_voices_are_the_same_rows_in_the_same_order_by_seed() -> None:
    np.testing.assert_array_equal(voices(5, rng()).samples, voices(5, rng()).samples)
    assert len(voices(0, rng())) == 0


@pytest.mark.parametrize(
    ("samples", "rate"),
    [(np.zeros(8), RATE), (np.zeros((2, 0)), RATE), (np.zeros((2, 8)), 0), (np.full((1, 8), 1.5), RATE),
     (np.full((1, 8), np.nan), RATE)],
)  # fmt: skip
def test_clips_that_are_none_are_refused(samples: NDArray[np.float64], rate: int) -> None:
    with pytest.raises(BadInput, match="clips: expected"):
        Clips(samples.astype(np.float32), rate)
