"""Histograms: the state of a window that can be counted anywhere, merged exactly, and judged without rows.

A column's bins are fixed by the reference. With ``c`` its median, ``a`` half the distance between its
quartiles and ``u = (x - c) / a``, a value falls into bin ``trunc(254.5 u / (1 + |u|))``, -254 to 254: fine
around the centre, coarser outwards, open at both ends, so nothing is ever out of range. A
normal column has at most .4% of its mass in a bin, a Cauchy one .6%. One more count is kept for
missing values. That is 510 counts of 4 bytes, 2,040 bytes a column; there are no rows in it, and adding
the counts of two windows gives exactly the state of both together, in whatever order.

Example:
    >>> rng = np.random.default_rng(0)
    >>> bins = Bins.of(rng.normal(size=(500, 3)))
    >>> monday, tuesday = rng.normal(size=(40, 3)), rng.normal(size=(60, 3))
    >>> both = bins.count(monday).merge(bins.count(tuesday))
    >>> both == bins.count(np.concatenate([tuesday, monday])), both.n, both.nbytes // 3
    (True, 100, 2040)

Source: the map to (-1, 1) is the softsign; a histogram as mergeable summary: Agarwal et al., "Mergeable
    summaries", ACM TODS 38 (2013).
Limits: values that differ by less than a bin are one value, as are those within 1e-38 of each
    other or farther than 3e38 from the centre. A column of several narrow, distant peaks has few bins for
    each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput
from ombud_monitors.detector import digest, matrix
from ombud_monitors.two_sample.cell_counts import BINS, HALF, MIDDLE, SLOTS, count_cells
from ombud_monitors.two_sample.compiled import WANTED, compiled

__all__ = ["BINS", "Bins", "Histograms"]

_BLOCK_CELLS = 16_384
"""Cells binned at a time: both working arrays, 64 KiB each, stay in a core's cache."""
_COUNTED_CELLS = 131_072
"""Cells counted at a time: their places, 512 KiB, stay in a core's second cache."""
_SHA = "sha256:"
_QUANTILES = (0.25, 0.75), (0.1, 0.9), (0.01, 0.99)
_LARGEST = np.iinfo(np.int32).max
_TINY, _HUGE, _EPS = (float(getattr(np.finfo(np.float32), name)) for name in ("tiny", "max", "eps"))


def _units() -> NDArray[np.float64]:
    """``(509,)`` the middles of bins around 0 with a spread of 1."""
    k = np.arange(-MIDDLE, MIDDLE + 1, dtype=np.float64)
    k[1:-1] += 0.5 * np.sign(k[1:-1])
    share = k / float(HALF)
    return np.asarray(share / (1 - np.abs(share)))


_UNITS = _units()


