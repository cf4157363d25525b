"""Audio: synthesised voices, and what happens to recordings.

:mod:`~ombud_monitors.simulate.audio.shifts` is the list with sizes; :mod:`noise`, :mod:`channel` and
:mod:`playback` hold the functions; :mod:`voices` makes the clips and their descriptors.
"""

from ombud_monitors.simulate.audio.shifts import AUDIO_NULL, AUDIO_SHIFTS
from ombud_monitors.simulate.audio.voices import clip_descriptors, voices

__all__ = ["AUDIO_NULL", "AUDIO_SHIFTS", "clip_descriptors", "voices"]
