"""The one scaffold of every two-sample test: checks, clusters, refusals and the verdict.

A test says in :meth:`TwoSampleTest.compare` what it makes of two clean windows; everything around that
is written here once. Settings are keyword-only and frozen; a fitted test is a value that can be saved
(:mod:`ombud_monitors.saving`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud.errors import BadInput
from ombud_monitors.detector import FEATURES, declined, digest, matrix, same_kind, same_width
from ombud_monitors.two_sample.cluster_names import cluster_names
from ombud_monitors.two_sample.evidence import Evidence, Refusal
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.windows import Windows

__all__ = ["FittedTwoSampleTest", "TwoSampleTest", "judged"]

INDEPENDENT = "No clusters were given: rows were taken as independent."


@dataclass(frozen=True, kw_only=True)
class TwoSampleTest(ABC):
    """A recipe for a two-sample test.

    Args:
        permutations: Random splits drawn where there are more; fewer splits are enumerated.
        level: Level of a bare verdict; 0 is a spent budget, at which the test refuses.

    Raises:
        BadInput: The level is not in [0, 1), or there is no permutation.

    Example:
        >>> from ombud_monitors.two_sample import compare_means
        >>> class Zeros(TwoSampleTest):
        ...     name = "zeros"
        ...     def compare(self, windows, *, seed):
        ...         settings = {"permutations": self.permutations, "level": self.level, "seed": seed}
        ...         flags = (windows.pooled == 0).astype(float)
        ...         found = compare_means(flags, windows.units, alternative="greater", **settings)
        ...         return found.in_deviations()
        >>> Zeros().fit([3, 1, 0, 2, 5, 4, 1, 2]).test([0, 0, 1, 0, 0, 0], seed=0).fired
        True
    """

    name: ClassVar[str]
    """Name in the catalogue."""
    undefined: ClassVar[bool] = False
    """Whether NaN cells are allowed; they mean "undefined here"."""
    fewest: ClassVar[int] = 2
    """Rows wanted in each window."""

    permutations: int = 999
    level: float = 0.05

    def __post_init__(self) -> None:
        if not isinstance(self.level, float | int) or not 0 <= self.level < 1:
            raise BadInput(
                f"{self.name}: level must lie in [0, 1), got {self.level}",
                remedy="Use a level such as 0.05.",
            )
        if not isinstance(self.permutations, int) or self.permutations < 1:
            raise BadInput(
                f"{self.name}: permutations must be a whole number of at least 1, got {self.permutations}",
                remedy="Use 999 permutations, or 4 / level.",
            )

    @abstractmethod
    def compare(self, windows: Windows, *, seed: int) -> Evidence | Refusal:
        """Compare two checked windows.

        Args:
            windows: At least ``fewest`` rows each, equal width, at least one column that varies.
            seed: Seed of every random choice.
        """

    def prepare(self, reference: NDArray[Any]) -> Mapping[str, NDArray[Any]]:  # noqa: ARG002
        """What can be computed from the reference ``(n, d)`` once, for every window to come."""
        return {}

    def permutes(self, units: Exchangeable) -> bool:  # noqa: ARG002
        """Whether the p-value comes from permuting these units, so that few units bound it."""
        return True

    def fit(self, reference: ArrayLike, *, clusters: ArrayLike | None = None) -> FittedTwoSampleTest:
        """Bind to a reference window ``(n, d)``.

        Raises:
            BadInput: The reference is empty, not numeric or not finite, or there is not one cluster name
                per row.
        """
        return self.restore(
            {
                "reference": matrix(reference, window="reference", undefined=self.undefined),
                "kind": np.array([np.asarray(reference).dtype.kind]),
                **({} if clusters is None else {"clusters": cluster_names(clusters, window="reference")}),
            }
        )

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> FittedTwoSampleTest:
        """A fitted test from :attr:`FittedTwoSampleTest.arrays`."""
        reference, clusters = arrays["reference"], arrays.get("clusters")
        Exchangeable.of(len(reference), 0, clusters, None if clusters is None else clusters[:0])
        return FittedTwoSampleTest(self, reference, clusters, str(arrays["kind"][0]), self.prepare(reference))


@dataclass(frozen=True, eq=False)
class FittedTwoSampleTest:
    """A two-sample test with its reference window.

    Args:
        detector: The recipe.
        reference: ``(n, d)`` rows.
        clusters: ``(n,)`` names of the unit that repeats; None assumes independent rows.
        kind: Kind of number that the reference was given in (numpy's ``dtype.kind``).
        prepared: What the recipe made of the reference.

    Example:
        >>> from ombud_monitors.two_sample import Mean
        >>> rng = np.random.default_rng(0)
        >>> fitted = Mean(level=0.01).fit(rng.normal(size=(300, 4)))
        >>> [fitted.test(rng.normal(moved, 1, (100, 4)), seed=0).fired for moved in (0.0, 0.0, 0.6)]
        [False, False, True]
        >>> fitted.test(rng.normal(size=(100, 5)), seed=0)
        Traceback (most recent call last):
        ombud.errors.BadInput: current window: expected 4 columns as in the reference, got 5 ...
    """

    detector: TwoSampleTest
    reference: NDArray[Any]
    clusters: NDArray[np.str_] | None
    kind: str
    prepared: Mapping[str, NDArray[Any]]

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All that is needed to restore it."""
        named = {} if self.clusters is None else {"clusters": self.clusters}
        return {"reference": self.reference, "kind": np.array([self.kind]), **named}

    @cached_property
    def digest(self) -> str:
        """``sha256:<hex>`` of what it was fitted on."""
        return digest(self.reference, self.clusters)

    def test(self, current: ArrayLike, *, clusters: ArrayLike | None = None, seed: int) -> Verdict:
        """Compare a current window ``(n, d)`` with the reference.

        Raises:
            BadInput: The window's shape, kind or content cannot be compared with the reference.
        """
        detector, x = self.detector, self.reference
        if not isinstance(seed, int | np.integer) or seed < 0:
            raise BadInput(
                f"{detector.name}: seed must be a whole number of at least 0, got {seed!r}",
                remedy="Give a seed, so that the same windows give the same verdict.",
            )
        y = matrix(current, window="current", undefined=detector.undefined)
        same_width(x, y)
        same_kind(self.kind, np.asarray(current).dtype.kind)
        prepared = self.prepared
        if x.dtype != y.dtype:
            # A tenth in single precision is not a tenth in double: told apart, they would be a shift.
            prepared = prepared if x.dtype == np.float32 else detector.prepare(x.astype(np.float32))
            x, y = x.astype(np.float32), y.astype(np.float32)
        names = None if clusters is None else cluster_names(clusters, window="current")
        windows = Windows.of(x, y, self.clusters, names, prepared)
        found = self._refusal(windows) or detector.compare(windows, seed=seed)
        if isinstance(found, Refusal):
            return declined(detector.name, found.reason, n_reference=len(x), n_current=len(y))
        return judged(detector, found, n_reference=len(x), n_current=len(y), units=windows.units)

    def _refusal(self, windows: Windows) -> Refusal | None:
        detector, x, y = self.detector, windows.reference, windows.current
        if detector.level == 0:
            return Refusal("The level is 0: the error budget is spent, and nothing could be said.")
        short = [
            f"{len(rows)} in the {name}"
            for rows, name in ((x, "reference"), (y, "current window"))
            if len(rows) < detector.fewest
        ]
        if short:
            return Refusal(
                f"{detector.name} needs {detector.fewest} rows in each window, got {' and '.join(short)}; "
                f"{detector.fewest} would do."
            )
        if not _varies(x, y):
            return Refusal(
                "Every column is constant and the same in both windows: nothing that could change was "
                "measured, and no number of rows would do."
            )
        if detector.permutes(windows.units):
            reason = windows.units.refusal(detector.level, detector.permutations)
            return Refusal(reason) if reason else None
        return None


def judged(
    detector: TwoSampleTest, found: Evidence, *, n_reference: int, n_current: int, units: Exchangeable | None
) -> Verdict:
    """Evidence as a bare detector's verdict, at the detector's own level.

    Args:
        detector: Who speaks.
        found: What it found.
        n_reference: Rows of the reference.
        n_current: Rows of the current window.
        units: What was permuted; None for counts, which know no clusters.
    """
    clustered = units if units is not None and units.clustered else None
    return Verdict(
        monitor=detector.name,
        modality=FEATURES,
        detector=detector.name,
        outcome=Outcome.DRIFT if found.p_value <= detector.level else Outcome.QUIET,
        grade=Grade.CHANGED,
        n_reference=n_reference,
        n_current=n_current,
        clusters_reference=clustered.n_reference if clustered else None,
        clusters_current=clustered.n_current if clustered else None,
        statistic=found.statistic,
        p_value=found.p_value,
        threshold=detector.level,
        effect=found.effect,
        effect_unit=found.effect_unit,
        effect_low=found.effect_low,
        effect_high=found.effect_high,
        minimum_detectable_effect=found.minimum_detectable_effect,
        reason=f"{found.note} {'' if clustered else INDEPENDENT}".strip(),
        causes=found.causes,
    )


def _varies(x: NDArray[Any], y: NDArray[Any]) -> bool:
    """Whether any column has two distinct defined values over both windows."""
    # Columns are scanned until one varies, which nearly always is the first: no pass over the whole window.
    for j in range(x.shape[1]):
        column = np.concatenate([x[:, j], y[:, j]])
        defined = column[~np.isnan(column)]
        if defined.size and (defined != defined[0]).any():
            return True
    return False
