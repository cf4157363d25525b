"""Changed: the claims that inform without waking anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact, norm

from ombud.domain.observations import ModalityColumns, Observations
from ombud.domain.verdict import Contribution, Outcome, Verdict
from ombud.errors import BadInput
from ombud_monitors.crossmodal import conflicts
from ombud_monitors.detector import Detector
from ombud_monitors.panel.averages import Averages, judge_averages
from ombud_monitors.panel.causes import conflict_causes, descriptor_causes
from ombud_monitors.panel.claim import MINIMUM_ROWS, Claim, same_labels
from ombud_monitors.resampling import wilson
from ombud_monitors.two_sample import MMD, Ranks, permutations_for

__all__ = ["ConflictChanged", "DescriptorsChanged", "EmbeddingChanged", "PresenceChanged"]

POINTS = 100.0
POWER = 0.8


@dataclass(frozen=True)
class EmbeddingChanged(Claim):
    """The joint distribution of one modality's embeddings changed.

    Detector: :class:`~ombud_monitors.two_sample.MMD`, whole clusters permuted.

    At most ``max_rows`` rows of each window are used, drawn by the seed without regard to their
    values, so that a busy day costs no more than a quiet one.

    Inputs of a model without embeddings are encoded by their descriptors instead, never by raw pixels
    or samples; the verdict says so.
    """

    max_rows: int = 1500

    def judge(
        self,
        reference: Observations,
        current: Observations,
        *,
        level: float,
        seed: int,
        minimum_rows: int = MINIMUM_ROWS,
    ) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        ours, theirs = reference.modalities.get(self.modality), current.modalities.get(self.modality)
        detector = MMD(permutations=permutations_for(level), level=level, max_rows=self.max_rows)
        if ours is None or theirs is None:
            return self.decline(detector.name, f"No {self.modality} in both windows.")
        bare = ours.embeddings is None and theirs.embeddings is None
        if ours.embeddings is not None and theirs.embeddings is not None:
            note, x, y = "", ours.embeddings.astype(np.float64), theirs.embeddings.astype(np.float64)
        elif bare and ours.descriptor_names and ours.descriptor_names == theirs.descriptor_names:
            note = f"The model gives no embeddings: {self.modality} was encoded by its descriptors."
            x, y = _encoded(ours, theirs)
        else:
            return self.decline(
                detector.name, f"No {self.modality} embeddings (or descriptors instead) in both windows."
            )
        verdict = _detect(
            self,
            detector,
            (ours, x),
            (theirs, y),
            level=level,
            seed=seed,
            minimum=minimum_rows,
            causes=descriptor_causes(self.modality, reference, current),
        )
        return replace(verdict, reason=f"{note} {verdict.reason}".strip())


@dataclass(frozen=True)
class DescriptorsChanged(Claim):
    """Location or spread of any descriptor changed, by :class:`~ombud_monitors.two_sample.Ranks`."""

    def judge(
        self,
        reference: Observations,
        current: Observations,
        *,
        level: float,
        seed: int,
        minimum_rows: int = MINIMUM_ROWS,
    ) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        ours, theirs = reference.modalities.get(self.modality), current.modalities.get(self.modality)
        detector = Ranks(permutations=permutations_for(level), level=level)
        if ours is None or theirs is None or not ours.descriptor_names:
            return self.decline(detector.name, f"No {self.modality} descriptors in both windows.")
        if ours.descriptor_names != theirs.descriptor_names:
            raise BadInput(
                f"{self.modality} descriptors: expected {list(ours.descriptor_names)} as in the reference, "
                f"got {list(theirs.descriptor_names)}",
                remedy="Compute both windows with the same version of the descriptors.",
            )
        finite = [np.where(np.isfinite(c.descriptors), c.descriptors, np.nan) for c in (ours, theirs)]
        return _detect(
            self,
            detector,
            (ours, finite[0]),
            (theirs, finite[1]),
            level=level,
            seed=seed,
            minimum=minimum_rows,
            causes=descriptor_causes(self.modality, reference, current),
        )


@dataclass(frozen=True)
class PresenceChanged(Claim):
    """The share of requests that carry the modality changed, by Fisher's exact test.

    Limits: rows are taken as independent. Which cluster an absent input would have belonged to is not
    known, so an outage of minutes reads as many losses; that is why this claim does not page.
    """

    def judge(
        self,
        reference: Observations,
        current: Observations,
        *,
        level: float,
        seed: int,  # noqa: ARG002 (exact: nothing is drawn)
        minimum_rows: int = MINIMUM_ROWS,
    ) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        detector = "fisher"
        n, m = len(reference), len(current)
        if early := self.too_early(level, n, m, minimum_rows, "requests"):
            return self.decline(detector, early, n_reference=n, n_current=m)
        before, after = (self._present(window) for window in (reference, current))
        table = [[int(after.sum()), m - int(after.sum())], [int(before.sum()), n - int(before.sum())]]
        p_value = min(max(float(fisher_exact(table).pvalue), 1e-300), 1.0)
        effect = POINTS * float(after.mean() - before.mean())
        # Laplace's rate: a modality that was always there still has a standard error.
        rate = (before.sum() + 1) / (n + 2)
        error = POINTS * float(np.sqrt(rate * (1 - rate) * (1 / n + 1 / m)))
        return Verdict(
            monitor=self.code,
            modality=self.modality,
            detector=detector,
            outcome=Outcome.DRIFT if p_value <= level else Outcome.QUIET,
            grade=self.grade,
            n_reference=n,
            n_current=m,
            statistic=effect / error,
            p_value=p_value,
            threshold=level,
            effect=effect,
            effect_unit="percentage points",
            effect_low=effect - _reach(after, before, upward=False),
            effect_high=effect + _reach(after, before, upward=True),
            minimum_detectable_effect=error * float(norm.isf(level / 2) + norm.ppf(POWER)),
            reason="Rows were taken as independent.",
            causes=(_rate(f"{self.modality}.present", before, after),) if effect else (),
        )

    def _present(self, window: Observations) -> NDArray[np.float64]:
        columns = window.modalities.get(self.modality)
        return np.zeros(len(window)) if columns is None else columns.present.astype(np.float64)


@dataclass(frozen=True)
class ConflictChanged(Claim):
    """The share of requests whose single-modality answers disagree changed, either way."""

    def judge(
        self,
        reference: Observations,
        current: Observations,
        *,
        level: float,
        seed: int,
        minimum_rows: int = MINIMUM_ROWS,
    ) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        same_labels(reference, current)
        averages = Averages(
            reference=POINTS * conflicts(reference),
            current=POINTS * conflicts(current),
            alternative="two-sided",
            what="requests answered from two modalities",
            minimum=minimum_rows,
            unit="percentage points",
        )
        return judge_averages(
            self,
            averages,
            reference,
            current,
            level=level,
            seed=seed,
            causes=lambda: conflict_causes(reference, current),
        )


def _detect(
    claim: Claim,
    detector: Detector,
    reference: tuple[ModalityColumns, NDArray[np.float64]],
    current: tuple[ModalityColumns, NDArray[np.float64]],
    *,
    level: float,
    seed: int,
    minimum: int,
    causes: tuple[Contribution, ...],
) -> Verdict:
    """A bare detector's verdict on the rows that have any value, in the name of a claim."""
    kept = [columns.present & np.isfinite(x).any(axis=1) for columns, x in (reference, current)]
    n, m = int(kept[0].sum()), int(kept[1].sum())
    if early := claim.too_early(level, n, m, minimum, f"rows with {claim.modality}"):
        return claim.decline(detector.name, early, n_reference=n, n_current=m)
    names = [
        None if columns.clusters is None else columns.clusters[keep]
        for (columns, _), keep in zip((reference, current), kept, strict=True)
    ]
    known = all(name is not None for name in names)
    fitted = detector.fit(reference[1][kept[0]], clusters=names[0] if known else None)
    verdict = fitted.test(current[1][kept[1]], clusters=names[1] if known else None, seed=seed)
    if verdict.outcome is Outcome.NOT_APPLICABLE:
        return claim.decline(detector.name, verdict.reason, n_reference=n, n_current=m)
    return replace(verdict, monitor=claim.code, modality=claim.modality, grade=claim.grade, causes=causes)


