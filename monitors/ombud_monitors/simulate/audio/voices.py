"""Voices: short clips that sound like held vowels, synthesised, and what a detector sees of them."""

from __future__ import annotations

import io
import math

import numpy as np
import soundfile
from numpy.typing import NDArray

from ombud.domain.modality import AUDIO
from ombud_monitors.descriptors import describe
from ombud_monitors.simulate.rows import Clips

__all__ = ["RATE", "SECONDS", "clip_descriptors", "voices"]

RATE = 16_000
SECONDS = 0.5
_CHUNK = 100
_VOWELS = np.array(
    [[270, 2290, 3010], [530, 1840, 2480], [660, 1720, 2410], [730, 1090, 2440], [300, 870, 2240]], float
)
_BANDWIDTHS = np.array([80.0, 100.0, 120.0])
_HARMONICS = 40
_HIGHEST = 0.45
_CONSTANT_COLUMNS = 3


def voices(n: int, rng: np.random.Generator, *, seconds: float = SECONDS, rate: int = RATE) -> Clips:
    """``n`` clips of half a second at 16 kHz.

    Each has a pitch (log-normal about 150 Hz) that glides by up to 10%, a spectrum that falls by 6 dB an
    octave under the three formants of one of five vowels, shifted by up to 15% for the length of the
    vocal tract, three to five syllables a second with pauses of differing length between them, white room
    noise 30 dB below the voice (standard deviation 6 dB between clips), and a level of about -20 dBFS
    (standard deviation 3 dB): recordings differ, so a shift has something to hide behind.

    Source: source and filter: Fant, "Acoustic theory of speech production" (1960); formants of men:
        Peterson & Barney, "Control methods used in a study of the vowels" (1952).
    Limits: no consonants, no words: enough for level and colour of sound, not for speech recognition.

    Example:
        >>> clips = voices(3, np.random.default_rng(0))
        >>> clips.samples.shape, clips.samples.dtype
        ((3, 8000), dtype('float32'))
    """
    length = round(seconds * rate)
    parts = [_voiced(min(_CHUNK, n - at), length, rate, rng) for at in range(0, n, _CHUNK)]
    return Clips(np.concatenate(parts) if parts else np.zeros((0, length), np.float32), rate)


def _voiced(n: int, length: int, rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    pitch = np.clip(150 * np.exp(rng.normal(0, 0.3, (n, 1))), 70, 400)
    formants = _VOWELS[rng.integers(len(_VOWELS), size=n)] * rng.uniform(0.85, 1.15, (n, 1))
    glide = rng.uniform(-0.1, 0.1, (n, 1))
    time = np.arange(length) / rate
    phase = 2 * math.pi * pitch * (time + glide * time**2 / (2 * time[-1]))
    turn = np.exp(1j * phase).astype(np.complex64)
    amplitudes = _harmonic_amplitudes(pitch, formants, rate)
    tone, harmonic = np.zeros((n, length), np.float32), np.ones_like(turn)
    for number in range(_HARMONICS):
        # The powers of one rotation are the harmonics: a product costs less than a sine.
        harmonic *= turn
        tone += amplitudes[:, number, None] * harmonic.imag
    syllables = rng.uniform(3, 5, (n, 1))
    beat = np.sin(2 * math.pi * (syllables * time + rng.uniform(0, 1, (n, 1))))
    tone *= np.clip(beat + rng.uniform(0, 0.6, (n, 1)), 0, None)
    loud = np.sqrt(np.mean(np.square(tone), axis=1, keepdims=True))
    room = 10 ** (rng.normal(-30, 6, (n, 1)) / 20)
    voice = tone / loud + room * rng.normal(size=tone.shape)
    level = 10 ** (rng.normal(-23, 3, (n, 1)) / 20)
    voice *= np.minimum(level, 0.95 / np.abs(voice).max(axis=1, keepdims=True))
    return np.asarray(voice, np.float32)


def _harmonic_amplitudes(
    pitch: NDArray[np.float64], formants: NDArray[np.float64], rate: int
) -> NDArray[np.float32]:
    """``(n, harmonics)``: fall of 6 dB an octave, times the resonances of the vocal tract."""
    number = np.arange(1, _HARMONICS + 1)
    frequency = (pitch * number)[:, :, None]
    centre = formants[:, None, :]
    resonance = centre**2 / np.sqrt((centre**2 - frequency**2) ** 2 + (frequency * _BANDWIDTHS) ** 2)
    amplitude = resonance.prod(axis=2) / number
    return np.where(frequency[:, :, 0] < _HIGHEST * rate, amplitude, 0).astype(np.float32)


def clip_descriptors(clips: Clips) -> NDArray[np.float64]:
    """What a detector sees of clips: :data:`~ombud_monitors.audio.AUDIO_QUANTITIES` from loudness on.

    Length, rate and channels are the same for all clips of one set, and are left out.

    Returns:
        ``(n, 10)`` float64.

    Example:
        >>> clip_descriptors(voices(3, np.random.default_rng(0))).shape
        (3, 10)
    """
    return describe(AUDIO, [_wav(row, clips.rate) for row in clips.samples]).values[:, _CONSTANT_COLUMNS:]


def _wav(samples: NDArray[np.float32], rate: int) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()
