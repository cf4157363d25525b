"""Wording: changes of the words and marks of a text; each takes ``(text, size, rng)``.

``size`` is the share of words (or marks) that change. Every word draws its own chance, so that with
equal seeds a larger share changes the same words and more.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

__all__ = [
    "capitalised",
    "foreign_words",
    "invented_words",
    "keyboard_typos",
    "more_stop_words",
    "shuffled_words",
    "truncated",
    "without_marks",
    "without_words",
]

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_MARK = re.compile(r"[^\w\s]")
_STOP_WORDS = ("the", "of", "and", "to", "in", "is", "that", "it", "as", "for", "very", "also")
_GERMAN = (
    "der", "die", "und", "das", "nicht", "mit", "ist", "auch", "ein", "eine", "für", "auf", "von", "wir",
    "sie", "aber", "oder", "noch", "schon", "über", "wenn", "heute", "immer", "wieder",
)  # fmt: skip
_SYLLABLES = ("ba", "ko", "ri", "mu", "te", "lo", "fa", "ni", "su", "ve", "za", "po", "du", "ke", "gi", "ro")
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    letter: [row[at + step] for step in (-1, 1) if 0 <= at + step < len(row)]
    for row in _ROWS
    for at, letter in enumerate(row)
}


def without_words(text: str, size: float, rng: np.random.Generator) -> str:
    """Words are left out; a text keeps at least its last word."""
    left = len(_WORD.findall(text))

    def drop(word: str, _pick: float) -> str:
        nonlocal left
        left -= 1
        return "" if left else word

    return re.sub(r"\s+", " ", _at_random(text, size, rng, drop)).strip()


def invented_words(text: str, size: float, rng: np.random.Generator) -> str:
    """Words are replaced by words that no vocabulary has: names, brands, slang that came up since."""
    return _at_random(text, size, rng, lambda _word, pick: _invented(pick))


def foreign_words(text: str, size: float, rng: np.random.Generator) -> str:
    """Words are replaced by frequent German ones."""
    return _at_random(text, size, rng, lambda _word, pick: _GERMAN[int(pick * len(_GERMAN))])


def more_stop_words(text: str, size: float, rng: np.random.Generator) -> str:
    """A stop word is put before words."""
    return _at_random(
        text, size, rng, lambda word, pick: f"{_STOP_WORDS[int(pick * len(_STOP_WORDS))]} {word}"
    )


def capitalised(text: str, size: float, rng: np.random.Generator) -> str:
    """Words are written in capitals."""
    return _at_random(text, size, rng, lambda word, _pick: word.upper())


def keyboard_typos(text: str, size: float, rng: np.random.Generator) -> str:
    """One letter of a word becomes its neighbour on an English keyboard; words without letters stay."""
    return _at_random(text, size, rng, _mistyped)


def shuffled_words(text: str, size: float, rng: np.random.Generator) -> str:
    """The chosen words change places among themselves; marks and spaces stay where they are."""
    words = _WORD.findall(text)
    chance, place = rng.random(len(words)), rng.random(len(words))
    chosen = np.flatnonzero(chance < size)
    for to, origin in zip(chosen, chosen[np.argsort(place[chosen])], strict=True):
        words[to] = _WORD.findall(text)[origin]
    rest = iter(words)
    return _WORD.sub(lambda _match: next(rest), text)


def truncated(text: str, size: float, _rng: np.random.Generator) -> str:
    """The last words are cut off, with what stands between them; a text keeps at least one."""
    found = list(_WORD.finditer(text))
    kept = max(1, len(found) - round(size * len(found)))
    return text if kept >= len(found) else text[: found[kept - 1].end()]


def without_marks(text: str, size: float, rng: np.random.Generator) -> str:
    """Punctuation and symbols are left out."""
    return _MARK.sub(lambda mark: "" if rng.random() < size else mark.group(), text)


def _at_random(text: str, size: float, rng: np.random.Generator, change: Callable[[str, float], str]) -> str:
    """Each word is changed with probability ``size``; ``change`` gets the word and a uniform number."""

    def changed(match: re.Match[str]) -> str:
        chance, pick = rng.random(2)
        return change(match.group(), float(pick)) if chance < size else match.group()

    return _WORD.sub(changed, text)


def _invented(pick: float) -> str:
    number, word = int(pick * len(_SYLLABLES) ** 4), ""
    for _ in range(4):
        number, syllable = divmod(number, len(_SYLLABLES))
        word += _SYLLABLES[syllable]
    return word


def _mistyped(word: str, pick: float) -> str:
    places = [at for at, letter in enumerate(word) if letter.lower() in _NEIGHBOURS]
    if not places:
        return word
    at = places[int(pick * len(places))]
    near = _NEIGHBOURS[word[at].lower()]
    typed = near[int(pick * len(places) * len(near)) % len(near)]
    return word[:at] + (typed.upper() if word[at].isupper() else typed) + word[at + 1 :]
