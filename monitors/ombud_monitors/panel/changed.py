"""Changed: embeddings and descriptors are not what they were. Informs without waking anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ombud.domain.observations import ModalityColumns
from ombud.domain.verdict import Outcome, Verdict
from ombud.errors import BadInput
from ombud_monitors.detector import Detector
from ombud_monitors.panel.causes import descriptor_causes
from ombud_monitors.panel.claim import Claim
from ombud_monitors.panel.question import Question
from ombud_monitors.two_sample import Aggregated, Ranks, permutations_for
from ombud_monitors.two_sample.windows import subsample

__all__ = ["DescriptorsChanged", "EmbeddingChanged"]

Rows = tuple[ModalityColumns, NDArray[np.float64]]
"""A modality's columns, and the numbers ``(n, d)`` that stand for it; NaN rows where absent."""


@dataclass(frozen=True)
class EmbeddingChanged(Claim):
    """The joint distribution of one modality's embeddings changed.

    Detector: :class:`~ombud_monitors.two_sample.Aggregated`, whole clusters permuted. At most
    ``max_rows`` rows of each window are used, drawn by the seed without regard to their values, so that a
    busy day costs no more than a quiet one. Inputs of a model without embeddings are encoded by their
    descriptors instead, never by raw pixels or samples; the verdict says so.

    Source: see the detector.
    Limits: "changed" says nothing about good or bad; that is what the monitors of harm are for.

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> from ombud.domain.verdict import Grade
        >>> from ombud_monitors.simulate.multimodal import multimodal_window
        >>> rng = np.random.default_rng(0)
        >>> reference, current = (multimodal_window(rng, 300, prefix=p) for p in "rc")
        >>> broken = multimodal_window(rng, 300, prefix="b", damage={AUDIO: 3.0})
        >>> monitor = EmbeddingChanged("audio.embedding", AUDIO, Grade.CHANGED, "Audio: embeddings changed")
        >>> [monitor.judge(Question(reference, w, level=0.01, seed=0)).fired for w in (current, broken)]
        [False, True]
    """

    weight: ClassVar[float] = 4.0
    """The aggregated test sees most kinds of change, so most of what may be spent on noticing is its own."""

    max_rows: int = 1500

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`."""
        ours = question.reference.modalities.get(self.modality)
        theirs = question.current.modalities.get(self.modality)
        detector = Aggregated(permutations=permutations_for(question.level), level=question.level)
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
        verdict = _detect(self, detector, (ours, x), (theirs, y), question, most=self.max_rows)
        return replace(verdict, reason=f"{note} {verdict.reason}".strip())


@dataclass(frozen=True)
class DescriptorsChanged(Claim):
    """Location or spread of any descriptor changed, by :class:`~ombud_monitors.two_sample.Ranks`.

    Source: see the detector.
    Limits: descriptors one by one; a change of their dependence alone is not seen.

    Example:
        >>> from ombud.domain.modality import AUDIO
        >>> from ombud.domain.verdict import Grade
        >>> from ombud_monitors.simulate.multimodal import multimodal_window
        >>> rng = np.random.default_rng(0)
        >>> reference = multimodal_window(rng, 300)
        >>> louder = multimodal_window(rng, 300, prefix="c", damage={AUDIO: 1.0})
        >>> monitor = DescriptorsChanged("audio.descriptors", AUDIO, Grade.CHANGED, "Audio: descriptors")
        >>> verdict = monitor.judge(Question(reference, louder, level=0.01, seed=0))
        >>> verdict.fired, verdict.causes[0].name
        (True, 'loudness')
    """

    weight: ClassVar[float] = 2.0
    """Between presence, which is one rate, and embeddings, which carry most of what can change."""

    def judge(self, question: Question) -> Verdict:
        """Judge one window against the reference; see :class:`~ombud_monitors.panel.Monitor`.

        Raises:
            BadInput: The windows have different descriptors.
        """
        ours = question.reference.modalities.get(self.modality)
        theirs = question.current.modalities.get(self.modality)
        detector = Ranks(permutations=permutations_for(question.level), level=question.level)
        if ours is None or theirs is None or not ours.descriptor_names:
            return self.decline(detector.name, f"No {self.modality} descriptors in both windows.")
        if ours.descriptor_names != theirs.descriptor_names:
            raise BadInput(
                f"{self.modality} descriptors: expected {list(ours.descriptor_names)} as in the reference, "
                f"got {list(theirs.descriptor_names)}",
                remedy="Compute both windows with the same version of the descriptors.",
            )
        finite = [np.where(np.isfinite(c.descriptors), c.descriptors, np.nan) for c in (ours, theirs)]
        return _detect(self, detector, (ours, finite[0]), (theirs, finite[1]), question)


def _detect(
    claim: Claim,
    detector: Detector,
    reference: Rows,
    current: Rows,
    question: Question,
    most: int | None = None,
) -> Verdict:
    """A bare detector's verdict on the rows that have any value, in the name of a claim."""
    kept = [
        np.flatnonzero(columns.present & np.isfinite(x).any(axis=1)) for columns, x in (reference, current)
    ]
    n, m = (len(rows) for rows in kept)
    if early := question.too_early(n, m, question.minimum_rows, f"rows with {claim.modality}"):
        return claim.decline(detector.name, early, n_reference=n, n_current=m)
    rng = np.random.default_rng(question.seed)
    x_rows, y_rows = (rows[subsample(len(rows), most, rng)] for rows in kept)
    known = reference[0].clusters is not None and current[0].clusters is not None
    names = [
        columns.clusters[rows] if known and columns.clusters is not None else None
        for (columns, _), rows in ((reference, x_rows), (current, y_rows))
    ]
    fitted = detector.fit(reference[1][x_rows], clusters=names[0])
    verdict = fitted.test(current[1][y_rows], clusters=names[1], seed=question.seed)
    if verdict.outcome is Outcome.NOT_APPLICABLE:
        return claim.decline(detector.name, verdict.reason, n_reference=n, n_current=m)
    return replace(
        verdict,
        monitor=claim.code,
        modality=claim.modality,
        grade=claim.grade,
        causes=descriptor_causes(claim.modality, question.reference, question.current),
    )


def _encoded(
    reference: ModalityColumns, current: ModalityColumns
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Descriptors as an encoding: undefined ones at the mean of both windows, which favours neither."""
    rows = np.concatenate([reference.descriptors, current.descriptors])
    known = np.isfinite(rows)
    mean = np.where(known, rows, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    encoded = np.where(known.any(axis=1)[:, None], np.where(known, rows, mean), np.nan)
    return encoded[: len(reference.descriptors)], encoded[len(reference.descriptors) :]
