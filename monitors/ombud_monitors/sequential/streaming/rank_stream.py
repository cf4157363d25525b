"""A stream of rows watched by ranks: scores, ranks, bets and wealth put together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ombud.errors import BadInput, Corrupted
from ombud_monitors.detector import digest as digest_of
from ombud_monitors.detector import matrix
from ombud_monitors.sequential.streaming.bins import Bins
from ombud_monitors.sequential.streaming.evidence import Evidence
from ombud_monitors.sequential.streaming.payoffs import CELLS, PAYOFFS
from ombud_monitors.sequential.streaming.portfolio import Portfolio
from ombud_monitors.sequential.streaming.ranks import SequentialRanks
from ombud_monitors.sequential.streaming.scores import Scores
from ombud_monitors.sequential.streaming.wealth import Wealth

__all__ = ["RankStream", "seal"]

Matrix = NDArray[np.float64]

BLOCK = 64
"""Rows whose random numbers are drawn, and whose ranks are counted, at once. No bet multiplies wealth by more
than 700 a row, so that from one block to the next the largest value kept, 1e100, grows to at most 1e282."""


@dataclass(eq=False)
class RankStream:
    """A stream in the making: bounded state, one :class:`Evidence` a row.

    Made by :meth:`ShiryaevRoberts.fit` and :meth:`Cusum.fit`, which say what it promises. It keeps counts,
    wealth and directions, never rows.

    Args:
        settings: What the recipe was set to; a stream is restored only by an equal recipe.
        threshold: Where the e-detector calls a change.
        head_start: Wealth before the first row, 0 or more.
        seed: Seed of the random part of the ranks.
        digest: ``sha256:<hex>`` of the reference.
        scores: What is watched.
        ranks: The past of every score.
        portfolio: Stakes over the whitened components.
        wealth: What the bets won.
        step: Rows seen since the fit.

    Example:
        >>> from ombud_monitors.sequential.streaming import ShiryaevRoberts
        >>> rng = np.random.default_rng(0)
        >>> stream = ShiryaevRoberts(arl=1000).fit(rng.normal(size=(600, 4)), seed=1)
        >>> rows = np.concatenate([rng.normal(size=(100, 4)), rng.normal(1.0, 1, size=(20, 4))])
        >>> alarm = next(seen for seen in map(stream.update, rows) if seen.alarm)
        >>> 100 < alarm.step < 115, abs(alarm.onset - 101) < 15
        (True, True)
    """

    settings: str
    threshold: float
    head_start: float
    seed: int
    digest: str
    scores: Scores
    ranks: SequentialRanks
    portfolio: Portfolio
    wealth: Wealth
    step: int = 0

    def __post_init__(self) -> None:
        count, bets = self.scores.count, PAYOFFS.shape[1]
        self._row = np.empty(count)
        # The portfolio is one more score with one bet; its other bets have no share and pay 1.
        self._paid = np.ones((count + 1, bets))
        self._paid_scores = self._paid[:-1]
        self._shape = self.scores.centre.shape
        self._names = [*(self.scores.name(k) for k in range(count)), ("portfolio", None)]
        self._drawn = np.empty((0, count))

    def update(self, x: ArrayLike) -> Evidence:
        """Take one row.

        Args:
            x: ``(d,)``.

        Raises:
            BadInput: Another width, or a cell that is not a finite number; the state stays as it was.
        """
        try:
            row = np.asarray(x, np.float64)
        except (TypeError, ValueError) as problem:
            raise BadInput(
                f"stream: expected a row of {self._shape[0]} numbers ({problem})",
                remedy="Turn categories into numbers (codes, embeddings) first.",
            ) from problem
        scores = self._row
        if row.shape != self._shape or math.isnan(self.scores.one(row, scores)):
            raise self._refusal(row)
        place = self.step % BLOCK
        if place == 0 or not len(self._drawn):
            self._begin()
        cells = self.ranks.next(scores, self._drawn[place], scale=CELLS).astype(np.intp)
        PAYOFFS.take(cells, 0, self._paid_scores, "clip")
        self._paid[-1, 0] = self.portfolio.bet(cells[: self._shape[0]])
        return self._win(self._paid)

    def update_many(self, rows: ArrayLike) -> list[Evidence]:
        """Take rows, one after the other: the same evidence as :meth:`update`, bit for bit.

        Args:
            rows: ``(n, d)``.

        Raises:
            BadInput: Another width, or a cell that is not a finite number; no row is taken then.
        """
        x = matrix(rows, window="stream").astype(np.float64, copy=False)
        scores = self.scores.many(x) if x.shape[1] == self.scores.width else None
        if scores is None or np.isnan(scores[:, -1]).any():
            raise self._refusal(x[0])
        d, taken = self.scores.width, []
        while len(scores):
            place = self.step % BLOCK
            if place == 0 or not len(self._drawn):
                self._begin()
            part, scores = scores[: BLOCK - place], scores[BLOCK - place :]
            ranks = self.ranks.many(part, self._drawn[place : place + len(part)], scale=CELLS)
            cells = ranks.astype(np.intp)
            paid = np.ones((len(part), *self._paid.shape))
            paid[:, :-1] = PAYOFFS.take(cells, 0, None, "clip")
            paid[:, -1, 0] = self.portfolio.bet_many(cells[:, :d])
            taken += [self._win(payoffs) for payoffs in paid]
        return taken

    def restart(self) -> None:
        """Begin anew after an alarm: bets start from the head start, ranks and directions stay.

        Example:
            >>> from ombud_monitors.sequential.streaming import ShiryaevRoberts
            >>> rng = np.random.default_rng(0)
            >>> stream = ShiryaevRoberts().fit(rng.normal(size=(600, 4)), seed=1)
            >>> stream.update_many(rng.normal(1.5, size=(20, 4)))[-1].alarm
            True
            >>> stream.restart()
            >>> stream.update(rng.normal(size=4)).alarm
            False
        """
        self.wealth = type(self.wealth).fresh(self.wealth.shares, head_start=self.head_start)
        self.portfolio = Portfolio(np.zeros(self.scores.width))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All from which the recipe's ``restore`` continues bit for bit, with a seal over it."""
        kept: dict[str, NDArray[Any]] = {
            "settings": np.array([self.settings]),
            "reference": np.array([self.digest]),
            "clock": np.array([self.seed, self.step], np.int64),
            "centre": self.scores.centre,
            "matrix": self.scores.matrix,
            "length": self.scores.length,
            "edges": self.ranks.bins.edges,
            "below": self.ranks.below.copy(),
            "sums": self.portfolio.sums.copy(),
            "wealth": self.wealth.planes.copy(),
        }
        return {**kept, "seal": np.array([seal(kept)])}

    @classmethod
    def of(
        cls,
        arrays: Mapping[str, NDArray[Any]],
        *,
        settings: str,
        threshold: float,
        head_start: float,
        wealth: type[Wealth],
        shares: Matrix,
    ) -> RankStream:
        """The stream that :meth:`arrays` was taken from.

        Raises:
            BadInput: The arrays are of a recipe with other settings, or are not a stream's.
            Corrupted: They were altered.
        """
        named = {name: array for name, array in arrays.items() if name != "seal"}
        found = str(named["settings"][0]) if "settings" in named else "nothing"
        if found != settings or "seal" not in arrays:
            raise BadInput(
                f"saved stream: expected one of {settings}, got {found}",
                remedy="Restore it with the recipe and the release that saved it, or fit it again.",
            )
        if seal(named) != str(arrays["seal"][0]):
            raise Corrupted(
                "saved stream: its content does not match its digest",
                remedy="Restore it from a copy, or fit it again.",
            )
        seed, step = named["clock"].tolist()
        return cls(
            settings,
            threshold,
            head_start,
            seed,
            str(named["reference"][0]),
            Scores(named["centre"], named["matrix"], named["length"]),
            SequentialRanks(Bins(named["edges"]), named["below"]),
            Portfolio(named["sums"].copy()),
            wealth(shares, named["wealth"].copy()),
            step,
        )

    def _win(self, payoffs: Matrix) -> Evidence:
        wealth = self.wealth
        wealth.add(payoffs)
        self.step = step = self.step + 1
        leader, value = wealth.lead()
        name, dimension = self._names[leader]
        if value < self.threshold:
            return Evidence(step, value, self.threshold, False, name, dimension, None)
        # A change can have come no earlier than with the first row.
        onset = max(1, step + 1 - round(wealth.age(leader)))
        return Evidence(step, value, self.threshold, True, name, dimension, onset)

    def _begin(self) -> None:
        """Random numbers of the block that the next row lies in: a function of seed and step alone."""
        block, place = divmod(self.step, BLOCK)
        # Branch 0 of the seed split the reference.
        source = np.random.SeedSequence(self.seed, spawn_key=(block + 1,))
        self._drawn = np.random.default_rng(source).random((BLOCK, self.scores.count))
        if place == 0:
            self.wealth.trim()

    def _refusal(self, row: Matrix) -> BadInput:
        if row.shape != self.scores.centre.shape:
            return BadInput(
                f"stream: expected rows of shape {self.scores.centre.shape} as in the reference, "
                f"got {row.shape}",
                remedy="Compute rows with the same version of the model and its descriptors.",
            )
        return BadInput(
            "stream: a row holds cells that are not finite, or too large to be squared",
            remedy="Drop such rows, or repair the step that computes these features.",
        )


def seal(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Digest over names and contents."""
    names = np.array(sorted(arrays))
    return digest_of(names, *(arrays[name] for name in sorted(arrays)))