@dataclass(frozen=True, eq=False)
class Histograms:
    """Counts of one window, per column.

    Args:
        counts: ``(d, 510)`` int32: the bins in rising order, then the missing values.
        n: Rows counted.
        bins: Digest of the :class:`Bins` that they were counted in.

    Raises:
        BadInput: The counts are no such array, or do not add up to ``n`` in each column.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> bins = Bins.of(rng.normal(size=(500, 2)))
        >>> hourly = [bins.count(rng.normal(size=(100, 2))) for _ in range(24)]
        >>> sent = Histograms.restore(hourly[0].arrays)
        >>> for state in hourly[1:]:
        ...     sent = sent.merge(state)
        >>> sent.n, sent.nbytes == hourly[0].nbytes, sent.missing.tolist()
        (2400, True, [0, 0])
    """

    counts: NDArray[np.int32]
    n: int
    bins: str

    def __post_init__(self) -> None:
        shape, kind = self.counts.shape, self.counts.dtype
        if len(shape) != 2 or shape[1] != SLOTS or kind != np.int32:
            raise BadInput(
                f"window state: expected (d, {SLOTS}) int32 counts, got {shape} {kind}",
                remedy="Count the window with the bins of the fitted test.",
            )
        if (self.counts < 0).any() or (self.counts.sum(axis=1) != self.n).any():
            raise BadInput(
                f"window state: expected counts that add up to {self.n} rows in every column, got "
                f"{sorted(set(self.counts.sum(axis=1).tolist()))[:5]}",
                remedy="Restore the state from where it was counted, or count the window again.",
            )

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histograms)
            and (self.n, self.bins) == (other.n, other.bins)
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def missing(self) -> NDArray[np.int32]:
        """``(d,)`` missing values per column."""
        return self.counts[:, BINS]

    @property
    def nbytes(self) -> int:
        """Bytes of the counts: 2,040 a column."""
        return self.counts.nbytes

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All there is to it, as arrays to store or send; :meth:`restore` reads them."""
        name = np.frombuffer(bytes.fromhex(self.bins.removeprefix(_SHA)), np.uint8)
        return {"counts": self.counts, "n": np.array([self.n]), "bins": name}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Histograms:
        """The state from its :attr:`arrays`.

        Raises:
            BadInput: An array is missing, or they are no window state.
        """
        if absent := {"counts", "n", "bins"} - set(arrays):
            raise BadInput(
                f"window state: expected arrays counts, n and bins, got no {', '.join(sorted(absent))}",
                remedy="Store all of Histograms.arrays.",
            )
        name = bytes(np.asarray(arrays["bins"], np.uint8)).hex()
        return cls(np.asarray(arrays["counts"]), int(arrays["n"][0]), f"{_SHA}{name}")

    def merge(self, other: Histograms) -> Histograms:
        """The state of both windows together; the order does not matter.

        Raises:
            BadInput: The states were counted in different bins, or hold more rows than a counter can.
        """
        if self.bins != other.bins:
            raise BadInput(
                f"window state: expected counts in the bins {self.bins[:19]}..., got {other.bins[:19]}...",
                remedy="Merge states that were counted with one fitted test.",
            )
        if self.n + other.n > _LARGEST:
            raise BadInput(
                f"window state: expected at most {_LARGEST} rows, got {self.n} + {other.n}",
                remedy="Start a new window.",
            )
        return Histograms(self.counts + other.counts, self.n + other.n, self.bins)


@dataclass(frozen=True, eq=False)
class Bins:
    """Where the bins of every column lie.

    Args:
        centre: ``(d,)`` medians of the reference.
        spread: ``(d,)`` half the distances between its quartiles; positive.

    Example:
        >>> bins = Bins.of(np.random.default_rng(0).lognormal(sigma=2, size=(1000, 1)))
        >>> state = bins.count([[0.5], [1e30], [-4.0], [np.nan]])
        >>> state.n, state.missing.tolist(), int((state.counts[:, :BINS] > 0).sum())
        (4, [1], 3)
    """

    centre: NDArray[Any]
    spread: NDArray[Any]

    @classmethod
    def of(cls, reference: ArrayLike) -> Bins:
        """Bins for what resembles a reference window ``(n, d)``; NaN counts as missing.

        Where a column's quartiles coincide, half the distance between wider quantiles; where nearly all
        of it is one value, its standard deviation; where all of it is, one step of float32.

        Raises:
            BadInput: The reference is empty, not numeric, or infinite.
        """
        rows = matrix(reference, window="reference", undefined=True)
        columns = np.ascontiguousarray(rows.T)
        levels = (0.5, *(level for pair in _QUANTILES for level in pair))
        cut = np.nanquantile if np.isnan(rows).any() else np.quantile
        with np.errstate(all="ignore"):
            found = np.nan_to_num(cut(columns, levels, axis=1))
            deviation = np.nan_to_num(np.nanstd(columns, axis=1, dtype=np.float64))
            # Halved first: the distance between two large numbers may be no number.
            halves = (*(found[i + 1] / 2 - found[i] / 2 for i in (1, 3, 5)), deviation)
        centre = found[0]
        step = np.maximum(np.abs(centre) * _EPS, _TINY)
        spread = np.zeros_like(centre)
        for half in (*halves, step):
            spread = np.where(spread > step / 2, spread, half)
        kept = centre.astype(rows.dtype)
        return cls(kept, spread.astype(rows.dtype))

    @cached_property
    def digest(self) -> str:
        """``sha256:<hex>`` of where the bins lie."""
        return digest(self.centre, self.spread)

    @cached_property
    def _divisor(self) -> NDArray[np.float32]:
        return np.clip(self.spread, _TINY, _HUGE).astype(np.float32)

    @cached_property
    def _first(self) -> NDArray[np.int32]:
        """The counter of each column's middle bin, among those of all columns."""
        return np.arange(len(self.centre), dtype=np.int32) * SLOTS + MIDDLE

    def column(self, j: int) -> Bins:
        """The bins of one column."""
        return Bins(self.centre[j : j + 1], self.spread[j : j + 1])

    @property
    def middles(self) -> NDArray[np.float64]:
        """``(d, 509)`` the value in the middle of each bin; of the open ones, where they begin."""
        return np.asarray(self.centre[:, None] + self.spread[:, None].astype(np.float64) * _UNITS)

    def count(self, rows: ArrayLike) -> Histograms:
        """The state of a window ``(n, d)``; NaN counts as missing.

        Raises:
            BadInput: The rows are empty, not numeric, infinite, or of another width.
        """
        x = matrix(rows, window="current", undefined=True)
        if x.shape[1] != len(self.centre):
            raise BadInput(
                f"current window: expected {len(self.centre)} columns as in the bins, got {x.shape[1]}",
                remedy="Compute both windows with the same version of the model and its descriptors.",
            )
        return Histograms(self.counts(x), len(x), self.digest)

    def counts(self, rows: NDArray[Any]) -> NDArray[np.int32]:
        """``(d, 510)`` int32 counts of rows that :func:`~ombud_monitors.detector.matrix` has checked."""
        n, d = rows.shape
        at_once = min(max(_COUNTED_CELLS // d, 1), n)
        places = np.empty((at_once, d), np.uint32)
        counts = np.zeros(d * SLOTS, np.int32)
        count, kind = compiled(count_cells), np.result_type(rows, self.centre)
        centre = np.require(self.centre, kind, WANTED)
        for start in range(0, n, at_once):
            # Copied block by block, and only where the loop would have to be compiled for another layout.
            block = np.require(rows[start : start + at_once], kind, WANTED)
            count(block, centre, self._divisor, self._first, places, counts)
        return counts.reshape(d, SLOTS)

    def numbers(self, rows: NDArray[Any]) -> NDArray[np.int64]:
        """``(n, d)`` bin of each value, 0 to 508; 509 where it is missing."""
        places = np.empty(rows.shape, np.int32)
        self._place(rows, places)
        return places.astype(np.int64) - np.arange(rows.shape[1]) * SLOTS

    def _place(self, rows: NDArray[Any], places: NDArray[np.int32]) -> None:
        """Write the place of each value's counter, among those of all columns, into ``places``."""
        n, d = rows.shape
        length = max(1, min(n, _BLOCK_CELLS // d))
        work = np.empty((2, length, d), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, n, length):
                block = rows[start : start + length]
                share, size = work[:, : len(block)]
                np.subtract(block, self.centre, out=share, casting="same_kind")
                np.abs(share, out=size)
                size += self._divisor
                share /= size
                placed = places[start : start + length]
                flat = share.reshape(-1)
                missing = None if np.isfinite(flat @ flat) else np.isnan(block)
                if missing is not None:
                    # Values may also be so far out that float32 cannot hold their distance.
                    outermost = np.where(block < self.centre, np.float32(-1), np.float32(1))
                    np.copyto(share, outermost, where=np.isnan(share))
                share *= HALF
                np.copyto(placed, share, casting="unsafe")
                if missing is not None:
                    placed[missing] = BINS - MIDDLE
                placed += self._first
