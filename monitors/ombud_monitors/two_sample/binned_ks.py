"""Did any column's distribution change? The same question asked of histograms, without rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.verdict import Contribution, Verdict
from ombud.errors import BadInput
from ombud_monitors.detector import declined
from ombud_monitors.two_sample.column_evidence import contributions, most_moved, permuted_evidence
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import FittedTwoSampleTest, TwoSampleTest, judged
from ombud_monitors.two_sample.histograms import BINS, Bins, Histograms
from ombud_monitors.two_sample.ks import bridge_evidence, supremum
from ombud_monitors.two_sample.largest_distance import Bounds
from ombud_monitors.two_sample.unit_curves import UnitCurves
from ombud_monitors.two_sample.windows import Windows

__all__ = ["BinnedKS", "FittedBinnedKS"]


@dataclass(frozen=True)
class BinnedKS(TwoSampleTest):
    """Kolmogorov–Smirnov test of every column on 509 bins that the reference fixed.

    Formula: ``D' = max_j max_k |F_j(e_k) - G_j(e_k)|`` over the ends of the bins of
    :class:`~ombud_monitors.two_sample.histograms.Bins`, judged as :class:`~ombud_monitors.two_sample.KS`
    judges ``D``. As ``D' <= D`` its p-value is larger than that of ``KS``: valid, and by less than a quarter
    too large where both matter (a bridge rises by about ``.58 / sqrt(255)`` = .04 between two ends
    of a bin with .4% of the mass). The interval's upper end adds what the bins may hide.

    A window can be counted anywhere and judged without its rows
    (:meth:`FittedBinnedKS.test_state`). Counts do not know which rows belong together, so a
    reference with clusters wants rows with clusters.

    Args:
        permutations: Random splits of clusters; unused with independent rows.
        level: Level of a bare verdict.

    Source: as :class:`~ombud_monitors.two_sample.KS`; a distance over fewer points: Noether (1963).
    Limits: as ``KS``; a change inside a bin is not seen. Means in ``causes`` are those of the bins' middles.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = BinnedKS().fit(rng.normal(size=(300, 4)))
        >>> state = fitted.bins.count(rng.normal(0.1, size=(500, 4)))
        >>> state = state.merge(fitted.bins.count(rng.normal(0.1, size=(500, 4))))
        >>> fitted.test_state(state).fired, state.nbytes // 4
        (False, 2040)
    """

    name: ClassVar[str] = "binned_ks"

    def permutes(self, units: Exchangeable) -> bool:
        """Clusters are permuted; independent rows have Kolmogorov's distribution."""
        return units.clustered

    def prepare(self, reference: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """The bins, the reference's counts in them, and the means and deviations that these counts have."""
        bins = Bins.of(reference)
        counts = bins.counts(reference)[:, :BINS]
        shares, middles = counts / len(reference), bins.middles
        mean = (shares * middles).sum(axis=1)
        return {
            "centre": bins.centre,
            "spread": bins.spread,
            "counts": counts,
            "shares": shares,
            "mean": mean,
            "deviation": np.sqrt((shares * (middles - mean[:, None]) ** 2).sum(axis=1)),
        }

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> FittedBinnedKS:
        """A fitted test from :attr:`FittedTwoSampleTest.arrays`."""
        made = super().restore(arrays)
        return FittedBinnedKS(self, made.reference, made.clusters, made.kind, made.prepared)

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        made = windows.prepared
        bins = Bins(made["centre"], made["spread"])
        counts = bins.counts(windows.current)[:, :BINS]
        if not windows.units.clustered:
            return self.judge(made, counts, windows.n_reference, windows.n_current)
        moved = permuted_evidence(
            UnitCurves.of(bins.numbers(windows.pooled), windows.units),
            supremum,
            wobble=0.5,
            permutations=self.permutations,
            level=self.level,
            seed=seed,
        )
        return replace(moved.evidence, causes=_causes(made, counts, moved.distances))

    def judge(self, made: Mapping[str, NDArray[Any]], counts: NDArray[np.int32], n: int, m: int) -> Evidence:
        """Compare the current window's ``(d, 509)`` counts with the reference's.

        Args:
            made: What :meth:`prepare` made of the reference.
            counts: Of the current window.
            n: Rows of the reference.
            m: Rows of the current window.
        """
        bounds = Bounds.of(made["shares"], counts / m)
        found = bridge_evidence(float(bounds.lower.max()), len(counts), n, m, self.level)
        hidden = float(bounds.upper.max() - bounds.lower.max())
        high = min((found.effect_high or 1.0) + hidden, 1.0)
        return replace(found, effect_high=high, causes=_causes(made, counts, bounds.lower))


@dataclass(frozen=True, eq=False)
class FittedBinnedKS(FittedTwoSampleTest):
    """A binned test with its reference window.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = BinnedKS().fit(rng.normal(size=(800, 3)))
        >>> here, there = rng.normal(0.4, 1, (300, 3)), rng.normal(0.4, 1, (200, 3))
        >>> counted = fitted.bins.count(here).merge(fitted.bins.count(there))
        >>> verdict = fitted.test_state(counted)
        >>> verdict.fired, verdict == fitted.test(np.concatenate([here, there]), seed=0)
        (True, True)
    """

    detector: BinnedKS

    @cached_property
    def bins(self) -> Bins:
        """The bins to count current windows in, here or elsewhere."""
        return Bins(self.prepared["centre"], self.prepared["spread"])

    def test_state(self, state: Histograms) -> Verdict:
        """Judge a window by its counts; the same verdict as :meth:`test` on its rows.

        Args:
            state: Counted in :attr:`bins`, merged from as many parts as there were.

        Raises:
            BadInput: The state was counted in other bins, or has missing values.
        """
        self._check(state)
        detector, n, m = self.detector, len(self.reference), state.n
        if reason := self._refused(state):
            return declined(detector.name, reason, n_reference=n, n_current=m)
        found = detector.judge(self.prepared, state.counts[:, :BINS], n, m)
        return judged(detector, found, n_reference=n, n_current=m, units=None)

    def _check(self, state: Histograms) -> None:
        if state.bins != self.bins.digest:
            raise BadInput(
                f"window state: expected counts in the bins {self.bins.digest}, got {state.bins}",
                remedy="Count the window in the bins of this fitted test.",
            )
        if state.missing.any():
            columns = np.flatnonzero(state.missing)[:5].tolist()
            raise BadInput(
                f"window state: {int(state.missing.sum())} cells are missing (columns {columns})",
                remedy="Leave such rows out when counting, and watch how many are missing beside this.",
            )

    def _refused(self, state: Histograms) -> str:
        detector, n = self.detector, len(self.reference)
        if detector.level == 0:
            return "The level is 0: the error budget is spent, and nothing could be said."
        if self.clusters is not None:
            return (
                "The reference names clusters, and counts do not know which rows belong together; test the "
                "rows with their clusters, or fit without clusters if rows are independent."
            )
        if min(n, state.n) < detector.fewest:
            return (
                f"{detector.name} needs {detector.fewest} rows in each window, got {n} in the reference and "
                f"{state.n} in the current window; {detector.fewest} would do."
            )
        pooled = self.prepared["counts"] + state.counts[:, :BINS]
        if (np.count_nonzero(pooled, axis=1) == 1).all():
            return (
                "Every column is constant and the same in both windows: nothing that could change was "
                "measured, and no number of rows would do."
            )
        return ""


def _causes(
    made: Mapping[str, NDArray[Any]], counts: NDArray[np.int32], distances: NDArray[np.float64]
) -> tuple[Contribution, ...]:
    top = most_moved(distances)
    middles = Bins(made["centre"][top], made["spread"][top]).middles
    shares = counts[top] / counts[top].sum(axis=1, keepdims=True)
    mean = (shares * middles).sum(axis=1)
    return contributions(top, made["mean"][top], mean, made["deviation"][top])
