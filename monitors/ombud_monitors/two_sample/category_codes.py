"""Codes for categories that are texts: the same text has the same code in every window."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput

__all__ = ["CategoryCodes"]

_UNSEEN = 2**40


@dataclass(frozen=True)
class CategoryCodes:
    """Codes of the texts in each column of a reference, and of any that come later.

    A text of the reference is coded by its rank in its column. Another one is coded by its SHA-256, at least
    ``2**40``: were all unseen texts one category, windows full of rare texts would look changed without
    being so, since what counts as unseen depends on which window came first.

    Args:
        texts: Per column its texts, sorted.

    Limits: two unseen texts share a code with chance ``2**-44``.

    Example:
        >>> codes = CategoryCodes.of([["red"], ["green"], ["red"]])
        >>> codes.encode([["green"], ["red"]]).tolist(), codes.encode([["blue"]])[0, 0] >= 2**40
        ([[0], [1]], True)
    """

    texts: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, reference: ArrayLike) -> CategoryCodes:
        """The codes of ``(n, d)`` or ``(n,)`` texts.

        Raises:
            BadInput: There are no rows, or they are no texts.
        """
        return cls(tuple(tuple(np.unique(column).tolist()) for column in _table(reference).T))

    def encode(self, values: ArrayLike) -> NDArray[np.int64]:
        """``(n, d)`` int64 codes.

        Raises:
            BadInput: There are no rows, they are no texts, or of another width.
        """
        table = _table(values)
        if table.shape[1] != len(self.texts):
            raise BadInput(
                f"categories: expected {len(self.texts)} columns as in the reference, got {table.shape[1]}",
                remedy="Give the columns that the codes were made of.",
            )
        codes = np.empty(table.shape, np.int64)
        for j, known in enumerate(self.texts):
            rank = {text: k for k, text in enumerate(known)}
            distinct, place = np.unique(table[:, j], return_inverse=True)
            coded = [rank[text] if text in rank else _unseen(text) for text in distinct.tolist()]
            codes[:, j] = np.array(coded, np.int64)[place.reshape(-1)]
        return codes


def _table(values: ArrayLike) -> NDArray[np.str_]:
    given = np.asarray(values)
    if given.dtype.kind == "O" and all(isinstance(value, str) for value in given.ravel().tolist()):
        given = given.astype(np.str_)
    if given.dtype.kind != "U":
        raise BadInput(
            f"categories: expected texts, got {given.dtype}",
            remedy='Write missing values as a text such as "", and numbers as texts or as codes.',
        )
    table = given[:, None] if given.ndim == 1 else given
    if table.ndim != 2 or 0 in table.shape:
        raise BadInput(
            f"categories: expected a non-empty (n, d) array, got shape {given.shape}",
            remedy="Give one row per request and one column per category.",
        )
    return table


def _unseen(text: str) -> int:
    # 44 bits above 2**40: still exact as a double, which is how windows hold whole numbers.
    return _UNSEEN + int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big") % 2**44
