"""Streams: run lengths and delays are counted right, and both yardsticks break a promise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from ombud_monitors.evaluate.stream_promises import stream_promises, stream_rows
from ombud_monitors.evaluate.streams import (
    BEFORE,
    HORIZON,
    PATIENCE,
    StreamCell,
    StreamPiece,
    StreamTally,
    stream_cells,
    stream_pieces,
)

SHIFTED = StreamCell("late", "gaussian", "gaussian.mean-all", 1.0)


@dataclass
class Row:
    """Whether there is an alarm."""

    alarm: bool


@dataclass
class Late:
    """Alarms at one row of the stream, and at all after it."""

    at: int
    seen: int = 0

    def fit(self, reference: NDArray[np.float64], *, seed: int) -> Late:
        assert len(reference) == 3000
        assert seed >= 0
        return Late(self.at)

    def update_many(self, rows: NDArray[np.float64]) -> Sequence[Row]:
        start, self.seen = self.seen, self.seen + len(rows)
        return [Row(step >= self.at) for step in range(start + 1, self.seen + 1)]


def played(cell: StreamCell, runs: int = 2) -> StreamTally:
    total = StreamTally()
    for piece in stream_pieces([cell], runs=runs, seed=0):
        total = total + StreamTally.of_json(piece.run())
    return total


@pytest.mark.parametrize(
    ("at", "rows", "alarms", "early"),
    [(BEFORE + 1, 2, 2, 0), (BEFORE + 250, 500, 2, 0), (BEFORE, 0, 0, 2), (10**6, 2 * PATIENCE, 0, 0)],
)
def test_delays_count_from_the_change_and_early_alarms_are_left_out(
    monkeypatch: pytest.MonkeyPatch, at: int, rows: int, alarms: int, early: int
) -> None:
    monkeypatch.setattr("ombud_monitors.evaluate.streams.STREAMS", {"late": Late(at)})
    found = played(SHIFTED)
    assert (sum(found.lengths), found.alarms, found.early) == (rows, alarms, early)


def test_a_run_that_was_cut_is_no_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ombud_monitors.evaluate.streams.STREAMS", {"late": Late(HORIZON + 1)})
    found = played(StreamCell("late", "gaussian"))
    assert (sum(found.lengths), found.alarms, found.mean) == (2 * HORIZON, 0, None)
    assert found.run_length_interval()[1] is None


def test_intervals_of_run_lengths_cover_as_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ombud_monitors.evaluate.streams.CONFIDENCE", 0.9)
    rng = np.random.default_rng(1)
    low_covers = high_covers = 0
    for _ in range(300):
        drawn = np.ceil(rng.exponential(1000.0, size=30)).astype(int)
        cut = np.minimum(drawn, HORIZON)
        found = StreamTally(tuple(cut.tolist()), int((drawn < HORIZON).sum()))
        low, high = found.run_length_interval()
        low_covers += low <= 1000
        high_covers += high is None or high >= 1000
    assert low_covers / 300 >= 0.85
    assert 0.84 <= high_covers / 300 <= 0.97


def test_yardsticks_break_a_promise_each() -> None:
    broken = {}
    for name in ("always-fires", "never-fires"):
        tallies = {cell: played(cell, runs=5) for cell in stream_cells([name])}
        assert len(stream_rows(tallies)) == len(tallies)
        broken[name] = {p.claim.split()[0] for p in stream_promises(tallies) if not p.kept}
    assert broken == {"always-fires": {"average"}, "never-fires": {"mean"}}


def test_pieces_are_seeded() -> None:
    piece = StreamPiece(StreamCell("shiryaev_roberts", "t3", "gaussian.mean-all", 0.5), 0, 0, 2)
    clocks = {"cpu_seconds", "fit_seconds"}
    once, again = ({k: v for k, v in piece.run().items() if k not in clocks} for _ in range(2))
    assert once == again
