"""Rows: what a population is made of, one class for each kind of input, all of them immutable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ombud.errors import BadInput
from ombud_monitors.text import words_of

__all__ = ["Clips", "Images", "Index", "Rows", "Table", "Texts"]

Index = NDArray[np.intp]


class Rows(Protocol):
    """``n`` rows of one kind of input."""

    def __len__(self) -> int:
        """Number of rows."""

    def take(self, index: Index) -> Self:
        """The rows at ``index``, in that order."""

    def distance(self, other: Self) -> float:
        """How far ``other`` moved from these rows, row by row; 0 where nothing moved."""


@dataclass(frozen=True, eq=False)
class Table:
    """Numbers.

    Args:
        values: ``(n, d)`` float64, finite.
        labels: ``(n,)`` integers, or None where there are no classes.

    Raises:
        BadInput: ``values`` is not a matrix of finite numbers, or ``labels`` has another length.

    Example:
        >>> Table(np.zeros((2, 3))).distance(Table(np.full((2, 3), 2.0)))
        2.0
    """

    values: NDArray[np.float64]
    labels: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not np.isfinite(self.values).all():
            raise BadInput(
                f"table: expected finite numbers of shape (n, d), got shape {self.values.shape}",
                remedy="Drop rows with NaN or infinity; give one row per line.",
            )
        _same_length("table", len(self.values), self.labels)

    def __len__(self) -> int:
        return len(self.values)

    def take(self, index: Index) -> Table:
        """The rows at ``index``."""
        return Table(self.values[index], None if self.labels is None else self.labels[index])

    def distance(self, other: Table) -> float:
        """Root mean square of the difference, in units of the values."""
        return float(np.sqrt(np.mean(np.square(self.values - other.values))))


@dataclass(frozen=True, eq=False)
class Images:
    """Images of one size, written in whole numbers.

    Args:
        pixels: ``(n, h, w)`` grey or ``(n, h, w, 3)`` colour, any real dtype, in [0, full_scale].
        full_scale: The value of white: 255 for uint8, 16 for scikit-learn's digits.
        labels: ``(n,)`` integers, or None.

    Raises:
        BadInput: Another shape, a value that is not finite or outside [0, full_scale], or fewer than 4
            pixels in height or width.

    Example:
        >>> grey = Images(np.zeros((2, 8, 8), np.uint8), 255)
        >>> grey.distance(Images(np.full((2, 8, 8), 51, np.uint8), 255))
        0.2
    """

    pixels: NDArray[Any]
    full_scale: int
    labels: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        shape = self.pixels.shape
        grey_or_colour = len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)
        if not grey_or_colour or min(shape[1:3]) < 4:
            raise BadInput(
                f"images: expected shape (n, h, w) or (n, h, w, 3) with h and w at least 4, got {shape}",
                remedy="Stack images of one size.",
            )
        if self.pixels.size and not (self.pixels.min() >= 0 and self.pixels.max() <= self.full_scale):
            raise BadInput(
                f"images: expected values in [0, {self.full_scale}], got "
                f"[{self.pixels.min()}, {self.pixels.max()}]",
                remedy="Give the value of white as full_scale.",
            )
        _same_length("images", len(self.pixels), self.labels)

    def __len__(self) -> int:
        return len(self.pixels)

    def take(self, index: Index) -> Images:
        """The rows at ``index``."""
        labels = None if self.labels is None else self.labels[index]
        return Images(self.pixels[index], self.full_scale, labels)

    def distance(self, other: Images) -> float:
        """Mean absolute difference of pixels, as a share of the full scale."""
        difference = self.pixels.astype(np.float64) - other.pixels.astype(np.float64)
        return float(np.abs(difference).mean() / self.full_scale)


@dataclass(frozen=True, eq=False)
class Clips:
    """Mono recordings of one length.

    Args:
        samples: ``(n, t)`` float32 in [-1, 1].
        rate: Sampling rate in Hz.

    Raises:
        BadInput: Another shape, samples outside [-1, 1] or not finite, or a rate that is not positive.

    Example:
        >>> len(Clips(np.zeros((2, 800), np.float32), 8000))
        2
    """

    samples: NDArray[np.float32]
    rate: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 2 or not self.samples.shape[1] or self.rate <= 0:
            raise BadInput(
                f"clips: expected samples of shape (n, t) and a positive rate, got {self.samples.shape} "
                f"at {self.rate} Hz",
                remedy="Stack mono recordings of one length.",
            )
        if self.samples.size and not float(np.abs(self.samples).max()) <= 1:
            raise BadInput(
                f"clips: expected samples in [-1, 1], got up to {np.abs(self.samples).max()}",
                remedy="Divide by full scale; drop NaN.",
            )

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, index: Index) -> Clips:
        """The rows at ``index``."""
        return Clips(self.samples[index], self.rate)

    def distance(self, other: Clips) -> float:
        """Root mean square of the difference, as a share of these clips' root mean square."""
        ours = self.samples.astype(np.float64)
        return float(np.sqrt(np.mean(np.square(other.samples - ours)) / np.mean(np.square(ours))))


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts.

    Args:
        texts: ``n`` strings.
        topics: ``(n,)`` integers, or None where there are no topics.

    Raises:
        BadInput: Something else than strings, or ``topics`` of another length.

    Example:
        >>> Texts(("a b c d",)).distance(Texts(("a b x d",)))
        0.25
    """

    texts: tuple[str, ...]
    topics: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        odd = {type(text).__name__ for text in self.texts if not isinstance(text, str)}
        if odd:
            raise BadInput(f"texts: expected strings, got {sorted(odd)}", remedy="Decode bytes; drop nulls.")
        _same_length("texts", len(self.texts), self.topics)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, index: Index) -> Texts:
        """The rows at ``index``."""
        topics = None if self.topics is None else self.topics[index]
        return Texts(tuple(self.texts[i] for i in index), topics)

    def rewritten(self, texts: list[str]) -> Texts:
        """The same rows with other words."""
        return replace(self, texts=tuple(texts))

    def distance(self, other: Texts) -> float:
        """Mean share of words and marks that an alignment of the two texts does not keep, in [0, 1].

        Source: Ratcliff & Metzener, "Pattern matching: the gestalt approach" (1988), by difflib.
        """
        pairs = zip(self.texts, other.texts, strict=True)
        return float(
            np.mean([1 - SequenceMatcher(None, _split(a), _split(b), False).ratio() for a, b in pairs])
        )


def _split(text: str) -> list[str]:
    return words_of(text) + [mark for mark in text if not mark.isalnum() and not mark.isspace()]


def _same_length(name: str, rows: int, labels: NDArray[np.int64] | None) -> None:
    if labels is not None and labels.shape != (rows,):
        raise BadInput(
            f"{name}: expected {rows} labels, one a row, got shape {labels.shape}",
            remedy="Give one label per row, or none.",
        )
