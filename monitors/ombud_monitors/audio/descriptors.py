"""Audio descriptors: length, level, silence, noise, colour of sound."""

from __future__ import annotations

import numpy as np

from ombud_monitors.audio import level, spectrum
from ombud_monitors.audio.decoding import decode_audio
from ombud_monitors.quantity import Quantity

__all__ = ["AUDIO_QUANTITIES", "describe_audio"]

AUDIO_QUANTITIES = (
    Quantity("duration", "s", "length of the clip"),
    Quantity("sample_rate", "Hz", "sampling rate as stored"),
    Quantity("channels", "channels", "number of channels"),
    Quantity("loudness", "dBFS", "root-mean-square level; a full-scale sine is 0"),
    Quantity("peak", "dBFS", "largest absolute sample"),
    Quantity("clipping_share", "share", "samples at full scale"),
    Quantity("silence_ratio", "share", "20 ms frames that are silent"),
    Quantity("signal_to_noise", "dB", "estimated from the quietest tenth of the clip"),
    Quantity("spectral_centroid", "Hz", "mean frequency, weighted by power: brightness of sound"),
    Quantity("spectral_bandwidth", "Hz", "spread of frequency around the centroid"),
    Quantity("spectral_flatness", "0 to 1", "0 is a tone, near 1 is white noise"),
    Quantity("spectral_roll_off", "Hz", "85% of the power lies below"),
    Quantity("zero_crossing_rate", "1/s", "sign changes per second"),
)


def describe_audio(payload: bytes) -> tuple[float, ...]:
    """Measure one encoded clip.

    Level is taken over all channels; spectrum and zero crossings are taken on their mean.

    Returns:
        One number per entry of :data:`AUDIO_QUANTITIES`; NaN where undefined: a clip under 20 ms has
        no silence ratio, one under 0.2 s no signal-to-noise ratio, one under 16 samples or without
        any power no spectrum.

    Raises:
        BadInput: The bytes cannot be decoded; see :func:`~ombud_monitors.audio.decode_audio`.

    Limits: see :mod:`~ombud_monitors.audio.level` and :mod:`~ombud_monitors.audio.spectrum`.

    Example:
        >>> import io, soundfile
        >>> buffer = io.BytesIO()
        >>> tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
        >>> soundfile.write(buffer, tone, 8000, format="WAV", subtype="FLOAT")
        >>> row = dict(zip((q.name for q in AUDIO_QUANTITIES), describe_audio(buffer.getvalue())))
        >>> round(row["loudness"], 1), round(row["peak"], 1), round(row["spectral_centroid"])
        (-20.0, -20.0, 440)
    """
    clip = decode_audio(payload)
    samples, rate = clip.samples, clip.rate
    mono = samples[:, 0] if samples.shape[1] == 1 else samples.mean(axis=1, dtype=np.float32)
    power = level.frame_power(samples, rate)
    colour = spectrum.shape(*spectrum.mean_spectrum(mono, rate))
    return (
        len(samples) / rate,
        float(rate),
        float(samples.shape[1]),
        level.loudness(samples),
        level.peak(samples),
        level.clipping_share(samples),
        level.silence(power),
        level.signal_to_noise(power),
        *colour,
        spectrum.zero_crossings(mono, rate),
    )
