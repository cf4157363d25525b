"""Logarithmic bins: how many values were at most ``q``, exactly, for edges ``q`` a few per mille apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud.errors import BadInput
from ombud_monitors.sequential.sealing import State

__all__ = ["MOST_BINS", "LogBins"]

MOST_BINS = 4096
"""Bins kept: 64 KB. At half a percent they span exp(4096 * .005), about nine decades: from a nanosecond to
a second."""

OFFSET = 2**40
"""Added to places, so that signed codes are ordered as the values are."""


class LogBins:
    """Counts of values between edges ``g^j``, mirrored for negative values, with a bin for 0.

    Unlike in a sketch of ranks, nothing is approximate but the edges: the count of values up to an edge
    is exact. When values spread over more than :data:`MOST_BINS` bins, neighbours are merged in pairs, which
    squares ``g`` and halves the resolution; every new edge is an old one, so counts stay exact.

    Args:
        resolution: Relative distance of edges, e.g. 0.005; it doubles with every merger.

    Raises:
        BadInput: The resolution is not in (0, 1).

    Source: Masson, Rim & Lee, "DDSketch", VLDB 12 (2019); Epicoco et al., "UDDSketch", IEEE Access 8 (2020)
        for the merger.
    Limits: values within one bin cannot be told apart.

    Example:
        >>> bins = LogBins(0.01)
        >>> bins.add(np.array([-5.0, 0.0, 3.0, 3.0, 400.0]))
        >>> lows, highs, at_most = bins.cumulative()
        >>> highs.round(2).tolist(), at_most.tolist()
        ([-4.96, 0.0, 3.02, 403.45], [1, 2, 4, 5])
    """

    def __init__(self, resolution: float = 0.005) -> None:
        if not 0 < resolution < 1:
            raise BadInput(
                f"resolution: must lie strictly between 0 and 1, got {resolution}",
                remedy="Use 0.005 for limits to half a percent.",
            )
        self._step = math.log1p(resolution)
        self._codes = np.zeros(0, dtype=np.int64)
        self._counts = np.zeros(0, dtype=np.int64)

    @property
    def resolution(self) -> float:
        """Relative distance of edges now."""
        return math.expm1(self._step)

    def add(self, values: NDArray[np.float64]) -> None:
        """Count values ``(n,)``, finite."""
        sign = np.sign(values).astype(np.int64)
        place = np.zeros(len(values), dtype=np.int64)
        place[sign > 0] = self._places(values[sign > 0])
        # Mirrored: the edge that belongs to a negative value is the nearer one to 0.
        place[sign < 0] = self._places(-values[sign < 0], up=False)
        self._gather(
            np.concatenate([self._codes, sign * (place + OFFSET)]),
            np.concatenate([self._counts, np.ones(len(values), dtype=np.int64)]),
        )
        while len(self._codes) > MOST_BINS:
            self._merge()

    def cumulative(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        """Bins in use, ascending: their edges, and how many values were at most the upper one.

        Returns:
            ``(b,)`` lower edges (values lie strictly above them, but for the bin of 0), ``(b,)`` upper
            edges (values lie at or below them), ``(b,)`` counts.
        """
        signs, places = self._signs_and_places()
        highs = signs * self._edge(places)
        return signs * self._edge(places - signs), highs, np.cumsum(self._counts)

    def state(self) -> State:
        """Plain numbers from which :meth:`resume` continues."""
        return {"step": self._step, "codes": self._codes.tolist(), "counts": self._counts.tolist()}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Continue where a :meth:`state` stood."""
        self._step = state["step"]
        self._codes = np.array(state["codes"], dtype=np.int64)
        self._counts = np.array(state["counts"], dtype=np.int64)

    def _gather(self, codes: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Add up the counts of equal codes, in ascending order of value."""
        self._codes, place = np.unique(codes, return_inverse=True)
        self._counts = np.zeros(len(self._codes), dtype=np.int64)
        np.add.at(self._counts, place, counts)

    def _signs_and_places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        signs = np.sign(self._codes)
        return signs, (np.abs(self._codes) - OFFSET) * np.abs(signs)

    def _places(self, sizes: NDArray[np.float64], *, up: bool = True) -> NDArray[np.int64]:
        """``j`` with ``sizes`` in ``(g^(j-1), g^j]`` if ``up``, else in ``[g^j, g^(j+1))``."""
        place: NDArray[np.float64] = np.rint(np.log(sizes) / self._step)
        # Rounding of the logarithm may miss by one; the edges themselves decide.
        if up:
            place += self._edge(place) < sizes
            place -= self._edge(place - 1) >= sizes
        else:
            place -= self._edge(place) > sizes
            place += self._edge(place + 1) <= sizes
        return place.astype(np.int64)

    def _edge(self, place: NDArray[Any]) -> NDArray[np.float64]:
        with np.errstate(over="ignore"):
            edges: NDArray[np.float64] = np.exp(place * self._step)
        return edges

    def _merge(self) -> None:
        signs, places = self._signs_and_places()
        # Up for positive values, down for negative ones: away from the old edge, never across it.
        merged = np.where(signs > 0, -(-places // 2), places // 2)
        # Doubling is exact in floating point, so new edges are old edges to the last bit.
        self._step *= 2
        self._gather(signs * (merged + OFFSET), self._counts)
