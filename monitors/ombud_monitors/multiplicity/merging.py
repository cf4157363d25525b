"""Merging e-values: what several tests said, as one e-value.

Two rules, and which one may be used is a fact about the data, not a choice:

* :func:`average` is valid under **any** dependence, because expectations add. Among symmetric rules that
  are, it is essentially the only good one. Monitors of one window depend on each other; windows that are
  compared with one reference do too.
* :func:`product_of_sequential` is valid only where each e-value has expectation at most 1 *given those
  before it*: independent data, or windows tested one after the other so that the next one's null
  distribution does not depend on what was said before. It is far stronger there: evidence multiplies.

Source: Vovk & Wang, Annals of Statistics 49 (2021), theorem 3.2 and section 4.
Limits: windows judged against the same reference sample are *not* sequential in this sense: a reference
    that is unusual by chance shifts every one of them the same way. Permuting each window against the
    reference *and the earlier windows*, pooled, is sequential.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ombud_monitors.multiplicity import values

__all__ = ["average", "product_of_sequential"]


def average(e: ArrayLike, weights: Sequence[float] | None = None) -> float:
    """Weighted mean of e-values: an e-value whatever the dependence between them.

    Args:
        e: ``(k,)`` e-values.
        weights: ``(k,)`` numbers ≥ 0, fixed before the data, any scale; None weighs all alike.

    Returns:
        The merged e-value.

    Raises:
        BadInput: Nothing to merge, no e-values, or no weights.

    Example:
        >>> average([30.0, 0.5, 0.1]), average([30.0, 0.5], [3, 1])
        (10.2, 22.625)
    """
    checked = np.atleast_1d(values.e_values(e))
    return float(values.fixed_weights(weights, checked.size) @ checked)


def product_of_sequential(e: ArrayLike) -> float:
    """Product of e-values, each of which is one *given those before it* (independent ones are).

    Args:
        e: ``(k,)`` e-values in the order in which they were reached; none at all gives 1.

    Returns:
        The merged e-value, capped at 1e300.

    Raises:
        BadInput: Something is no e-value.

    Example:
        >>> round(product_of_sequential([5.0, 4.0, 0.5]), 9)
        10.0
    """
    checked = np.atleast_1d(values.e_values(e))
    if not (checked > 0).all():
        return 0.0
    return math.exp(min(math.fsum(np.log(checked)), math.log(values.LARGEST)))
