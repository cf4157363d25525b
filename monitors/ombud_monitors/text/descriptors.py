"""Text descriptors: length, script, spelling habits, repetition, unknown words."""

from __future__ import annotations

import math
import re

from ombud.errors import BadInput
from ombud_monitors.quantity import Quantity
from ombud_monitors.text.vocabulary import Vocabulary, words_of

__all__ = ["MAX_CHARACTERS", "TEXT_QUANTITIES", "describe_text"]

MAX_CHARACTERS = 1_000_000
"""Longer texts are refused: measuring them would stall a gateway."""

TEXT_QUANTITIES = (
    Quantity("characters", "code points", "length of the text"),
    Quantity("words", "words", "runs of letters and digits"),
    Quantity("mean_word_length", "code points", "mean length of a word"),
    Quantity("non_latin_share", "share", "letters outside the Latin script, of all letters"),
    Quantity("digit_share", "share", "digits, of all visible characters"),
    Quantity("punctuation_share", "share", "punctuation and symbols, of all visible characters"),
    Quantity("upper_case_share", "share", "upper-case letters, of all letters that have case"),
    Quantity("emoji_share", "share", "emoji, of all visible characters"),
    Quantity("repeated_word_share", "share", "words that already occurred in this text"),
    Quantity("out_of_vocabulary_share", "share", "words that the training text did not have"),
    Quantity("is_empty", "0 or 1", "1 when nothing but white space is there"),
)

_LETTER = re.compile(r"[^\W\d_]")
_LATIN = re.compile(
    "[A-Za-zªºÀ-ÖØ-öø-\u02af\u1d00-\u1d25\u1d62-\u1d65\u1d6b-\u1d77\u1d79-\u1dbe\u1e00-\u1eff"
    "\u2071\u207f\u2090-\u209c\u212a\u212b\u2c60-\u2c7f\ua722-\ua787\ua78b-\ua7ff\uab30-\uab64"
    "\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a]"
)
_DIGIT = re.compile(r"\d")
_INVISIBLE = re.compile("[\\s\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]")
_PUNCTUATION = re.compile(r"[^\w\s\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]|_")
_EMOJI = re.compile(
    "[\u231a\u231b\u23e9-\u23f3\u25fd\u25fe\u2600-\u27bf\u2b50\u2b55"
    "\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff\U0001f201-\U0001faff]"
)


def describe_text(text: str, vocabulary: Vocabulary | None = None) -> tuple[float, ...]:
    """Measure one text.

    "Visible characters" are code points that are neither white space nor zero-width. Emoji are
    counted as code points of the emoji blocks and are not counted as punctuation.

    Args:
        text: The text; may be empty.
        vocabulary: Words of the training text; without it ``out_of_vocabulary_share`` is NaN.

    Returns:
        One number per entry of :data:`TEXT_QUANTITIES`; NaN where undefined (a share of nothing).

    Raises:
        BadInput: The text is longer than :data:`MAX_CHARACTERS`.

    Limits: words need spaces between them; emoji made of several code points count several times;
    mathematical letters count as non-Latin.

    Example:
        >>> dict(zip((q.name for q in TEXT_QUANTITIES), describe_text("Ab 12!")))["digit_share"]
        0.4
    """
    if len(text) > MAX_CHARACTERS:
        raise BadInput(
            f"text has {len(text):,} characters: expected at most {MAX_CHARACTERS:,}",
            remedy="Split the document before it is sent.",
        )
    words = words_of(text)
    folded = {word.casefold() for word in words}
    letters = _LETTER.findall(text)
    visible = len(text) - len(_INVISIBLE.findall(text))
    upper = sum(map(str.isupper, letters))
    cased = upper + sum(map(str.islower, letters))
    emoji = 0 if text.isascii() else len(_EMOJI.findall(text))
    latin = len(letters) if text.isascii() else len(_LATIN.findall(text))
    return (
        float(len(text)),
        float(len(words)),
        _share(sum(map(len, words)), len(words)),
        _share(len(letters) - latin, len(letters)),
        _share(len(_DIGIT.findall(text)), visible),
        _share(len(_PUNCTUATION.findall(text)) - emoji, visible),
        _share(upper, cased),
        _share(emoji, visible),
        _share(len(words) - len(folded), len(words)),
        math.nan if vocabulary is None else vocabulary.unknown_share(words),
        float(visible == 0),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
