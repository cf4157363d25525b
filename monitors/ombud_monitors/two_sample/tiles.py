"""Quadratic forms of a kernel matrix that nobody ever holds: tiles of it, one at a time.

For rows ``x_1 .. x_n`` and contrasts ``v`` (weights of units that sum to 0) this computes ``v' K v`` for
many ``v`` at once, ``K_ij = k(|x_i - x_j|)``:

- each row is kept as ``[s x, -|s x|^2 / 2, 1]``. Its product with another one that has the last two entries
  exchanged is ``-s^2 |x - y|^2 / 2``: one matrix product yields the exponents, norms and all;
- tiles of 1,024 x 1,024 are turned into similarities in place, while they are in the cache, then multiplied
  by the weights; tiles above the diagonal stand for those below too;
- up to :data:`HELD` units (large windows of independent rows come in
  :mod:`~ombud_monitors.two_sample.cells`), averages of the kernel by unit are kept, so that permutations
  cost nothing but a product of that size. Beyond, each batch computes the tiles again: batches double in
  size and nearly every window is done after the first.

Cost: ``n^2 d / 2`` multiplications for the tiles; for ``p`` contrasts ``u^2 p`` where averages of ``u`` units
are held, else ``n^2 p / 2``. Memory: ``n d + u^2``, else ``n (d + p)``.

Source: Gretton et al., "A kernel two-sample test", JMLR 13 (2012), for the forms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["FLOAT32_EXPONENT", "Kernel", "QuadraticForms", "distance_kernel", "gaussian_kernel"]

TILE = 1024
"""Rows of a tile: 4 MB of single precision. Measured: 512 is as fast, 2,048 slower by a fifth."""
HELD = 2048
"""Most units whose averages are held: 16 MB of single precision."""
FLOAT32_EXPONENT = 4.0
"""Largest mean of ``|s x|^2 / 2`` at which single precision serves. An exponent is then rounded by a few
times 2^-24 x 4 = 2.4e-7, with a sign that changes from pair to pair: less than 1e-6 in any average."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """A similarity that depends on the distance.

    Args:
        scale: ``s``, what rows are multiplied by.
        similarity: Turns a tile of ``-s^2 |x - y|^2 / 2`` into similarities, in place.
    """

    scale: float
    similarity: Callable[[NDArray[Any]], None]


def gaussian_kernel(bandwidth: float) -> Kernel:
    """``exp(-|x - y|^2 / (2 h^2))``.

    Args:
        bandwidth: ``h``, in the rows' unit.
    """

    def similarity(tile: NDArray[Any]) -> None:
        # Only rounding makes an exponent positive; looking for one is cheaper than clipping all.
        if tile.max() > 0:
            np.minimum(tile, 0, out=tile)
        np.exp(tile, out=tile)

    return Kernel(1 / bandwidth, similarity)


def distance_kernel(typical: float) -> Kernel:
    """``t - |x - y|``: with contrasts the same as ``-|x - y|``, with less to round.

    Args:
        typical: ``t``, about the median distance. Rows closer than a thousandth of it in single precision
            (a 10^-7th in double) count as equal: their squared distance is lost in the rounding of norms.
    """

    def similarity(tile: NDArray[Any]) -> None:
        closest = -8 * float(np.finfo(tile.dtype).eps) * typical**2
        if tile.max() > closest:
            tile[tile > closest] = 0
        np.sqrt(np.abs(tile, out=tile), out=tile)
        np.subtract(tile.dtype.type(typical), tile, out=tile)

    return Kernel(float(np.sqrt(2.0)), similarity)


class QuadraticForms:
    """``v' K v`` for many contrasts ``v`` of units.

    Args:
        rows: ``(n, d + 2)`` float32 or float64; the first ``d`` columns hold the pooled rows and are
            scaled in place, the last two are filled here.
        kernel: The similarity.
        units: The units; contrasts weigh a unit's rows evenly.

    Example:
        >>> rows = np.zeros((2, 3))
        >>> rows[1, 0] = 2.0
        >>> forms = QuadraticForms(rows, gaussian_kernel(1.0), Exchangeable.of(1, 1))
        >>> values, witness = forms(np.array([[-1.0, 1.0]]))
        >>> bool(np.isclose(values[0], 2 - 2 * np.exp(-2.0))), witness.round(3).tolist()
        (True, [-0.865, 0.865])
    """

    def __init__(self, rows: NDArray[Any], kernel: Kernel, units: Exchangeable) -> None:
        """Scale the rows and put those of a unit next to each other."""
        self.kernel, self.units = kernel, units
        self.of_row = np.sort(units.of_row)
        order = np.argsort(units.of_row, kind="stable")
        self.rows = rows if (self.of_row == units.of_row).all() else rows[order]
        self.rows[:, -1] = 1
        for start in range(0, len(rows), TILE):
            block = self.rows[start : start + TILE]
            block[:, :-2] *= kernel.scale
            block[:, -2] = -0.5 * np.einsum("ij,ij->i", block[:, :-2], block[:, :-2], dtype=np.float64)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Precision of the tiles."""
        return self.rows.dtype

    def __call__(self, contrasts: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The forms of some contrasts.

        Args:
            contrasts: ``(p, u)``; each sums to 0.

        Returns:
            ``(p,)`` forms, and ``(u,)`` the witness ``K v`` of the first contrast, averaged by unit.
        """
        if self.units.size <= HELD:
            product = contrasts.astype(self._held.dtype) @ self._held
            forms = np.einsum("pu,pu->p", product, contrasts, dtype=np.float64)
            return forms, product[0].astype(np.float64)
        return self._streamed(contrasts)

    @cached_property
    def _held(self) -> NDArray[Any]:
        """``(u, u)`` averages of the kernel by unit."""
        u = self.units.size
        if u == len(self.rows):
            held = np.empty((u, u), self.dtype)
            for i, j, tile in self._tiles():
                held[i, j], held[j, i] = tile, tile.T
            return held
        held = np.zeros((u, u))
        shares = [self._shares(start) for start in range(0, len(self.rows), TILE)]
        for i, j, tile in self._tiles():
            (first, left), (second, right) = shares[i.start // TILE], shares[j.start // TILE]
            part = (right @ (left @ tile).T).T
            held[np.ix_(first, second)] += part
            if i != j:
                held[np.ix_(second, first)] += part.T
        return held

    def _shares(self, start: int) -> tuple[NDArray[np.int64], csr_array]:
        """The units of the rows of a tile, and ``(units, rows)`` what each row adds to its unit's average."""
        unit, column = np.unique(self.of_row[start : start + TILE], return_inverse=True)
        shares = (1 / self.units.rows[unit]).astype(self.dtype)[column]
        return unit, csr_array((shares, (column, np.arange(len(column)))), shape=(len(unit), len(column)))

    def _streamed(self, contrasts: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weights = contrasts.astype(self.dtype, copy=False)
        if self.units.size < len(self.rows):
            weights = (weights / self.units.rows.astype(self.dtype))[:, self.of_row]
        forms, witness = np.zeros(len(weights)), np.zeros(len(self.rows))
        for i, j, tile in self._tiles():
            product = tile @ weights[:, j].T
            witness[i] += product[:, 0]
            if i == j:
                forms += np.einsum("pi,ip->p", weights[:, i], product, dtype=np.float64)
                across = np.zeros_like(product)
                continue
            witness[j] += weights[0, i] @ tile
            across += product
            if j.stop == len(self.rows):
                # Twice: for the tiles below the diagonal.
                forms += 2 * np.einsum("pi,ip->p", weights[:, i], across, dtype=np.float64)
        return forms, np.bincount(self.of_row, witness) / self.units.rows

    def _tiles(self) -> Iterator[tuple[slice, slice, NDArray[Any]]]:
        """Rows, columns and similarities of each tile on and above the diagonal, row of tiles by row."""
        n = len(self.rows)
        room = np.empty((TILE, TILE), self.dtype)
        for top in range(0, n, TILE):
            i = slice(top, min(top + TILE, n))
            left = self.rows[i].copy()
            left[:, -2], left[:, -1] = 1, self.rows[i, -2]
            for start in range(top, n, TILE):
                j = slice(start, min(start + TILE, n))
                tile = room[: len(left), : j.stop - j.start]
                np.matmul(left, self.rows[j].T, out=tile)
                if i == j:
                    np.fill_diagonal(tile, 0)
                self.kernel.similarity(tile)
                yield i, j, tile
