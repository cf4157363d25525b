"""Audio: decoding that survives hostile bytes, and descriptors that a reader understands.

:func:`decode_audio` turns an encoded clip into samples or says why it cannot;
:func:`describe_audio` measures one: level in :mod:`~ombud_monitors.audio.level`, colour of sound in
:mod:`~ombud_monitors.audio.spectrum`. :mod:`ombud_monitors.descriptors` measures many at once.
"""

from ombud_monitors.audio.decoding import MAX_SAMPLES, MAX_SECONDS, Clip, decode_audio
from ombud_monitors.audio.descriptors import AUDIO_QUANTITIES, describe_audio

__all__ = ["AUDIO_QUANTITIES", "MAX_SAMPLES", "MAX_SECONDS", "Clip", "decode_audio", "describe_audio"]
