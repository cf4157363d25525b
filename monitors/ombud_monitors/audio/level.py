"""Level of a clip: loudness, peak, clipping, silence, signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOOR_DBFS", "clipping_share", "frame_power", "loudness", "peak", "signal_to_noise", "silence"]

FLOOR_DBFS = -120.0
"""What digital silence reads, in place of minus infinity."""

_FRAME_SECONDS = 0.02
_CLIPPED = 0.999
_SILENT_BELOW_LOUDEST_DB = 40.0
_SILENT_DBFS = -60.0
_SNR_RANGE = (-20.0, 100.0)
_Samples = NDArray[np.float32]


def loudness(samples: _Samples) -> float:
    """Root-mean-square level in dBFS over all channels, floor :data:`FLOOR_DBFS`.

    The reference is a full-scale *sine*: a sine of amplitude 0.1 reads -20 dBFS, as its peak does; a
    full-scale square wave reads +3.01.

    Source: AES17-2015, 3.12.
    Limits: no frequency weighting: this is not LUFS.

    Example:
        >>> t = np.arange(8000) / 8000
        >>> round(loudness((0.1 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)), 2)
        -20.0
    """
    return _decibels(2 * float(np.mean(np.square(samples, dtype=np.float64))))


def peak(samples: _Samples) -> float:
    """Largest absolute sample in dBFS, floor :data:`FLOOR_DBFS`; between samples is not looked."""
    return _decibels(float(np.max(np.abs(samples))) ** 2)


def clipping_share(samples: _Samples) -> float:
    """Share of samples at or above 0.999 of full scale.

    Limits: an undistorted full-scale sine reads 0.028; a clip turned down after clipping reads 0.
    """
    return float((np.abs(samples) >= _CLIPPED).mean())


def frame_power(samples: _Samples, rate: int) -> NDArray[np.float64]:
    """Mean square per 20 ms frame over all channels, ``(frames,)``; the remainder is left out."""
    length = max(1, round(rate * _FRAME_SECONDS))
    frames = len(samples) // length
    whole = samples[: frames * length].reshape(frames, length * samples.shape[1])
    power: NDArray[np.float64] = np.einsum("ij,ij->i", whole, whole, dtype=np.float64) / max(
        1, whole.shape[1]
    )
    return power


def silence(power: NDArray[np.float64]) -> float:
    """Share of frames that are 40 dB below the loudest frame, or below -60 dBFS; NaN for no frames."""
    if not len(power):
        return math.nan
    quiet = max(power.max() * _power(-_SILENT_BELOW_LOUDEST_DB), _power(_SILENT_DBFS) / 2)
    return float((power <= quiet).mean())


def signal_to_noise(power: NDArray[np.float64]) -> float:
    """Estimated signal-to-noise ratio in dB, between -20 and 100; NaN under 10 frames.

    Noise power is the mean of the quietest tenth of the frames; signal power is the mean of all
    frames less that. Digital silence in the pauses reads 100.

    Limits: it believes that the clip has pauses: a steady tone in steady noise reads low, because
        its frames never fall to the noise alone. Choosing the quietest frames reads
        about 0.5 dB high, and 1.5 dB high where signal and noise are equal.
    """
    if len(power) < 10 or not power.max() > 0:
        return math.nan
    noise = float(np.sort(power)[: max(1, len(power) // 10)].mean())
    signal = float(power.mean()) - noise
    low, high = _SNR_RANGE
    if noise <= signal * _power(-high):
        return high
    return low if signal <= noise * _power(low) else 10 * math.log10(signal / noise)


def _decibels(power: float) -> float:
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power > 0 else FLOOR_DBFS


def _power(decibels: float) -> float:
    return float(10.0 ** (decibels / 10))
