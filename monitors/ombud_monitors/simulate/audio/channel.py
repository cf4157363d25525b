"""Channel: what a recording passes through: bands, codecs, rooms. Samples ``(n, t)`` float64 in [-1, 1].

Limits: bands are cut in the spectrum of the whole clip, so its end leaks into its start a little.
"""

from __future__ import annotations

import io
import math

import numpy as np
import soundfile
from scipy import fft

from ombud.errors import BadInput, Unavailable
from ombud_monitors.simulate.audio.noise import Samples, root_mean_square

__all__ = ["low_pass", "mp3", "mu_law", "quantised", "reverberation", "telephone", "vorbis"]

_MU = 255
_TELEPHONE_BAND = (300.0, 3400.0)
_TELEPHONE_RATE = 8000
_TAPER = 0.05
_TAIL_SECONDS = 0.3
_TAIL_ENERGY = 10 ** (-6 / 10)


def mu_law(
    x: Samples, _rate: int = 0, _size: float = 1.0, _rng: np.random.Generator | None = None
) -> Samples:
    """Companded to 8 bits and back.

    Source: ITU-T G.711, mu = 255, as the continuous law with 255 levels.
    """
    companded = np.sign(x) * np.log1p(_MU * np.abs(x)) / math.log1p(_MU)
    level = np.rint(companded * 127) / 127
    expanded: Samples = np.sign(level) * np.expm1(np.abs(level) * math.log1p(_MU)) / _MU
    return expanded


def telephone(x: Samples, rate: int, _size: float, _rng: np.random.Generator) -> Samples:
    """Band of 300 to 3,400 Hz, sampled at 8 kHz, 8 bits by mu-law, and back to the old rate.

    Source: ITU-T G.712 (band), G.711 (coding).

    Raises:
        BadInput: The rate is below 8 kHz.
    """
    if rate < _TELEPHONE_RATE:
        raise BadInput(
            f"telephone: expected a rate of at least {_TELEPHONE_RATE} Hz, got {rate} Hz",
            remedy="Use recordings with a higher sampling rate.",
        )
    length = x.shape[1]
    low, high = _TELEPHONE_BAND
    frequency = fft.rfftfreq(length, 1 / rate)
    band = fft.rfft(x, axis=1) * ((frequency >= low) & (frequency <= high))
    fewer = round(length * _TELEPHONE_RATE / rate)
    narrow = fft.irfft(band[:, : fewer // 2 + 1], n=fewer, axis=1) * (fewer / length)
    back: Samples = fft.irfft(fft.rfft(mu_law(narrow), axis=1), n=length, axis=1) * (length / fewer)
    return back


def low_pass(x: Samples, _rate: int, size: float, _rng: np.random.Generator) -> Samples:
    """The upper share ``size`` of the spectrum is cut, with a taper of 5% of the spectrum above."""
    spectrum = fft.rfft(x, axis=1)
    place = np.linspace(0, 1, spectrum.shape[1])
    gain = 0.5 * (1 + np.cos(np.pi * np.clip((place - (1 - size)) / _TAPER, 0, 1)))
    cut: Samples = fft.irfft(spectrum * gain, n=x.shape[1], axis=1)
    return cut


def quantised(x: Samples, _rate: int, size: float, _rng: np.random.Generator) -> Samples:
    """Rounded to multiples of ``size`` of full scale, without dither: 1/128 is 8 bits."""
    rounded: Samples = np.rint(x / size) * size
    return rounded


def reverberation(x: Samples, rate: int, size: float, rng: np.random.Generator) -> Samples:
    """A room with reverberation time ``size`` seconds (RT60: until the sound has fallen by 60 dB).

    The impulse response is the direct sound and a tail of Gaussian noise under an exponential decay,
    new for each clip. The tail's energy is 6 dB below the direct sound at 0.3 s and in proportion to
    the time, as in a room of given volume. The clip's level is kept.

    Source: Polack's model, in Kuttruff, "Room acoustics" (2016).
    """
    tail = max(1, round(size * rate))
    decay = 10 ** (-3 * np.arange(1, tail + 1) / tail)
    echo = rng.normal(size=(len(x), tail)) * decay
    echo *= math.sqrt(_TAIL_ENERGY * size / _TAIL_SECONDS) / root_mean_square(echo) / math.sqrt(tail)
    response = np.concatenate([np.ones((len(x), 1)), echo], axis=1)
    length = fft.next_fast_len(x.shape[1] + tail, real=True)
    product = fft.rfft(x, n=length, axis=1) * fft.rfft(response, n=length, axis=1)
    wet = fft.irfft(product, n=length, axis=1)[:, : x.shape[1]]
    loud = root_mean_square(wet)
    return np.asarray(wet * (root_mean_square(x) / np.where(loud > 0, loud, 1)))


def vorbis(x: Samples, rate: int, _size: float, _rng: np.random.Generator) -> Samples:
    """Written as Ogg Vorbis at the lowest quality and read back."""
    return _through_codec(x, rate, "OGG", "VORBIS", 1.0)


def mp3(x: Samples, rate: int, _size: float, _rng: np.random.Generator) -> Samples:
    """Written as MP3 at a low bit rate (compression level .9 of libsndfile) and read back."""
    return _through_codec(x, rate, "MP3", "MPEG_LAYER_III", 0.9)


def _through_codec(x: Samples, rate: int, container: str, codec: str, compression: float) -> Samples:
    if container not in soundfile.available_formats():
        raise Unavailable(
            f"codec {container}: this libsndfile ({soundfile.__libsndfile_version__}) cannot write it",
            remedy="Install soundfile 0.13 or later, which brings libsndfile 1.2.",
        )
    read = np.zeros_like(x)
    for row, clip in enumerate(x):
        buffer = io.BytesIO()
        soundfile.write(buffer, clip, rate, format=container, subtype=codec, compression_level=compression)
        heard, _ = soundfile.read(io.BytesIO(buffer.getvalue()), dtype="float64")
        read[row, : len(heard)] = heard[: x.shape[1]]
    return read
