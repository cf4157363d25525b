"""Observations: the columnar shape in which monitors see a window or a reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import Modality

__all__ = ["ModalityColumns", "Observations"]


@dataclass(frozen=True, eq=False)
class ModalityColumns:
    """What is known about one modality over ``n`` requests.

    Args:
        present: ``(n,)`` bool.
        descriptor_names: ``d`` names, without the modality prefix.
        descriptors: ``(n, d)`` float64; NaN rows where absent, NaN cells where undefined.
        embeddings: ``(n, e)`` float32, NaN rows where absent; None where the model gives none.
        probabilities: ``(n, k)`` float32 single-modality output, NaN rows where absent; or None.
        clusters: ``(n,)`` strings naming the unit that repeats (speaker, writer, document);
            None where unknown, and then verdicts say that independence was assumed.
    """

    present: NDArray[np.bool_]
    descriptor_names: tuple[str, ...]
    descriptors: NDArray[np.float64]
    embeddings: NDArray[np.float32] | None = None
    probabilities: NDArray[np.float32] | None = None
    clusters: NDArray[np.str_] | None = None


@dataclass(frozen=True, eq=False)
class Observations:
    """``n`` requests in columns.

    Args:
        ids: ``n`` request or sample ids.
        labels: Class names in the order of the probability columns.
        probabilities: ``(n, k)`` float32; NaN rows where the model failed.
        truth: ``(n,)`` int64, index of the true class; -1 where unknown.
        modalities: Columns per modality.
        attributes: Attribute name → ``(n,)`` strings.

    Example:
        >>> import numpy as np
        >>> o = Observations(("a",), ("x", "y"), np.array([[.2, .8]], np.float32), np.array([1]), {})
        >>> len(o), o.predicted.tolist(), o.correct.tolist()
        (1, [1], [1.0])
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]
    modalities: Mapping[Modality, ModalityColumns]
    attributes: Mapping[str, NDArray[np.str_]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """``(n,)`` index of the largest probability; -1 where the model failed."""
        failed = np.isnan(self.probabilities).any(axis=1)
        best = np.where(np.isnan(self.probabilities), -1.0, self.probabilities).argmax(axis=1)
        return np.where(failed, -1, best).astype(np.int64)

    @property
    def correct(self) -> NDArray[np.float64]:
        """``(n,)`` 1.0 right, 0.0 wrong, NaN where the truth is unknown."""
        right = (self.predicted == self.truth).astype(np.float64)
        return np.where(self.truth < 0, np.nan, right)
