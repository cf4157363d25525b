"""Did the joint distribution change? Maximum mean discrepancy by random features, in linear time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from ombud.errors import BadInput
from ombud_monitors.two_sample.cells import cells
from ombud_monitors.two_sample.evidence import Evidence
from ombud_monitors.two_sample.exchangeable import Exchangeable
from ombud_monitors.two_sample.fitting import TwoSampleTest
from ombud_monitors.two_sample.frequencies import Projection, projection
from ombud_monitors.two_sample.mmd import median_distance
from ombud_monitors.two_sample.quadratic_test import quadratic_test
from ombud_monitors.two_sample.standardised import BLOCK, blocks, moments, resemblance
from ombud_monitors.two_sample.windows import Windows

__all__ = ["RandomFeatureMMD", "features_of"]

WIDE = 512
"""Cosines up to which there are two for each column. With ``r`` a column their noise adds about ``.06 / r``
to the null's variance (measured); beyond 256 columns the second would take a quarter of all time."""


@dataclass(frozen=True)
class RandomFeatureMMD(TwoSampleTest):
    """Maximum mean discrepancy with a Gaussian kernel approximated by random Fourier features.

    Formula: as :class:`~ombud_monitors.two_sample.MMD`, with rows ``z`` standardised over both windows and
    divided by the bandwidth, ``e = exp(-|z|^2 / 2)`` and random frequencies ``w_1 .. w_f``; each row becomes

    - ``e`` and ``e z``: the kernel's terms of order 0 and 1, exactly;
    - ``(cos(w z) - e) / sqrt(f)`` and ``(sin(w z) - e w z) / sqrt(f)``: all higher orders, on average;

    and ``v' K v`` the squared length of ``v' features``. Plain random features spend themselves on the
    first two orders, which with many columns are nearly all of the kernel, and still see a shift of means
    in a few random directions only.

    The p-value is exact, not approximate: frequencies come from the seed, blind to the rows; bandwidth and
    scale come from the *pooled* rows. Had they come from the reference alone, they would fit it better
    than a permuted one, so nothing but the reference itself is kept from ``fit``. Effect and interval as
    for ``MMD``, up to the error of the approximation.

    Cost: ``O(n d (sqrt(d) + B))``; at 10,000 + 10,000 rows of 512 some twentieth of ``MMD``.

    Args:
        permutations: Random splits drawn at most; fewer splits are enumerated.
        level: Level of a bare verdict.
        features: Cosines at least, and half as many sines. There are always as many cosines as columns,
            and twice as many up to 256 columns: fewer add noise that costs power.

    Raises:
        BadInput: ``features`` is not an even number of at least 2.

    Source: Rahimi & Recht, "Random features for large-scale kernel machines" (2007); Cotter, Keshet & Srebro,
        "Explicit approximations of the Gaussian kernel" (2011), for the exact terms; Zhao & Meng, "FastMMD",
        Neural Computation 27 (2015).
    Limits: those of ``MMD``. With more columns than 256 it sees a shift of means about three points of power
        less well. Another seed draws other frequencies and gives another p-value.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> fitted = RandomFeatureMMD(permutations=100).fit(rng.normal(size=(90, 3)))
        >>> fitted.test(rng.normal(0.6, size=(80, 3)), seed=1).fired
        True
    """

    name: ClassVar[str] = "random_feature_mmd"

    permutations: int = 199
    features: int = 256

    def __post_init__(self) -> None:
        """Check the settings."""
        super().__post_init__()
        if self.features < 2 or self.features % 2:
            raise BadInput(
                f"{self.name}: expected an even number of features, got {self.features}",
                remedy="Use 256 features.",
            )

    def compare(self, windows: Windows, *, seed: int) -> Evidence:
        """Compare two checked windows; see :class:`~ombud_monitors.two_sample.fitting.TwoSampleTest`."""
        rng = np.random.default_rng(seed)
        mean, deviation = moments(windows)
        bandwidth = median_distance(windows, mean, deviation, rng)
        project = projection(len(mean), max(self.features, min(2 * len(mean), WIDE)), rng)
        scale = bandwidth * np.where(deviation > 0, deviation, 1.0)
        units = cells(windows.units, rng)
        by_unit = features_of(windows, mean, scale, project, units, sines=self.features // 2)

        def forms(v: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            differences = v @ by_unit
            return np.einsum("pf,pf->p", differences, differences, dtype=np.float64), by_unit @ differences[0]

        return quadratic_test(
            forms,
            units,
            rho=resemblance(windows, deviation),
            permutations=self.permutations,
            level=self.level,
            seed=seed,
            unit="squared MMD",
        )


def features_of(
    windows: Windows,
    mean: NDArray[np.float64],
    scale: NDArray[np.float64],
    project: Projection,
    units: Exchangeable,
    *,
    sines: int,
) -> NDArray[Any]:
    """Features of rows, whose products approximate the Gaussian kernel, averaged by unit.

    Args:
        windows: The windows.
        mean: ``(d,)`` what to take off each column.
        scale: ``(d,)`` what to divide it by, bandwidth included.
        project: Rows to ``(n, f)`` angles.
        units: The units.
        sines: How many of the angles' sines to use, at most ``f``.

    Returns:
        ``(u, 1 + d + f + sines)`` float32.

    Example:
        >>> x = np.array([[0.3, 0.4], [-0.5, 0.1]])
        >>> project = projection(2, 2000, np.random.default_rng(0))
        >>> windows = Windows.of(x[:1], x[1:])
        >>> z = features_of(windows, np.zeros(2), np.ones(2), project, windows.units, sines=2000)
        >>> abs(float(z[0] @ z[1]) - np.exp(-((x[0] - x[1]) ** 2).sum() / 2)) < 0.01
        True
    """
    d = len(mean)
    # The centre is taken off in the rows' own precision: a large common value leaves nothing behind.
    centre, factor = mean.astype(windows.reference.dtype), (1 / scale).astype(np.float32)
    order = np.lexsort((units.of_row, units.in_current[units.of_row]))
    unit = units.of_row[order]
    total = room = np.zeros((0, 0), np.float32)
    for place, block in blocks(windows, order):
        rows = (block - centre).astype(np.float32, copy=False)
        rows *= factor
        damping = np.exp(-0.5 * np.einsum("ij,ij->i", rows, rows))[:, None]
        angles = project(rows)
        f = angles.shape[1]
        if not total.size:
            total = np.zeros((units.size, 1 + d + f + sines), np.float32)
            room = np.empty((BLOCK, total.shape[1]), np.float32)
        features = room[: len(rows)]
        one, linear, even, odd = np.split(features, [1, 1 + d, 1 + d + f], axis=1)
        one[:] = damping
        np.multiply(rows, damping, out=linear)
        np.sin(angles[:, :sines], out=odd)
        odd -= angles[:, :sines] * damping
        odd *= np.float32(1 / np.sqrt(sines))
        np.cos(angles, out=even)
        even -= damping
        even *= np.float32(1 / np.sqrt(f))
        met, column = np.unique(unit[place], return_inverse=True)
        shares = (1 / units.rows[met]).astype(np.float32)[column]
        average = csr_array((shares, (column, np.arange(len(column)))), shape=(len(met), len(column)))
        total[met] += average @ features
    return total
