"""Frequencies of a Gaussian kernel, drawn blind to the rows and spread more evenly than chance would.

For ``w`` standard normal, ``E cos(w (x - y)) = exp(-|x - y|^2 / 2)``. Drawing the ``w`` independently wastes
many of them on directions and lengths that others cover. Here directions are orthogonal, as many at a time
as there are columns, and lengths are one from each of equal slices of their chi distribution.

With many columns the product of rows and frequencies would cost more than all the rest. There the
orthogonal matrix is the Kronecker product of two small ones with random signs: ``d (a + 32)``
multiplications a row, ``a = d / 32``, instead of ``d^2``.

Source: Yu et al., "Orthogonal random features" (NeurIPS 2016), with a structured variant in section 4.
Limits: directions of the structured kind are not quite uniform: each coordinate is a product of two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

__all__ = ["Projection", "orthogonal_directions", "projection"]

INNER = 32
"""Order of the second factor: at 512 columns both factors together cost a tenth of a full product."""
DENSE = 128
"""Columns up to which a full product is cheap beside the cosines."""

Projection = Callable[[NDArray[np.float32]], NDArray[Any]]
"""``(n, d)`` rows → ``(n, f)`` angles ``w x``."""


def projection(d: int, count: int, rng: np.random.Generator) -> Projection:
    """Rows to angles under random frequencies of a Gaussian kernel of bandwidth 1.

    Args:
        d: Columns.
        count: Frequencies wanted at least; never fewer than columns.
        rng: Draws them.

    Example:
        >>> angles = projection(2, 4000, np.random.default_rng(0))(np.array([[0.6, 0.8]], np.float32))
        >>> abs(float(np.cos(angles).mean()) - np.exp(-0.5)) < 0.01
        True
    """
    if d <= DENSE:
        directions = orthogonal_directions(d, max(count, d), rng)
        frequencies = (directions * _lengths(d, directions.shape[1], rng)).astype(np.float32)
        return lambda rows: rows @ frequencies
    outer = -(-max(count, d) // INNER)
    left, right = orthogonal_directions(outer, outer, rng), orthogonal_directions(INNER, INNER, rng)
    signs = rng.choice([-1.0, 1.0], outer * INNER)
    signs[d:] = 0
    # Where columns were added to fill the grid, directions lose a part of their length: given back here.
    kept = np.einsum("ia,ab,bj->ij", left**2, signs.reshape(outer, INNER) ** 2, right**2)
    scale = _lengths(d, kept.size, rng).reshape(kept.shape) / np.sqrt(kept)
    first, second, flips, stretch = (part.astype(np.float32) for part in (right, left, signs[:d], scale))

    def structured(rows: NDArray[np.float32]) -> NDArray[Any]:
        grid = np.zeros((len(rows), outer * INNER), np.float32)
        np.multiply(rows, flips, out=grid[:, :d])
        inner = (grid.reshape(-1, INNER) @ first).reshape(len(rows), outer, INNER)
        angles: NDArray[Any] = np.matmul(second, inner)
        angles *= stretch
        return angles.reshape(len(rows), -1)

    return structured


def orthogonal_directions(d: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """``(d, count)`` unit columns, up to ``d`` at a time orthogonal.

    Example:
        >>> w = orthogonal_directions(3, 3, np.random.default_rng(0))
        >>> bool(np.allclose(w.T @ w, np.eye(3)))
        True
    """
    drawn = [np.linalg.qr(rng.normal(size=(d, min(d, count - start))))[0] for start in range(0, count, d)]
    directions: NDArray[np.float64] = np.concatenate(drawn, axis=1)
    directions *= rng.choice([-1.0, 1.0], count)
    return directions


def _lengths(d: int, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """``(count,)`` lengths of standard normal vectors, one from each of ``count`` equally likely slices."""
    at = (rng.permutation(count) + rng.random(count)) / count
    return np.asarray(np.sqrt(chi2.ppf(at, d)))
