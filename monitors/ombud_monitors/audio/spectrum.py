"""Spectrum of a clip: where its energy lies, and how tonal it is."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

__all__ = ["Spectrum", "mean_spectrum", "shape", "zero_crossings"]

_WINDOW_SECONDS = 0.032
_FEWEST_SAMPLES = 16
_ROLL_OFF = 0.85
_FRAMES_AT_ONCE = 4096


class Spectrum(NamedTuple):
    """Summary of a power spectrum.

    Args:
        centroid: Power-weighted mean frequency, Hz.
        bandwidth: Power-weighted standard deviation of frequency, Hz.
        flatness: Geometric over arithmetic mean of power: 0 for a tone, near 1 for white noise.
        roll_off: Frequency below which 85% of the power lies, Hz.
    """

    centroid: float
    bandwidth: float
    flatness: float
    roll_off: float


_UNDEFINED = Spectrum(math.nan, math.nan, math.nan, math.nan)


def mean_spectrum(mono: NDArray[np.float32], rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Welch's power spectrum: Hann windows of about 32 ms, half overlapping; the mean is removed.

    Returns:
        Frequencies ``(f,)`` in Hz without 0, and mean power ``(f,)``; empty under 16 samples.

    Source: Welch (1967).
    """
    if len(mono) < _FEWEST_SAMPLES:
        return np.zeros(0), np.zeros(0)
    size = min(1 << round(math.log2(max(_FEWEST_SAMPLES, rate * _WINDOW_SECONDS))), len(mono))
    frames = np.lib.stride_tricks.sliding_window_view(mono - mono.mean(), size)[:: size // 2]
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    total = np.zeros(size // 2 + 1)
    for start in range(0, len(frames), _FRAMES_AT_ONCE):
        # SciPy's transform stays in single precision; NumPy 1's would take twice as long in double.
        transformed = fft.rfft(frames[start : start + _FRAMES_AT_ONCE] * window, axis=1)
        total += (transformed.real**2 + transformed.imag**2).sum(axis=0, dtype=np.float64)
    return np.fft.rfftfreq(size, 1 / rate)[1:], total[1:] / len(frames)


def shape(frequency: NDArray[np.float64], power: NDArray[np.float64]) -> Spectrum:
    """Summarise a power spectrum; all NaN for one without power.

    Source: Peeters, "A large set of audio features" (CUIDADO, 2004), 6.1, on power.
    Limits: on the clip's mean spectrum, so loud parts count more than quiet ones.

    Example:
        >>> t = np.arange(8000) / 8000
        >>> tone = np.sin(2 * np.pi * 440 * t).astype(np.float32)
        >>> round(shape(*mean_spectrum(tone, 8000)).centroid)
        440
    """
    total = power.sum()
    if not total > 0:
        return _UNDEFINED
    share = power / total
    centroid = float(share @ frequency)
    spread = math.sqrt(float(share @ np.square(frequency - centroid)))
    # A floor of 120 dB below the mean keeps one empty bin from deciding the geometric mean.
    floored = np.maximum(power, power.mean() * 1e-12)
    flatness = float(np.exp(np.log(floored).mean()) / floored.mean())
    roll_off = float(frequency[np.searchsorted(np.cumsum(share), _ROLL_OFF * (1 - 1e-12))])
    return Spectrum(centroid, spread, flatness, roll_off)


def zero_crossings(mono: NDArray[np.float32], rate: int) -> float:
    """Sign changes per second after the mean is removed; a tone of f Hz reads 2 f. NaN under 2 samples."""
    if len(mono) < 2:
        return math.nan
    positive = mono > mono.mean()
    return float(np.count_nonzero(positive[1:] != positive[:-1])) * rate / (len(mono) - 1)
