"""Text to hashed words, word pairs and character n-grams.

Source: feature hashing, Weinberger et al. 2009; subword n-grams, Bojanowski et al. 2017.
Limits: at most :data:`WIDTH` features of a text are used; the rest of a long text is not read.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["BUCKETS", "WIDTH", "encode_text"]

BUCKETS = 1 << 14
WIDTH = 384

# Numerals are tokens of their own: "7pm" is "7" and "pm".
_TOKEN = re.compile(r"\d+|[^\W\d_]+|[^\w\s]")


def encode_text(text: str) -> NDArray[np.int64]:
    """Bucket numbers of a text's features.

    Args:
        text: Any text with at least one visible character.

    Returns:
        ``(WIDTH,)`` int64 in [1, BUCKETS), filled up with 0.

    Raises:
        ValueError: The text is empty.

    Example:
        >>> bool((encode_text("Two cups") == encode_text("two  cups")).all())
        True
    """
    tokens = _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())
    if not text.strip():
        raise ValueError("the text is empty")
    features = [f"w {token}" for token in tokens]
    features += [f"b {one} {two}" for one, two in pairwise(tokens)]
    for token in tokens:
        if len(token) > 2 and not token.isdigit():
            marked = f"<{token}>"
            features += [f"c {marked[i : i + 3]}" for i in range(len(marked) - 2)]
    buckets = [1 + zlib.crc32(f.encode("utf-8", "surrogatepass")) % (BUCKETS - 1) for f in features[:WIDTH]]
    row = np.zeros(WIDTH, dtype=np.int64)
    row[: len(buckets)] = buckets
    return row
