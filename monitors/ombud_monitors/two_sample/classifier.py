"""Can a classifier tell the windows apart? Trained on one half of the units, judged on the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ombud.domain.verdict import Contribution
from ombud.errors import BadInput
from ombud_monitors.two_sample.column_evidence import contributions, most_moved
from ombud_monitors.two_sample.evidence import Evidence, Refusal
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.mean import compare_means
from ombud_monitors.two_sample.windows import Windows

__all__ = ["ClassifierTest", "Learner", "halves"]

Learner = Literal["logistic", "ridge", "boosting"]
_LEARNERS = ("logistic", "ridge", "boosting")
_TREES = 60
"""Trees of the boosting learner: at a learning rate of .1 they reach most of what a half window can teach."""


@dataclass(frozen=True)
class ClassifierTest(TwoSampleTest):
    """Classifier two-sample test: AUC of a classifier on units that it has not seen.

    Formula: half of the units of each window train a classifier of "current" against "reference"; it scores
    the rows of the other half. ``AUC - 1/2`` is the difference of the mean mid-ranks of the scores over the
    number of rows held out; it is judged, one-sided, as :class:`~ombud_monitors.two_sample.Mean` judges a
    mean, by permuting the units held out. Which units those are is drawn blind to their values and the
    classifier has not seen them, so the p-value is exact without any refit. A cluster is in one half
    only, also one that both windows have. Effect: ``AUC - 1/2``, 0 where windows cannot be told apart and .5
    where they can without fail.

    Args:
        learner: ``logistic`` (logistic regression), ``ridge`` (linear discriminant analysis with a shrunken
            covariance), or ``boosting`` (gradient-boosted trees, which also see changes of spread and of
            dependence). All from scikit-learn.
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.

    Raises:
        BadInput: A learner of another name.

    Source: Lopez-Paz & Oquab, "Revisiting classifier two-sample tests", ICLR (2017); permutation of the
        held-out part: Kim et al., "Classification accuracy as a proxy for two-sample testing", Annals of
        Statistics 49 (2021).
    Limits: half of the rows only teach, which costs power in small windows; the linear learners see
        means only.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = ClassifierTest().fit(rng.normal(size=(200, 4)))
        >>> verdict = fitted.test(rng.normal(size=(150, 4)) + [0, 0, 1, 0], seed=0)
        >>> verdict.fired, verdict.causes[0].name, verdict.effect_unit
        (True, 'column 2', 'AUC - 1/2')
    """

    name: ClassVar[str] = "classifier"
    fewest: ClassVar[int] = 4

    learner: Learner = "logistic"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learner not in _LEARNERS:
            raise BadInput(
                f"classifier: expected a learner out of {list(_LEARNERS)}, got {self.learner!r}",
                remedy="Use logistic, or boosting for changes that are not linear.",
            )

    def compare(self, windows: Windows, *, seed: int) -> Evidence | Refusal:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        taught = halves(windows.units, np.random.default_rng(seed))
        rows = taught[windows.units.of_row]
        held = windows.units.of_rows(np.flatnonzero(~rows))
        sides = (windows.units.in_current, ~windows.units.in_current)
        if any((side & part).sum() == 0 for side in sides for part in (taught, ~taught)):
            unit = "clusters" if windows.units.clustered else "rows"
            return Refusal(
                f"A classifier needs 2 {unit} of each window, one to learn from and one to be judged by; got "
                f"{windows.units.n_reference} in the reference and {windows.units.n_current} in the current "
                f"window, of which {windows.units.shared} in both; 4 in each would do."
            )
        if reason := held.refusal(self.level, self.permutations):
            return Refusal(f"Of the half that is held out: {reason} Twice that, with the half that teaches.")
        scores, weights = self._learn(windows, rows, seed)
        ranks = rankdata(scores)[:, None] / len(scores)
        found = compare_means(
            ranks,
            held,
            alternative="greater",
            permutations=self.permutations,
            level=self.level,
            seed=seed,
        )
        return Evidence(
            statistic=found.difference,
            p_value=found.p_value,
            effect=found.difference,
            effect_unit="AUC - 1/2",
            effect_low=max(found.low, -0.5),
            effect_high=min(found.high, 0.5),
            minimum_detectable_effect=min(found.minimum_detectable, 0.5),
            causes=_causes(windows, weights),
        )

    def _learn(
        self, windows: Windows, rows: NDArray[np.bool_], seed: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Scores of the rows held out, and the weights of the columns where the learner has such."""
        pooled = windows.pooled.astype(np.float64)
        label = np.arange(len(pooled)) >= windows.n_reference
        largest = np.abs(pooled).max(axis=0)
        # Between -1 and 1 first: squares of very large or very small numbers are not numbers any more.
        x = pooled / np.where(largest > 0, largest, 1.0)
        deviation = x[rows].std(axis=0)
        x = (x - x[rows].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
        model = _model(self.learner, seed).fit(x[rows], label[rows])
        scores = np.asarray(model.decision_function(x[~rows]), dtype=np.float64)
        return scores, np.abs(model.coef_[0]) if hasattr(model, "coef_") else None


def halves(units: Exchangeable, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Units that teach: half of each window's, drawn blind to their values; the rest is held out.

    Args:
        units: The units; both units of a cluster that is in both windows go to the same half.
        rng: Draws them.

    Returns:
        ``(u,)`` bool.

    Example:
        >>> taught = halves(Exchangeable.of(6, 4), np.random.default_rng(0))
        >>> int(taught[:6].sum()), int(taught[6:].sum())
        (3, 2)
    """
    taught = np.zeros(units.size, np.bool_)
    for free in units.free:
        for side in (units.in_current[free], ~units.in_current[free]):
            own = rng.permutation(free[side])
            taught[own[: len(own) // 2]] = True
    first = rng.permutation(np.flatnonzero(units.partner > np.arange(units.size)))
    both = first[: len(first) // 2]
    taught[both] = taught[units.partner[both]] = True
    return taught


def _model(learner: Learner, seed: int) -> Any:
    # Lazily: scikit-learn is a second of import that the other tests do without.
    if learner == "logistic":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(class_weight="balanced", max_iter=200, tol=1e-3)
    if learner == "ridge":
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=[0.5, 0.5])
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=_TREES, early_stopping=False, class_weight="balanced", random_state=seed % 2**32
    )


def _causes(windows: Windows, weights: NDArray[np.float64] | None) -> tuple[Contribution, ...]:
    """The columns that weigh most with a linear learner; none with trees."""
    if weights is None:
        return ()
    top = most_moved(weights)
    x, y = windows.reference.T[top], windows.current.T[top]
    means = x.mean(axis=1, dtype=np.float64), y.mean(axis=1, dtype=np.float64)
    return contributions(top, *means, x.std(axis=1, dtype=np.float64))
