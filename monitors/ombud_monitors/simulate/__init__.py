"""Simulate: nulls and shifts of known size, seeded, for the public calibration of drift detectors.

A :class:`Null` is a population in which nothing changes; a :class:`Shift` is a change of known size
that departs from one null. Both are listed, with codes, in :data:`NULLS` and :data:`SHIFTS`::

    for pair in pairs(SHIFTS["digits.mixing-10"], n=200, repeats=500, seed=0):
        detector.fit(pair.reference).test(pair.current, seed=1)

``pairs(NULLS["digits"], ...)`` draws the same windows without the change. ``SHIFTS[code].at(size)`` is the
same shift with another size; size 0 changes nothing. A shift may also be applied to rows of your own:
:class:`Table` (numbers), :class:`Images`, :class:`Clips` (audio) and :class:`Texts`.

- :mod:`tabular`, :mod:`digits` and :mod:`gaussian`: rows of numbers;
- :mod:`image`: mild corruptions, whose sizes follow the rule of :mod:`severity` (:data:`MILDEST_SIZES`: its
  lower edge);
- :mod:`audio`: noise, codecs, rooms and playback, on synthesised voices;
- :mod:`text`: changes of words, spelling and topic, on made-up sentences;
- :mod:`multimodal`: windows of a model with three modalities, for monitors that read several at once;
- :mod:`null` draws windows, :mod:`shift` and :mod:`rows` hold the two nouns, :mod:`catalogue` the lists.

Nothing is downloaded. Importing this package needs numpy, scipy, Pillow and soundfile only.
"""

from ombud_monitors.simulate.audio import clip_descriptors, voices
from ombud_monitors.simulate.catalogue import NULLS, SHIFTS, pairs
from ombud_monitors.simulate.digits import digit_images, digits
from ombud_monitors.simulate.gaussian import (
    embedding_rows,
    equicorrelated_rows,
    normal_rows,
    rounded_rows,
    t_rows,
)
from ombud_monitors.simulate.image import COLOUR_ONLY, MILDEST_SIZES
from ombud_monitors.simulate.null import REFERENCE_ROWS, Endless, Null, Pair, Pool
from ombud_monitors.simulate.rows import Clips, Images, Rows, Table, Texts
from ombud_monitors.simulate.severity import Severity, severity
from ombud_monitors.simulate.shift import SWITCH, TABLE, Shift
from ombud_monitors.simulate.text import hashed_words, sentences, text_embedding

__all__ = [
    "COLOUR_ONLY",
    "MILDEST_SIZES",
    "NULLS",
    "REFERENCE_ROWS",
    "SHIFTS",
    "SWITCH",
    "TABLE",
    "Clips",
    "Endless",
    "Images",
    "Null",
    "Pair",
    "Pool",
    "Rows",
    "Severity",
    "Shift",
    "Table",
    "Texts",
    "clip_descriptors",
    "digit_images",
    "digits",
    "embedding_rows",
    "equicorrelated_rows",
    "hashed_words",
    "normal_rows",
    "pairs",
    "rounded_rows",
    "sentences",
    "severity",
    "t_rows",
    "text_embedding",
    "voices",
]
