"""Embedding: what a detector sees of texts, without a model to download."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import TEXT
from ombud_monitors.descriptors import describe
from ombud_monitors.simulate.rows import Texts
from ombud_monitors.text import Vocabulary, words_of

__all__ = ["DESCRIPTORS", "hashed_words", "text_embedding"]

DESCRIPTORS = (
    "characters",
    "words",
    "mean_word_length",
    "digit_share",
    "punctuation_share",
    "upper_case_share",
    "repeated_word_share",
    "out_of_vocabulary_share",
)
"""Text descriptors that vary in simulated texts."""

_DIMENSIONS = 32


def hashed_words(texts: Texts) -> NDArray[np.float64]:
    """A random projection of the words and pairs of neighbouring words of each text.

    Every word and every pair has a fixed direction of 32 signs, the bits of its BLAKE2b hash; a text is
    the sum of its directions over the square root of their number. Distances are, up to noise of the
    projection, those of the bags of words and pairs.

    Returns:
        ``(n, 32)`` float64; 0 for a text without words.

    Source: Weinberger et al., "Feature hashing for large scale multitask learning" (2009); Achlioptas,
        "Database-friendly random projections" (2003).
    Limits: knows spelling, not meaning: synonyms are as far apart as any two words.

    Example:
        >>> near, far = hashed_words(Texts(("the cat sat", "the cat sat", "a dog ran")))[[0, 2]]
        >>> bool(np.abs(near - far).max() > 0)
        True
    """
    return np.stack([_projected(words_of(text.casefold())) for text in texts.texts])


def text_embedding(texts: Texts, vocabulary: Vocabulary) -> NDArray[np.float64]:
    """:func:`hashed_words` beside :data:`DESCRIPTORS`, ``(n, 40)`` float64.

    Args:
        texts: Texts with at least one word each.
        vocabulary: Words that are known, for the share of unknown ones.

    Limits: as :func:`hashed_words`; descriptors of a text without words are undefined (NaN).

    Example:
        >>> from ombud_monitors.simulate.text.sentences import sentences
        >>> usual = sentences(20, np.random.default_rng(0))
        >>> words = Vocabulary.fit(usual.texts)
        >>> rows = text_embedding(Texts((usual.texts[0], "Zyzzyva quokka.")), words)
        >>> rows.shape, rows[:, 32 + DESCRIPTORS.index("out_of_vocabulary_share")].tolist()
        ((2, 40), [0.0, 1.0])
    """
    described = describe(TEXT, texts.texts, vocabulary=vocabulary)
    columns = [described.names.index(name) for name in DESCRIPTORS]
    return np.concatenate([hashed_words(texts), described.values[:, columns]], axis=1)


def _projected(words: list[str]) -> NDArray[np.float64]:
    terms = words + [f"{one} {two}" for one, two in pairwise(words)]
    if not terms:
        return np.zeros(_DIMENSIONS)
    projected: NDArray[np.float64] = np.sum([_signs(term) for term in terms], axis=0) / np.sqrt(len(terms))
    return projected


@lru_cache(maxsize=1 << 16)
def _signs(term: str) -> NDArray[np.float64]:
    raw = hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=_DIMENSIONS // 8).digest()
    return 2.0 * np.unpackbits(np.frombuffer(raw, np.uint8)) - 1
