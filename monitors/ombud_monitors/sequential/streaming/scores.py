"""Scores: the numbers that are watched, each a fixed function of a row.

With ``z`` the row standardised by the training rows, ``S = V L V'`` their shrunk correlation matrix and
``y = S^(-1/2) z`` the whitened row:

- *coordinate j*: ``y_j``. Of all whitened coordinates these lie closest to the original ones; without
  correlation they are the original ones, and with correlation .5 between all of 32 they keep 98% of what
  the best linear score could tell about a shift of one coordinate;
- *principal k*: ``v_k' z / sqrt(l_k)`` for the components of largest variance, where data of low rank move;
- *common*: ``1' S^-1 z`` scaled to variance 1, the best linear score for one shift of all coordinates, in
  units of their standard deviations;
- *norm*: the squared length ``|y|^2``, standardised: scale and spread.

All linear scores are projections of ``y`` on unit vectors, so none exceeds ``|y|``.

Source: Kessy, Lewin & Strimmer, "Optimal whitening and decorrelation", The American Statistician 72 (2018);
    Ledoit & Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
    Multivariate Analysis 88 (2004).
Limits: a change that moves none of these scores' distributions is not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from ombud.errors import BadInput

__all__ = ["FAR", "PRINCIPAL", "Scores"]

Matrix = NDArray[np.float64]

PRINCIPAL = 8
"""Components watched one by one, of largest variance. Each costs what a coordinate costs; smaller ones are
left to the coordinates and the portfolio."""

FAR = 1e6
"""Scores end here, in standard deviations: no rank tells further values apart anyway."""


@dataclass(eq=False)
class Scores:
    """Linear scores of a centred row, and its whitened length.

    Args:
        centre: ``(d,)`` mean of the training rows.
        matrix: ``(k - 1, d)``: coordinates, principal components, common direction.
        length: Mean and standard deviation of the squared length over the training rows, ``(2,)``.
    """

    centre: Matrix
    matrix: Matrix
    length: Matrix

    def __post_init__(self) -> None:
        self._mean, self._deviation = (float(moment) for moment in self.length)

    @classmethod
    def fit(cls, training: Matrix) -> Scores:
        """Learn directions from training rows ``(n, d)``.

        Raises:
            BadInput: All columns are constant.

        Example:
            >>> scores = Scores.fit(np.random.default_rng(0).normal(size=(400, 3)))
            >>> scores.matrix.shape, [scores.name(k) for k in (1, 3)]
            ((7, 3), [('coordinate 1', 1), ('principal 0', None)])
        """
        centre, spread = training.mean(axis=0), training.std(axis=0)
        if not (spread > 0).any():
            raise BadInput(
                "reference window: every column is constant, so nothing that could change was measured",
                remedy="Give a reference in which at least one column varies.",
            )
        spread = np.where(spread > 0, spread, 1.0)
        correlation, _ = ledoit_wolf((training - centre) / spread, assume_centered=True)
        values, vectors = np.linalg.eigh(correlation)
        # Duplicated columns leave eigenvalues of 0, which rounding may even turn negative.
        values = np.maximum(values, np.finfo(np.float64).eps * len(values) * values[-1])
        principal = (vectors / np.sqrt(values)).T
        coordinates = vectors @ principal
        weights = coordinates.sum(axis=1)
        common = weights @ coordinates / math.sqrt(weights @ weights)
        matrix = np.vstack([coordinates, principal[::-1][:PRINCIPAL], common]) / spread
        lengths = cls(centre, matrix, np.array([0.0, 1.0])).many(training)[:, -1]
        return cls(centre, matrix, np.array([lengths.mean(), lengths.std() or 1.0]))

    @property
    def width(self) -> int:
        """Number of coordinates, ``d``."""
        return len(self.centre)

    @property
    def count(self) -> int:
        """Number of scores, ``k = d + min(d, 8) + 2``."""
        return len(self.matrix) + 1

    def one(self, x: Matrix, out: Matrix) -> float:
        """Scores of one row ``(d,)``, written to ``out`` ``(k,)`` and kept within :data:`FAR`.

        Returns:
            The last score; NaN if a cell is not finite, or too large to square.
        """
        self.matrix.dot(x - self.centre, out[:-1])
        whitened = out[: len(x)]
        squared = float(whitened.dot(whitened))
        norm = (squared - self._mean) / self._deviation
        if not (squared <= FAR**2 and -FAR <= norm <= FAR):
            np.clip(out, -FAR, FAR, out)
            norm = max(-FAR, min(norm, FAR)) if math.isfinite(squared) else math.nan
        out[-1] = norm
        return norm

    def many(self, rows: Matrix) -> Matrix:
        """Scores ``(n, k)`` of rows ``(n, d)``, the same to the last bit as one by one."""
        scores = np.empty((len(rows), self.count))
        # Stacked products of one row each: a product of two matrices would add up in another order, and a
        # score on the edge of a bin would tip.
        np.matmul(self.matrix, (rows - self.centre)[..., None], out=scores[:, :-1, None])
        whitened = scores[:, : self.width]
        with np.errstate(over="ignore"):
            squared = np.matmul(whitened[:, None], whitened[..., None])[:, 0, 0]
        scores[:, -1] = (squared - self._mean) / self._deviation
        np.clip(scores, -FAR, FAR, out=scores)
        scores[~np.isfinite(squared), -1] = math.nan
        return scores

    def name(self, number: int) -> tuple[str, int | None]:
        """What score ``number`` is called, and the coordinate that it stands for, if any."""
        d = self.width
        if number < d:
            return f"coordinate {number}", number
        if number < len(self.matrix) - 1:
            return f"principal {number - d}", None
        return ("common", None) if number == len(self.matrix) - 1 else ("norm", None)
