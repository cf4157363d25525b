"""Windows: the two windows of one comparison, with what may be permuted between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.two_sample.exchangeable import Exchangeable

__all__ = ["Windows", "subsample"]


@dataclass(frozen=True, eq=False)
class Windows:
    """A reference and a current window of equal width.

    Args:
        reference: ``(n, d)`` float rows.
        current: ``(m, d)`` float rows.
        units: Exchangeable units of the pooled rows, reference first.
        prepared: What the test made of the reference when it was fitted.

    Example:
        >>> windows = Windows.of(np.zeros((3, 2)), np.ones((2, 2)))
        >>> windows.pooled.shape, windows.units.size
        ((5, 2), 5)
    """

    reference: NDArray[Any]
    current: NDArray[Any]
    units: Exchangeable
    prepared: Mapping[str, NDArray[Any]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(
        cls,
        reference: NDArray[Any],
        current: NDArray[Any],
        reference_clusters: NDArray[np.str_] | None = None,
        current_clusters: NDArray[np.str_] | None = None,
        prepared: Mapping[str, NDArray[Any]] | None = None,
    ) -> Windows:
        """Two windows, with cluster names per row or without."""
        units = Exchangeable.of(len(reference), len(current), reference_clusters, current_clusters)
        return cls(reference, current, units, prepared or MappingProxyType({}))

    @cached_property
    def pooled(self) -> NDArray[Any]:
        """``(n + m, d)`` rows, reference first."""
        return np.concatenate([self.reference, self.current])

    def subsampled(self, most: int | None, rng: np.random.Generator) -> Windows:
        """At most ``most`` rows of each window, drawn blind to their values; all of them for None."""
        if most is None or max(self.n_reference, self.n_current) <= most:
            return self
        x, y = subsample(self.n_reference, most, rng), subsample(self.n_current, most, rng)
        units = self.units.of_rows(np.concatenate([x, self.n_reference + y]))
        return Windows(self.reference[x], self.current[y], units, self.prepared)

    @property
    def n_reference(self) -> int:
        """Rows of the reference."""
        return len(self.reference)

    @property
    def n_current(self) -> int:
        """Rows of the current window."""
        return len(self.current)


def subsample(n: int, most: int | None, rng: np.random.Generator) -> NDArray[np.int64]:
    """Numbers of at most ``most`` of ``n`` rows, drawn blind to their values, in order.

    Example:
        >>> subsample(3, 5, np.random.default_rng(0)).tolist()
        [0, 1, 2]
    """
    return np.arange(n) if most is None or n <= most else np.sort(rng.choice(n, most, replace=False))
