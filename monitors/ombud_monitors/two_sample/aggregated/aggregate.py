"""Did anything change? One test over complementary views that share one set of permutations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.verdict import Contribution
from ombud_monitors.two_sample.aggregated.columns import column_view
from ombud_monitors.two_sample.aggregated.combination import Combination
from ombud_monitors.two_sample.aggregated.dependence import component_view, dependence_view
from ombud_monitors.two_sample.aggregated.groups import group_view
from ombud_monitors.two_sample.aggregated.lengths import length_view
from ombud_monitors.two_sample.aggregated.shared_splits import SharedSplits
from ombud_monitors.two_sample.aggregated.telling import told
from ombud_monitors.two_sample.aggregated.view import View
from ombud_monitors.two_sample.assignments import batches
from ombud_monitors.two_sample.column_evidence import contributions
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.permuting import permutation_test
from ombud_monitors.two_sample.ranked_rows import RankedRows
from ombud_monitors.two_sample.unit_means import intraclass_correlation
from ombud_monitors.two_sample.windows import Windows

__all__ = ["Aggregated"]

CALIBRATION = 149
"""Splits that statistics are calibrated on: a standard deviation is then known within 6%. Power hardly
depends on it, validity not at all."""
_SHOWN = 3
"""Columns shown at most."""


@dataclass(frozen=True)
class Aggregated(TwoSampleTest):
    """One test over columns, dependence, lengths and groups of rows, with one p-value.

    Formula: rows become ranks along each column (:mod:`~ombud_monitors.two_sample.ranked_rows`), and these
    become features of several views:

    - single columns: the largest difference of middle or spread, the largest difference of shape, and the
      sum of squares over all middles;
    - spread and dependence: the squared distance of whitened second moments, and the spread along principal
      components;
    - lengths of rows: the largest difference over three of them;
    - groups of similar rows: the largest difference of a group's share, and the distance of diffusion
      coordinates.

    Every statistic compares averages of features, so a split costs one row of one matrix product. A first
    batch of random splits, which does *not* contain the observed one, tells what is usual for each
    statistic; the combination ``C`` of :class:`~ombud_monitors.two_sample.aggregated.Combination` is then
    one number for each split, and its p-value comes from *fresh* splits.

    Validity: rows are put in random order before features are made, and whatever else is drawn (starts of
    iterations, projections, the calibration splits) is drawn blind to the rows. So the features of permuted
    rows are distributed as permuted features: under the null hypothesis features are exchangeable just as
    rows are, whatever estimation went into them. Given features and calibration splits ``C`` is a fixed
    function of a split, and the observed split is one of those that could have been drawn. The test is
    therefore exact at every level, however badly the calibration fits. With clusters, whole clusters move
    (:mod:`~ombud_monitors.two_sample.exchangeable`); that is exact where both windows' clusters are alike in
    size, and approximate where they are not, each difference being divided by what its own averages vary.

    The effect is that of the most telling statistic, in its own unit; ``reason`` names it, ``causes`` lists
    the statistics that spoke (what splits expect, what was observed, the difference in standard deviations)
    and the columns that moved most.

    Args:
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.

    Source: for permuting a combination: Pesarin & Salmaso, *Permutation Tests for Complex Data* (2010); for
        aggregates of tests with calibrated parts: Schrab et al., "MMD aggregated two-sample test", JMLR 24
        (2023).
    Limits: clusters of 40 rows in the reference against six of 5 in the window were called drift in 5 to 9%
        of 200 clean windows at a level of 5%; more clusters do better. A test made for one kind of change
        sees that kind better; the price is about that of a level five times smaller. Changes beyond second
        moments within a group of rows are seen through groups only. With more than 64 columns dependence is
        looked at along 64 leading components.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x, y = rng.normal(size=(500, 8)), rng.normal(size=(200, 8))
        >>> Aggregated().fit(x).test(y, seed=0).fired
        False
        >>> y[:, 1] = 0.6 * y[:, 0] + 0.8 * y[:, 1]
        >>> verdict = Aggregated().fit(x).test(y, seed=0)
        >>> verdict.fired, verdict.causes[0].name
        (True, 'spread along principal components')
    """

    name: ClassVar[str] = "aggregated"

    permutations: int = 199

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        # Features must not share their random numbers with the splits, which are drawn from the seed itself.
        rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
        units = windows.units
        order = rng.permutation(len(windows.pooled))
        pooled = windows.pooled[order]
        rows = RankedRows.of(pooled, rng)
        reordered = replace(units, of_row=units.of_row[order])
        rho = intraclass_correlation(rows.ranks.astype(np.float64), reordered) if units.clustered else 0.0
        views = tuple(_views(pooled, rows, units, order, rng))
        shared = SharedSplits.of(views, order, units, rho)
        usual = shared.statistics(_calibration(units, rng))
        combination = Combination.of(usual, shared.weights, shared.largest)
        found = permutation_test(
            lambda splits: combination(shared.statistics(splits)),
            units,
            permutations=self.permutations,
            seed=seed,
            tolerance=1e-5,
        )
        evidence = told(shared, combination, found, level=self.level)
        return replace(evidence, causes=(*evidence.causes, *_moved(windows, shared, rows)))


def _views(
    pooled: NDArray[np.float64],
    rows: RankedRows,
    units: Exchangeable,
    order: NDArray[np.int64],
    rng: np.random.Generator,
) -> Iterator[View]:
    yield column_view(rows)
    yield dependence_view(rows, rng)
    yield component_view(rows)
    yield length_view(pooled, rows)
    cluster = np.minimum(np.arange(units.size), np.where(units.partner < 0, units.size, units.partner))
    smaller = min(units.n_reference, units.n_current)
    groups = group_view(rows, cluster[units.of_row][order] if units.clustered else None, smaller, rng)
    if groups is not None:
        yield groups


def _calibration(units: Exchangeable, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Splits drawn blind to the observed one; all there are, where those are few."""
    splits = np.concatenate(list(batches(units, CALIBRATION, int(rng.integers(2**63)))))
    return splits if units.splits <= CALIBRATION else splits[1:]


def _moved(windows: Windows, shared: SharedSplits, rows: RankedRows) -> tuple[Contribution, ...]:
    """The columns whose middle or spread differs most."""
    part = shared.places[0].part
    z = np.abs(shared.differences(windows.units.in_current[None])[0, part]).reshape(2, -1).max(axis=0)
    top = rows.columns[np.argsort(-z, kind="stable")[:_SHOWN]]
    x, y = windows.reference[:, top], windows.current[:, top]
    return contributions(top, x.mean(axis=0), y.mean(axis=0), x.std(axis=0))