def _encoded(
    reference: ModalityColumns, current: ModalityColumns
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Descriptors as an encoding: undefined ones at the mean of both windows, which favours neither."""
    rows = np.concatenate([reference.descriptors, current.descriptors])
    known = np.isfinite(rows)
    mean = np.where(known, rows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    encoded = np.where(known.any(axis=1)[:, None], np.where(known, rows, mean), np.nan)
    return encoded[: len(reference.descriptors)], encoded[len(reference.descriptors) :]


def _reach(after: NDArray[np.float64], before: NDArray[np.float64], *, upward: bool) -> float:
    """How far the 95% interval of a difference of two rates reaches to one side, in points.

    Source: Newcombe, Statistics in Medicine 17 (1998), method 10: Wilson's intervals, combined.
    """
    (low_a, high_a), (low_b, high_b) = (wilson(float(x.sum()), len(x)) for x in (after, before))
    own, other = (high_a, low_b) if upward else (low_a, high_b)
    return POINTS * float(np.hypot(own - after.mean(), other - before.mean()))


def _rate(name: str, before: NDArray[np.float64], after: NDArray[np.float64]) -> Contribution:
    both = float(np.concatenate([before, after]).std())
    spread = float(before.std()) or both or 1.0
    return Contribution(
        name, float(before.mean()), float(after.mean()), float(after.mean() - before.mean()) / spread
    )
