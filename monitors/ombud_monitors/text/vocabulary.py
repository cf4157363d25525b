"""Vocabulary: which words training text had, as a set of 64-bit hashes.

Hashes instead of words keep it small (8 bytes a word), make it the same on every machine, and keep
the training text itself out of monitoring artifacts.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ombud.errors import Corrupted

__all__ = ["Vocabulary", "words_of"]

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_MAGIC = b"OMBUDVOC1\n"


def words_of(text: str) -> list[str]:
    """Words of a text: runs of letters, digits and underscores, inner apostrophes kept.

    Limits: scripts written without spaces (Chinese, Thai) give one word per run.

    Example:
        >>> words_of("Don't touch the no. 7!")
        ["Don't", 'touch', 'the', 'no', '7']
    """
    return _WORD.findall(text)


@lru_cache(maxsize=1 << 16)
def _hash(word: str) -> int:
    raw = word.casefold().encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(raw, digest_size=8).digest(), "little")


@dataclass(frozen=True)
class Vocabulary:
    """A set of words, compared without regard to case.

    Args:
        hashes: BLAKE2b-64 of every case-folded word.

    Limits: two words collide with probability of about ``n / 2**64``; short words can be guessed
    from their hashes, so this is compact, not secret.

    Example:
        >>> vocabulary = Vocabulary.fit(["the cat sat", "The dog"])
        >>> len(vocabulary), "CAT" in vocabulary, "zebra" in vocabulary
        (4, True, False)
        >>> Vocabulary.from_bytes(vocabulary.to_bytes()) == vocabulary
        True
    """

    hashes: frozenset[int]

    @classmethod
    def fit(cls, texts: Iterable[str | None], *, limit: int = 200_000) -> Vocabulary:
        """The words of ``texts``; at most the ``limit`` most frequent, ties broken by hash."""
        counts: Counter[int] = Counter()
        for text in texts:
            if text:
                counts.update(_hash(word) for word in words_of(text))
        kept = sorted(counts, key=lambda h: (-counts[h], h))[:limit]
        return cls(frozenset(kept))

    def __len__(self) -> int:
        return len(self.hashes)

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and _hash(word) in self.hashes

    def unknown_share(self, words: Sequence[str]) -> float:
        """Share of ``words`` that are not in the set; NaN for no words."""
        if not words:
            return float("nan")
        return sum(_hash(word) not in self.hashes for word in words) / len(words)

    def to_bytes(self) -> bytes:
        """A header and the sorted little-endian hashes; equal sets give equal bytes."""
        return _MAGIC + np.array(sorted(self.hashes), dtype="<u8").tobytes()

    @classmethod
    def from_bytes(cls, raw: bytes) -> Vocabulary:
        """The inverse of :meth:`to_bytes`.

        Raises:
            Corrupted: ``raw`` was not written by :meth:`to_bytes`, or was cut.
        """
        body = raw[len(_MAGIC) :]
        if not raw.startswith(_MAGIC) or len(body) % 8:
            raise Corrupted(
                f"vocabulary: expected {_MAGIC!r} and 8 bytes a word, got {len(raw)} bytes "
                f"beginning {raw[:10]!r}",
                remedy="Fit it again with Vocabulary.fit on the training texts.",
            )
        return cls(frozenset(np.frombuffer(body, dtype="<u8").tolist()))
