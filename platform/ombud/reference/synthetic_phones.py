"""Two invented languages' digits as phones: what the speech synthesiser is told to say.

A phone is a target for the vocal tract. The first language's digits resemble English ones, the
second's do not; a listener of one needs training to understand the other.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LANGUAGES", "PHONES", "Phone"]


@dataclass(frozen=True)
class Phone:
    """Target of one speech sound.

    Args:
        formants: First three resonances in Hz, for an average male vocal tract.
        voice: Amplitude of the glottal source, in [0, 1].
        noise: Amplitude of the friction source, in [0, 1].
        noise_hz: Centre of the friction noise in Hz.
        seconds: Typical duration.
    """

    formants: tuple[float, float, float]
    voice: float
    noise: float = 0.0
    noise_hz: float = 2500.0
    seconds: float = 0.1


PHONES: dict[str, Phone] = {
    "i": Phone((290, 2250, 2900), 1.0, seconds=0.12),
    "I": Phone((400, 1950, 2550), 1.0, seconds=0.09),
    "e": Phone((500, 1800, 2500), 1.0, seconds=0.11),
    "a": Phone((740, 1250, 2450), 1.0, seconds=0.13),
    "A": Phone((640, 1180, 2400), 1.0, seconds=0.11),
    "o": Phone((520, 900, 2400), 1.0, seconds=0.12),
    "u": Phone((320, 900, 2250), 1.0, seconds=0.12),
    "y": Phone((300, 1750, 2200), 1.0, seconds=0.11),
    "r": Phone((370, 1150, 1600), 0.7, seconds=0.06),
    "w": Phone((310, 700, 2250), 0.7, seconds=0.06),
    "n": Phone((260, 1400, 2400), 0.35, seconds=0.08),
    "m": Phone((250, 1050, 2200), 0.35, seconds=0.08),
    "l": Phone((350, 1100, 2700), 0.6, seconds=0.06),
    "v": Phone((260, 1150, 2300), 0.3, 0.08, 2600, 0.06),
    "d": Phone((300, 1700, 2600), 0.1, 0.15, 2900, 0.03),
    "b": Phone((280, 900, 2300), 0.1, 0.10, 900, 0.03),
    "z": Phone((280, 1650, 2600), 0.25, 0.30, 3500, 0.08),
    "s": Phone((300, 1650, 2600), 0.0, 0.45, 3600, 0.10),
    "S": Phone((300, 1750, 2500), 0.0, 0.45, 2700, 0.10),
    "f": Phone((300, 1100, 2300), 0.0, 0.16, 2900, 0.09),
    "T": Phone((300, 1450, 2500), 0.0, 0.13, 3300, 0.08),
    "t": Phone((300, 1700, 2600), 0.0, 0.35, 3200, 0.04),
    "k": Phone((300, 1800, 2300), 0.0, 0.30, 1800, 0.04),
    "-": Phone((400, 1500, 2500), 0.0, seconds=0.04),
}
"""Symbol → target; ``-`` is the closure before a stop."""

LANGUAGES: dict[str, tuple[str, ...]] = {
    "synthetic-a": (
        "z I r o",
        "w A n",
        "t u",
        "T r i",
        "f o r",
        "f a I v",
        "s I - k s",
        "s e v n",
        "e I - t",
        "n a I n",
    ),
    "synthetic-b": (
        "s y f y r",
        "b i r",
        "i - k i",
        "y - S",
        "d o r d",
        "b e S",
        "a l - t y",
        "y e - d i",
        "s e - k i z",
        "d o - k u z",
    ),
}
"""Language → phones of the digits 0 to 9."""
