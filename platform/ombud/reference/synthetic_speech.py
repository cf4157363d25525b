"""Speech-like digits with known truth: a source-filter synthesiser with speakers and rooms.

A glottal pulse train and friction noise are shaped, frame by frame, by resonances that move along
the phones of :mod:`ombud.reference.synthetic_phones`. Speakers differ in pitch, vocal tract length,
tempo and breath; a channel colours everything that goes through it.

Source: the source-filter theory of speech production (Fant 1960); formant synthesis (Klatt 1980).
Limits: nobody would take it for a person; it is as hard as spoken digits for a small network, which
is all it is for.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from ombud.reference.synthetic_phones import LANGUAGES, PHONES

__all__ = ["HOME_ACCENT", "HOME_CHANNEL", "SAMPLE_RATE", "Accent", "Channel", "Voice", "encode_flac", "say"]

SAMPLE_RATE = 8000
_FRAME, _HOP = 256, 64
_HZ = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
_WINDOW = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME))
_BANDWIDTHS = np.array([80.0, 110.0, 170.0])


@dataclass(frozen=True)
class Accent:
    """A systematic way of speaking differently.

    Args:
        name: Shown as ``speaker_accent``.
        formant_scale: Factors on the three resonances.
        second_formant_pull: Share by which the second resonance moves to its neutral 1,450 Hz.
        tempo: Factor on every duration.
    """

    name: str
    formant_scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    second_formant_pull: float = 0.0
    tempo: float = 1.0


@dataclass(frozen=True)
class Channel:
    """A microphone and what follows it.

    Args:
        name: Shown as ``audio_domain``.
        low_hz: Below it the channel attenuates by 12 dB per octave.
        high_hz: Above it likewise.
        noise: Amplitude of the room's noise relative to full scale.
    """

    name: str
    low_hz: float = 60.0
    high_hz: float = 3900.0
    noise: float = 0.003

    def response(self) -> NDArray[np.float64]:
        """Gain per frequency bin of a frame, ``(129,)``."""
        low = 1 / (1 + (self.low_hz / np.maximum(_HZ, 1.0)) ** 4)
        high = 1 / (1 + (_HZ / self.high_hz) ** 4)
        return np.asarray(np.sqrt(low * high))


HOME_ACCENT = Accent("home")
HOME_CHANNEL = Channel("desk-microphone")


@dataclass(frozen=True)
class Voice:
    """A speaker.

    Args:
        pitch_hz: Median fundamental frequency.
        tract: Factor on all resonances (short vocal tracts have higher ones).
        tempo: Factor on every duration.
        breath: Amplitude of breath noise in voiced sounds.
        tilt_hz: Corner of the glottal source's low pass.
        noise: Noise of the speaker's room, relative to full scale.
    """

    pitch_hz: float
    tract: float
    tempo: float
    breath: float
    tilt_hz: float
    noise: float

    @classmethod
    def draw(cls, gender: str, rng: np.random.Generator) -> Voice:
        """A speaker of a gender, ``"female"`` or ``"male"``."""
        female = gender == "female"
        return cls(
            pitch_hz=float(rng.normal(205, 22) if female else rng.normal(118, 15)),
            tract=float(rng.normal(1.15 if female else 1.0, 0.07)),
            tempo=float(rng.uniform(0.85, 1.25)),
            breath=float(rng.uniform(0.01, 0.08)),
            tilt_hz=float(rng.uniform(500, 1100)),
            noise=float(np.exp(rng.uniform(np.log(0.002), np.log(0.09)))),
        )


def say(
    digit: int,
    language: str,
    voice: Voice,
    rng: np.random.Generator,
    *,
    accent: Accent = HOME_ACCENT,
    channel: Channel = HOME_CHANNEL,
) -> NDArray[np.float64]:
    """One utterance.

    Args:
        digit: 0 to 9.
        language: Key of :data:`~ombud.reference.synthetic_phones.LANGUAGES`.
        voice: Who speaks.
        rng: Source of the variation between utterances.
        accent: How they speak.
        channel: What records them.

    Returns:
        ``(samples,)`` in [-1, 1] at 8 kHz, 0.4 to 1.0 s long.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> wave = say(7, "synthetic-a", Voice.draw("female", rng), rng)
        >>> 0.4 <= len(wave) / SAMPLE_RATE <= 1.0
        True
    """
    targets, loudness, friction, friction_hz = _trajectories(digit, language, voice, accent, rng)
    frames = len(targets)
    length = (frames - 1) * _HOP + _FRAME
    pitch = voice.pitch_hz * rng.normal(1, 0.05) * np.linspace(1.08, 0.86, length)
    pitch *= 1 + 0.01 * np.sin(np.arange(length) * 2 * np.pi * 5 / SAMPLE_RATE)
    phase = np.cumsum(pitch / SAMPLE_RATE)
    pulses = np.diff(np.floor(phase), prepend=0.0)
    white = rng.standard_normal(length)
    voiced = _spectra(pulses * np.sqrt(SAMPLE_RATE / pitch) + voice.breath * white)
    resonance = _resonances(targets) / (1 + (_HZ / voice.tilt_hz) ** 2)
    noise_shape = np.exp(-0.5 * ((_HZ - friction_hz[:, None]) / 550.0) ** 2)
    spectra = loudness[:, None] * resonance * voiced + 0.5 * friction[:, None] * noise_shape * _spectra(white)
    wave = _overlap_add(spectra * channel.response(), length)[_FRAME // 4 : -_FRAME // 4]
    wave *= rng.uniform(0.35, 0.8) / (np.abs(wave).max() + 1e-9)
    wave += (voice.noise + channel.noise) * rng.standard_normal(len(wave))
    return np.clip(wave, -1.0, 1.0)


def encode_flac(wave: NDArray[np.float64]) -> bytes:
    """FLAC bytes, mono, 16 bit, 8 kHz, of ``(samples,)`` in [-1, 1]."""
    buffer = io.BytesIO()
    soundfile.write(buffer, wave, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def _trajectories(
    digit: int, language: str, voice: Voice, accent: Accent, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    phones = [PHONES[symbol] for symbol in LANGUAGES[language][digit].split()]
    seconds = np.array([p.seconds for p in phones]) * np.exp(rng.normal(0, 0.15, len(phones)))
    seconds *= 1.35 * voice.tempo * accent.tempo
    # Silence on both sides brings every utterance into 0.4 to 1.0 s.
    seconds *= min(1.0, 0.85 / seconds.sum())
    silence = max(0.1, 0.45 - seconds.sum())
    lead = rng.uniform(0.3, 0.7) * silence
    formants = np.array([p.formants for p in phones], dtype=np.float64)
    formants[:, 1] += accent.second_formant_pull * (1450 - formants[:, 1])
    formants = (
        formants * np.array(accent.formant_scale) * voice.tract * np.exp(rng.normal(0, 0.1, formants.shape))
    )
    times = lead + np.cumsum(seconds) - seconds / 2
    grid = np.arange(0, seconds.sum() + silence, _HOP / SAMPLE_RATE)
    targets = np.stack([np.interp(grid, times, formants[:, i]) for i in range(3)], axis=1)
    spoken = np.searchsorted(np.r_[lead, lead + np.cumsum(seconds)], grid, side="right") - 1
    inside = (spoken >= 0) & (spoken < len(phones))
    index = np.clip(spoken, 0, len(phones) - 1)
    loudness = _smooth(np.where(inside, np.array([p.voice for p in phones])[index], 0.0), 5)
    friction = _smooth(np.where(inside, np.array([p.noise for p in phones])[index], 0.0), 3)
    return targets, loudness, friction, np.array([p.noise_hz for p in phones])[index] * voice.tract**0.5


def _smooth(values: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.convolve(values, np.ones(width) / width, mode="same")


def _spectra(wave: NDArray[np.float64]) -> NDArray[np.complex128]:
    frames = np.lib.stride_tricks.sliding_window_view(wave, _FRAME)[::_HOP]
    return np.fft.rfft(frames * _WINDOW, axis=1)


def _resonances(formants: NDArray[np.float64]) -> NDArray[np.float64]:
    centre = formants[:, :, None]
    width = _BANDWIDTHS[None, :, None]
    gain = centre**2 / np.sqrt((centre**2 - _HZ**2) ** 2 + (width * _HZ) ** 2)
    return np.asarray(gain.prod(axis=1))


def _overlap_add(spectra: NDArray[np.complex128], length: int) -> NDArray[np.float64]:
    frames = np.fft.irfft(spectra, n=_FRAME, axis=1) * _WINDOW
    parts = _FRAME // _HOP
    blocks = np.zeros(((len(frames) + parts - 1), _HOP))
    for part in range(parts):
        blocks[part : part + len(frames)] += frames[:, part * _HOP : (part + 1) * _HOP]
    return blocks.reshape(-1)[:length]
