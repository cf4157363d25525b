"""Encoded sound to a log-mel picture of fixed size.

The sound is brought to mono at 8 kHz, trimmed to its louder part, turned into log-mel power in 40
bands between 80 and 3,800 Hz (25 ms windows every 10 ms) and stretched to 48 columns, so that a
slow and a fast speaker look alike.

Source: mel scale, HTK form, 2595 log10(1 + f / 700).
Limits: made for single short utterances; only the first :data:`LONGEST_SECONDS` are read.
"""

from __future__ import annotations

import io
from functools import lru_cache
from math import gcd

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

__all__ = ["BANDS", "COLUMNS", "LONGEST_SECONDS", "SAMPLE_RATE", "encode_audio"]

SAMPLE_RATE = 8000
BANDS = 40
COLUMNS = 48
LONGEST_SECONDS = 10
_WINDOW, _HOP, _FFT = 200, 80, 256
_FLOOR = 1e-7


def encode_audio(payload: bytes) -> NDArray[np.float32]:
    """A sound as ``(40, 48)`` float32: natural logarithm of power per mel band and column.

    Raises:
        ValueError: The bytes are not a sound that libsndfile can read, or it is empty or not finite.
    """
    try:
        with soundfile.SoundFile(io.BytesIO(payload)) as file:
            rate = file.samplerate
            wave = file.read(frames=LONGEST_SECONDS * rate, dtype="float32", always_2d=True).mean(axis=1)
    # libsndfile reports damaged files as RuntimeError, OSError or TypeError, depending on the format.
    except Exception as error:
        raise ValueError(f"not a readable sound ({error})") from error
    if not len(wave):
        raise ValueError("the sound has no samples")
    if not np.isfinite(wave).all():
        raise ValueError("the sound has samples that are not finite")
    if rate != SAMPLE_RATE:
        common = gcd(rate, SAMPLE_RATE)
        wave = resample_poly(wave, SAMPLE_RATE // common, rate // common).astype(np.float32)
    power = _mel_power(wave)
    first, last = _loud_part(power.sum(axis=1))
    return _stretch(np.log(power[first:last] + _FLOOR)).T.astype(np.float32)


def _mel_power(wave: NDArray[np.float32]) -> NDArray[np.float64]:
    padded = np.pad(wave, (0, max(0, _WINDOW - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    spectra = np.fft.rfft(frames * np.hanning(_WINDOW), n=_FFT, axis=1)
    return np.asarray((spectra.real**2 + spectra.imag**2) @ _mel_filters())


@lru_cache(maxsize=1)
def _mel_filters() -> NDArray[np.float64]:
    """Triangular filters, ``(129, 40)``."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in (80, 3800))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hz = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)[:, None]
    rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
    return np.asarray(np.clip(np.minimum(rising, falling), 0, None))


def _loud_part(power: NDArray[np.float64]) -> tuple[int, int]:
    """First and last frame (exclusive) of what stands out from the background."""
    level = 10 * np.log10(np.convolve(power, np.ones(3) / 3, mode="same") + _FLOOR)
    # The quietest tenth is background unless the clip is all speech: hence the cap below the peak.
    threshold = max(level.max() - 35.0, min(np.percentile(level, 10) + 8.0, level.max() - 15.0))
    loud = np.flatnonzero(level >= threshold)
    return max(0, int(loud[0]) - 2), min(len(power), int(loud[-1]) + 3)


def _stretch(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    place = np.linspace(0, len(columns) - 1, COLUMNS)
    left = np.minimum(place.astype(int), max(0, len(columns) - 2))
    right = np.minimum(left + 1, len(columns) - 1)
    share = (place - left)[:, None]
    return np.asarray(columns[left] * (1 - share) + columns[right] * share)
