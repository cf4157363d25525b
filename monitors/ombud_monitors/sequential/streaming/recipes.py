"""Recipes: how a stream is set up, and what it then promises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput
from ombud_monitors.detector import digest, matrix
from ombud_monitors.sequential.streaming.bins import Bins
from ombud_monitors.sequential.streaming.payoffs import PRIOR
from ombud_monitors.sequential.streaming.portfolio import Portfolio
from ombud_monitors.sequential.streaming.rank_stream import RankStream
from ombud_monitors.sequential.streaming.ranks import SequentialRanks
from ombud_monitors.sequential.streaming.scores import PRINCIPAL, Scores
from ombud_monitors.sequential.streaming.wealth import CusumWealth, SummedWealth, Wealth

__all__ = ["FEWEST", "HEAD_START", "Cusum", "ShiryaevRoberts"]

Matrix = NDArray[np.float64]

FEWEST = 100
"""Rows of a reference, at least: a quarter of it, 25, shows quantiles up to about 96%, and the largest rank
among the rest (75) is a normal score of 2.2, below which no bet on a large move pays."""

HEAD_START = 0.03
"""Head start as a share of the ARL. A change in the first row is then found a little sooner than a later one
(68 and 18 rows for one coordinate moved by .5 and 1, against 70 and 21), and the threshold rises by 3%, which
costs a quarter of a row."""

COORDINATES, COMPONENTS, COMMON, NORM = 0.80, 0.08, 0.07, 0.05
"""Shares of the fixed scores. Halving one costs ``log 2`` of its score's evidence: 5.5 rows for half a
standard deviation in one coordinate, where rows are dear, less than one for a move of all coordinates."""

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class _RankRecipe:
    """Settings and promises that both forms share.

    Args:
        arl: Average run length without a change, in rows: more than 1.
        adaptive: Share of the :class:`Portfolio`, in [0, 1); 0 leaves the fixed scores.

    Raises:
        BadInput: Settings out of range.
    """

    name: ClassVar[str]
    form: ClassVar[type[Wealth]]

    arl: float = 1000.0
    adaptive: float = 0.08

    def __post_init__(self) -> None:
        if not 1 < self.arl < np.inf:
            raise BadInput(
                f"{self.name}: arl must be a number of rows above 1, got {self.arl}",
                remedy="Ask for 1 / alpha rows between false alarms, such as 1000.",
            )
        if not 0 <= self.adaptive < 1:
            raise BadInput(
                f"{self.name}: adaptive must lie in [0, 1), got {self.adaptive}",
                remedy="Use a share such as 0.1, or 0 for none.",
            )

    @property
    def head_start(self) -> float:
        """Wealth before the first row."""
        return HEAD_START * self.arl

    @property
    def threshold(self) -> float:
        """Where a change is called: the ARL and the head start."""
        return self.arl + self.head_start

    def fit(self, reference: ArrayLike, *, seed: int) -> RankStream:
        """Bind to a reference window: a random quarter trains the scores, the rest is the past of the ranks.

        Args:
            reference: ``(m, d)``; 3,000 rows keep ranks fresh for the first few hundred rows of a change.
            seed: Seed of the split and of the ranks' random part.

        Raises:
            BadInput: Fewer than :data:`FEWEST` rows, not numeric, not finite, or nothing varies.
        """
        given = matrix(reference, window="reference")
        if len(given) < FEWEST:
            raise BadInput(
                f"reference window: expected at least {FEWEST} rows, got {len(given)}",
                remedy=f"Collect {FEWEST} rows or more; 3,000 are better.",
            )
        rows = given.astype(np.float64)
        split = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
        order = split.permutation(len(rows))
        training, past = rows[order[: len(rows) // 4]], rows[order[len(rows) // 4 :]]
        scores = Scores.fit(training)
        ranks = SequentialRanks.of(Bins.fit(scores.many(training)), scores.many(past))
        return RankStream(
            self._settings,
            self.threshold,
            self.head_start,
            seed,
            digest(given),
            scores,
            ranks,
            Portfolio(np.zeros(scores.width)),
            self.form.fresh(self._shares(scores.width), head_start=self.head_start),
        )

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> RankStream:
        """A stream that continues, bit for bit, where its ``arrays()`` were taken.

        Raises:
            BadInput: The arrays are of another version, or of a recipe with other settings.
            Corrupted: They were altered.
        """
        return RankStream.of(
            arrays,
            settings=self._settings,
            threshold=self.threshold,
            head_start=self.head_start,
            wealth=self.form,
            shares=self._shares(arrays["centre"].size if "centre" in arrays else 1),
        )

    @property
    def _settings(self) -> str:
        return f"{self.name} version {VERSION} {json.dumps(asdict(self), sort_keys=True)}"

    def _shares(self, d: int) -> Matrix:
        """``(k + 1, b)`` share of every score's every bet; the last is the portfolio's."""
        leading = min(d, PRINCIPAL)
        each: list[ArrayLike] = [
            np.full(d, COORDINATES / d),
            np.full(leading, COMPONENTS / leading),
            [COMMON, NORM],
        ]
        fixed = np.concatenate(each)
        shares = np.outer(np.append((1 - self.adaptive) * fixed, 0.0), PRIOR)
        shares[-1, 0] = self.adaptive
        return shares


@dataclass(frozen=True, kw_only=True)
class ShiryaevRoberts(_RankRecipe):
    """E-detector in Shiryaev-Roberts form on exact sequential ranks of whitened scores.

    Formula: for every score ``k`` of :mod:`~.scores` and bet ``b`` of :mod:`~.payoffs` on its rank,
    ``R <- (1 + R) p_b(u)``; the value is ``max_k w_k sum_b v_b R_kb``, a change is called where it reaches
    ``arl + h`` with ``h`` the head start. The :mod:`~.portfolio` counts as one more score.

    Promise, for rows that are exchangeable with the reference:

    - *chance*: an alarm within the first ``t`` rows has probability at most ``(t + h) / (arl + h)``, for
      every ``t``, every distribution and every dependence between scores. Each score's ranks are i.i.d.
      uniform, so Markov's inequality holds for each score with ``w_k`` of the chance, and they add up.
      Summed over ``t``: the ARL is at least ``arl / 2.1``, whatever comes.
    - *ARL*: at least ``arl`` if each rank is uniform given the past ranks of *all* scores; independent
      scores or an endless reference suffice. Elsewhere it is measured: above ``arl`` on
      independent, equicorrelated, heavy-tailed, clustered unit-length and discrete rows alike.

    Both are exact for ``adaptive=0``. The portfolio needs the second condition even for the first promise;
    its share bounds what it could add.

    Args:
        arl: Average run length without a change, in rows: more than 1.
        adaptive: Share of the portfolio, in [0, 1).

    Raises:
        BadInput: Settings out of range.

    Source: Shin, Ramdas & Rinaldo (2024), see :mod:`~.wealth`; Vovk et al. (2005), see :mod:`~.ranks`; why
        the two promises differ: Choe & Ramdas, "Combining evidence across filtrations" (2024).
    Limits: rows must be exchangeable without a change: rows of one speaker in a row are not. A change slower
        than the past grows is learned, not found. Delays rest on the number of reference rows: one of 32
        coordinates moved by half a standard deviation takes 70 rows after a reference of 3,000, 78 after
        1,000 and 93 after 500. The state is 1.4 KB a dimension at ``d = 32``, of which the whitening matrix,
        8 bytes times ``d + 9``, grows.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> stream = ShiryaevRoberts(arl=1000).fit(rng.normal(size=(3000, 8)), seed=1)
        >>> any(seen.alarm for seen in stream.update_many(rng.normal(size=(200, 8))))
        False
        >>> moved = rng.normal(size=(40, 8)) + np.eye(8)[2]  # one standard deviation in one coordinate
        >>> seen = next(seen for seen in stream.update_many(moved) if seen.alarm)
        >>> seen.step <= 240, seen.score, abs(seen.onset - 201) < 10
        (True, 'coordinate 2', True)
    """

    name: ClassVar[str] = "shiryaev_roberts"
    form: ClassVar[type[Wealth]] = SummedWealth


@dataclass(frozen=True, kw_only=True)
class Cusum(_RankRecipe):
    """E-detector in CUSUM form: as :class:`ShiryaevRoberts`, but ``R <- max(1, R) p_b(u)``.

    Only the best start of each bet counts. Its value never exceeds the other form's, so it keeps the same
    promises with room to spare: fewer false alarms, somewhat longer delays, and a sharper onset.

    Args:
        arl: Average run length without a change, in rows: more than 1.
        adaptive: Share of the portfolio, in [0, 1).

    Raises:
        BadInput: Settings out of range.

    Source: Page, "Continuous inspection schemes", Biometrika 41 (1954); Shin, Ramdas & Rinaldo (2024).
    Limits: as :class:`ShiryaevRoberts`.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> stream = Cusum(arl=1000).fit(rng.normal(size=(3000, 8)), seed=1)
        >>> seen = stream.update_many(rng.normal(0.5, size=(20, 8)))[-1]
        >>> seen.alarm, seen.score, seen.onset
        (True, 'common', 1)
    """

    name: ClassVar[str] = "cusum"
    form: ClassVar[type[Wealth]] = CusumWealth
