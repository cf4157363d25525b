"""Shifts of audio: the documented list.

There is no classifier of these clips to judge mildness by, so sizes are those that the field uses for
its mildest condition; each line says where from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ombud.domain.modality import AUDIO
from ombud_monitors.simulate.audio import channel, noise, playback
from ombud_monitors.simulate.audio.noise import Samples
from ombud_monitors.simulate.audio.voices import clip_descriptors, voices
from ombud_monitors.simulate.null import Null, Pool
from ombud_monitors.simulate.rows import Clips
from ombud_monitors.simulate.shift import SWITCH, Shift

__all__ = ["AUDIO_NULL", "AUDIO_SHIFTS"]

_POPULATION = 1500
_POPULATION_SEED = 1
_NOISE = "noise over signal, root mean square"
_AURORA = "Hirsch & Pearce, Aurora-2 (2000): 20 dB is its mildest noise"
_ONE_COPY = 10**9

AUDIO_NULL: Null[Clips] = Null(
    "audio",
    "Synthesised voices",
    AUDIO,
    "1,500 synthesised vowels of half a second at 16 kHz, drawn without replacement; a detector sees ten "
    "descriptors: loudness, peak, clipping, silence, signal-to-noise ratio, spectrum and zero crossings.",
    lambda: Pool(
        voices(_POPULATION, np.random.default_rng(_POPULATION_SEED)),
        clip_descriptors,
        pairs_per_copy=_ONE_COPY,
    ),
)


def _shift(
    name: str,
    title: str,
    size: float,
    unit: str,
    change: Callable[[Samples, int, float, np.random.Generator], Samples],
    wording: str,
    source: str,
    largest: float = 1.0,
) -> Shift[Clips]:
    def transform(clips: Clips, size: float, rng: np.random.Generator) -> Clips:
        heard = change(clips.samples.astype(np.float64), clips.rate, size, rng)
        return replace(clips, samples=np.clip(heard, -1, 1).astype(np.float32))

    return Shift(
        f"audio.{name}", title, AUDIO, "audio", size, unit, wording, source, transform, largest=largest
    )


AUDIO_SHIFTS: tuple[Shift[Clips], ...] = (
    _shift(
        "white-noise",
        "White noise",
        0.1,
        _NOISE,
        noise.white_noise,
        "White noise is added at {size:g} of the clip's root mean square (0.1 is 20 dB).",
        _AURORA,
        10.0,
    ),
    _shift(
        "pink-noise",
        "Pink noise",
        0.1,
        _NOISE,
        noise.pink_noise,
        "Pink noise is added at {size:g} of the clip's root mean square (0.1 is 20 dB).",
        _AURORA,
        10.0,
    ),
    _shift(
        "hum",
        "Mains hum",
        0.1,
        _NOISE,
        noise.hum,
        "50 Hz hum with two harmonics is added at {size:g} of the clip's root mean square (0.1 is 20 dB).",
        _AURORA,
        10.0,
    ),
    _shift(
        "babble",
        "Background talkers",
        0.1,
        _NOISE,
        noise.babble,
        "Six other clips are added at {size:g} of the clip's root mean square (0.1 is 20 dB).",
        _AURORA,
        10.0,
    ),
    _shift(
        "mu-law", "8-bit mu-law", 1.0, SWITCH, channel.mu_law, "Coded to 8 bits by mu-law.", "ITU-T G.711"
    ),
    _shift(
        "telephone",
        "Telephone line",
        1.0,
        SWITCH,
        channel.telephone,
        "Band of 300 to 3,400 Hz, 8 kHz, 8 bits by mu-law.",
        "ITU-T G.712 and G.711",
    ),
    _shift(
        "vorbis",
        "Ogg Vorbis, lowest quality",
        1.0,
        SWITCH,
        channel.vorbis,
        "Written as Ogg Vorbis at the lowest quality and read back.",
        "libsndfile, compression level 1",
    ),
    _shift(
        "mp3",
        "MP3, low bit rate",
        1.0,
        SWITCH,
        channel.mp3,
        "Written as MP3 at a low bit rate and read back.",
        "libsndfile, compression level 0.9",
    ),
    _shift(
        "quantised",
        "8 bits without dither",
        1 / 128,
        "full scale",
        channel.quantised,
        "Samples are rounded to multiples of {size:.5f} of full scale (0.00781 is 8 bits).",
        "8-bit linear PCM",
    ),
    _shift(
        "low-pass",
        "Upper half of the spectrum cut",
        0.5,
        "share of the spectrum",
        channel.low_pass,
        "The upper {size:.0%} of the spectrum is cut.",
        "half of the sampling rate, as from a cheaper microphone",
    ),
    _shift(
        "reverberation",
        "A small room",
        0.25,
        "RT60, seconds",
        channel.reverberation,
        "Convolved with a decaying noise response of RT60 {size:g} s; the level is kept.",
        "Kinoshita et al., REVERB challenge (2013): 0.25 s is its smallest room",
        10.0,
    ),
    _shift(
        "clipping",
        "Overloaded input",
        0.3,
        "share of the peak",
        playback.clipping,
        "Cut at the clip's peak less {size:.0%}.",
        "about 3 dB of overload",
        0.99,
    ),
    _shift(
        "quieter",
        "Quieter",
        3.0,
        "dB",
        playback.quieter,
        "{size:g} dB quieter.",
        "half of the power; clips of the null vary by 3 dB",
        60.0,
    ),
    _shift(
        "speed",
        "Faster",
        0.05,
        "share of the speed",
        playback.speed,
        "Played faster by {size:.0%}, pitch and formants with it.",
        "within the 0.9 to 1.1 of speed perturbation: Ko et al., Interspeech 2015",
    ),
    _shift(
        "dropouts",
        "Lost packets",
        0.03,
        "share of time",
        playback.dropouts,
        "{size:.0%} of stretches of 20 ms are silent.",
        "packets of 20 ms are the default of RFC 3551",
    ),
)
