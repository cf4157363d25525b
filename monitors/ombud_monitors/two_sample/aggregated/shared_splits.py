"""Shared splits: every statistic of every view, for many splits at once, by one matrix product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.aggregated.view import Reduction, Statistic, View
from ombud_monitors.two_sample.contrasts import contrasts, unit_averages
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.unit_means import unit_variances

__all__ = ["Place", "SharedSplits"]

BLOCK = 256
"""Splits at a time: their differences then stay in the processor's cache while they are reduced."""


class Place(NamedTuple):
    """Where a statistic finds its features.

    Args:
        statistic: The statistic.
        part: Its columns of :attr:`SharedSplits.features`.
        labels: What these are, for people.
    """

    statistic: Statistic
    part: slice
    labels: Sequence[str]


@dataclass(frozen=True, eq=False)
class SharedSplits:
    """Features of units, and what is made of them.

    Args:
        units: The units.
        rho: Intra-class correlation that units are weighted by.
        features: ``(u, m)`` float32, averaged by unit, centred, divided by ``scale``.
        scale: ``(m,)`` what brings the difference of a feature to about unit variance, given its divisor.
        places: One of each statistic.
        variances: ``(u, m)`` variance of each average, by unit: features differ in what the rows of a unit
            share, so where units differ in size no one ``rho`` is right for all. None where sizes are equal.
    """

    units: Exchangeable
    rho: float
    features: NDArray[np.float32]
    scale: NDArray[np.float32]
    places: tuple[Place, ...]
    variances: NDArray[np.float64] | None = None

    @classmethod
    def of(
        cls, views: Sequence[View], order: NDArray[np.int64], units: Exchangeable, rho: float
    ) -> SharedSplits:
        """Average features by unit.

        Args:
            views: Views of the pooled rows in random order.
            order: ``(n,)`` number of the pooled row that each row of the views was made from.
            units: The units, of pooled rows.
            rho: Intra-class correlation.
        """
        widths = [view.features.shape[1] for view in views]
        starts = [sum(widths[:i]) for i in range(len(views))]
        by_row = np.empty((len(order), sum(widths)), dtype=np.float32)
        for view, start, width in zip(views, starts, widths, strict=True):
            by_row[order, start : start + width] = view.features
        places = [
            Place(statistic, slice(start + first, start + last), view.labels[first:last])
            for view, start, width in zip(views, starts, widths, strict=True)
            for statistic in view.statistics
            for first, last, _ in (slice(statistic.first, statistic.last).indices(width),)
        ]
        scale = np.ones(by_row.shape[1], dtype=np.float32)
        if not units.clustered:
            # Rows are their own units, in order, centred and of variance 1 as views promise.
            return cls(units, rho, by_row, scale, tuple(places))
        by_unit = unit_averages(by_row, units)
        weights = (1 / np.maximum(rho + (1 - rho) / units.rows, 1e-12)).astype(np.float32)
        by_unit -= weights @ by_unit / weights.sum()
        for place in places:
            if place.statistic.reduction is Reduction.LARGEST:
                squares = np.square(by_unit[:, place.part])
                scale[place.part] = np.sqrt(weights @ squares / len(weights))
        scale[scale < 1e-6] = 1.0
        variances = None
        if (units.rows != units.rows[0]).any():
            variances = unit_variances((by_row / scale).astype(np.float64), units)
        return cls(units, rho, by_unit / scale, scale, tuple(places), variances)

    @property
    def weights(self) -> NDArray[np.float64]:
        """``(k,)`` shares of the statistics, summing to 1."""
        given = np.array([place.statistic.weight for place in self.places])
        return np.asarray(given / given.sum())

    @property
    def largest(self) -> NDArray[np.bool_]:
        """``(k,)`` which statistics are the largest of several differences."""
        return np.array([place.statistic.reduction is Reduction.LARGEST for place in self.places])

    def statistics(self, splits: NDArray[np.bool_]) -> NDArray[np.float64]:
        """``(p, k)`` values for ``(p, u)`` assignments; large means "changed"."""
        found = np.empty((len(splits), len(self.places)))
        for start in range(0, len(splits), BLOCK):
            block = slice(start, start + BLOCK)
            differences = self.differences(splits[block])
            squares = np.square(differences, out=differences)
            excess = self.excess(splits[block])
            for j, place in enumerate(self.places):
                part, largest = squares[:, place.part], place.statistic.reduction is Reduction.LARGEST
                if excess is not None:
                    part = part / excess[j]
                found[block, j] = np.sqrt(part.max(axis=1)) if largest else part.sum(axis=1)
        return found

    def excess(self, splits: NDArray[np.bool_]) -> list[NDArray[np.float64]] | None:
        """By what factor the variances of differences exceed what ``rho`` says of the split.

        Without it a split of small units against large ones, such as a day against months, would look
        changed: of the averages of squares and products much less is shared within a unit than of ranks.

        Args:
            splits: ``(p, u)`` assignments.

        Returns:
            For each statistic ``(p, k)``, of each difference, or ``(p, 1)`` of their sum of squares; None
            where units are equal in size, and splits with them.
        """
        if self.variances is None:
            return None
        v, divisor = contrasts(self.units, splits, self.rho)
        true = np.square(v) @ self.variances / divisor[:, None]
        weights = 1 / np.maximum(self.rho + (1 - self.rho) / self.units.rows, 1e-12)
        usual = weights @ self.variances / len(weights)
        found = []
        for place in self.places:
            part, typical = true[:, place.part], usual[place.part]
            if place.statistic.reduction is Reduction.SUM:
                part, typical = part.sum(axis=1, keepdims=True), np.array([max(float(typical.sum()), 1e-12)])
                part = part / typical
            found.append(np.where(part > 1e-12, part, 1.0))
        return found

    def differences(self, splits: NDArray[np.bool_]) -> NDArray[np.float32]:
        """``(p, m)`` differences of features, current minus reference, by the root of their divisors."""
        rows = self.units.rows
        if (rows == rows[0]).all():
            # Features are centred, so only the units in the current window need be added up.
            current = np.count_nonzero(splits, axis=1)[:, None]
            reference = splits.shape[1] - current
            per_unit = 1 / np.sqrt(self.rho + (1 - self.rho) / rows[0])
            factor = np.sqrt(1 / current + 1 / reference) * per_unit
            return np.asarray((splits.astype(np.float32) @ self.features) * factor.astype(np.float32))
        v, divisor = contrasts(self.units, splits, self.rho)
        v /= np.sqrt(divisor)[:, None]
        return np.asarray(v.astype(np.float32) @ self.features)
