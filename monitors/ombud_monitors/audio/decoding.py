"""Decoding audio from strangers: limits are checked on the header, before memory is spent."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import soundfile
from numpy.typing import NDArray

from ombud.errors import BadInput

__all__ = ["MAX_SAMPLES", "MAX_SECONDS", "Clip", "decode_audio"]

MAX_SECONDS = 600.0
"""Longer clips are refused."""

MAX_SAMPLES = 32_000_000
"""Clips with more samples over all channels are refused, whatever rate they claim."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A decoded clip.

    Args:
        samples: ``(n, channels)`` float32; full scale is [-1, 1].
        rate: Sampling rate in Hz.
    """

    samples: NDArray[np.float32]
    rate: int


def decode_audio(payload: bytes) -> Clip:
    """Decode one clip in any format that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF, ...).

    Raises:
        BadInput: Not audio, cut, without a sample, with NaN samples, or above the limits.

    Example:
        >>> buffer = io.BytesIO()
        >>> soundfile.write(buffer, np.zeros((5, 2), np.float32), 8000, format="WAV")
        >>> decode_audio(buffer.getvalue()).samples.shape
        (5, 2)
    """
    try:
        with soundfile.SoundFile(io.BytesIO(payload)) as file:
            frames, rate, channels = file.frames, file.samplerate, file.channels
            too_long = frames > MAX_SECONDS * rate or frames * channels > MAX_SAMPLES
            samples = np.zeros((0, 1), np.float32) if too_long else file.read(dtype="float32", always_2d=True)
    except Exception as error:
        # libsndfile reports hostile bytes in several ways (RuntimeError, TypeError, ValueError);
        # whatever the kind, it means that these bytes are not a clip.
        raise BadInput(
            f"audio cannot be decoded ({len(payload)} bytes): {_reason(error)}",
            remedy="Send a whole WAV, FLAC, OGG or MP3 file.",
        ) from None
    if too_long:
        raise BadInput(
            f"audio of {frames / rate:,.0f} s and {frames * channels:,} samples refused: expected at "
            f"most {MAX_SECONDS:,.0f} s and {MAX_SAMPLES:,} samples",
            remedy="Cut the recording before it is sent.",
        )
    if not len(samples) or not np.isfinite(samples).all():
        what = "no samples" if not len(samples) else "samples that are not finite"
        raise BadInput(f"audio has {what}", remedy="Record it again, or leave the modality out.")
    return Clip(samples, int(rate))


def _reason(error: Exception) -> str:
    # libsndfile names the in-memory file by its address, which differs on every run.
    return str(error).split(">: ")[-1] or type(error).__name__
