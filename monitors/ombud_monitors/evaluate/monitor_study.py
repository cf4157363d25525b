"""Monitor study: whether the default monitors keep their budget, and answer in time under the same one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ombud_monitors.evaluate.budgeted import DELAY, budget_promises
from ombud_monitors.evaluate.monitor_runs import LOOKS, SHIFT, MonitorRun, OneLook, runs_of, strength_for
from ombud_monitors.evaluate.pieces import Outcome, Piece
from ombud_monitors.evaluate.promises import Promise
from ombud_monitors.evaluate.rates import Rate

__all__ = ["MONITORS", "Monitored", "monitor_pieces", "monitor_promises", "monitor_rows", "monitored"]

MONITORS = "default monitors"
"""Name under which the panel's promises are told, and by which it is asked for."""
CLEAN_ROWS = 60
"""Rows of a window in clean runs: the smallest of which enough carry every input (at least 50 of 60)."""
SHIFTED_ROWS = (60, 200)
QUIET = 12
"""Clean windows before the shift: as many as monitors look back on."""
SHIFTED_PER_RUN = 2
"""Shifted runs are fifteen windows long and not two hundred: two of each size for one clean run."""
ONE_LOOKS = (10, 40)
"""Pieces, and windows in each, for the power of one look."""

Monitored = Mapping[MonitorRun | OneLook, Outcome]
"""What was found, by piece."""


def monitor_pieces(runs: int, *, seed: int) -> Sequence[MonitorRun | OneLook]:
    """Everything to run.

    Args:
        runs: Runs over clean windows; 0 for nothing at all.
        seed: Seed of the study.

    Example:
        >>> len(monitor_pieces(0, seed=0)), len(monitor_pieces(2, seed=0))
        (0, 30)
    """
    if runs == 0:
        return ()
    return (
        *(MonitorRun(CLEAN_ROWS, LOOKS, 0, seed, i) for i in range(runs)),
        *(MonitorRun(n, QUIET, DELAY, seed, i) for n in SHIFTED_ROWS for i in range(SHIFTED_PER_RUN * runs)),
        *(OneLook(n, ONE_LOOKS[1], seed, i) for n in SHIFTED_ROWS for i in range(ONE_LOOKS[0])),
    )


def monitored(outcomes: Iterable[tuple[Piece, Outcome]]) -> Monitored:
    """The outcomes that are about the panel, in an order of their own.

    Example:
        >>> monitored([(MonitorRun(60, 4, 0, 0, 0), {"alarm": None})])
        {MonitorRun(rows=60, clean=4, shifted=0, seed=0, number=0): {'alarm': None}}
    """
    mine = [(piece, o) for piece, o in outcomes if isinstance(piece, MonitorRun | OneLook)]
    return dict(sorted(mine, key=lambda pair: pair[0].key))


def monitor_rows(found: Monitored) -> list[dict[str, Any]]:
    """One JSON object for each size of window.

    Example:
        >>> clean = {MonitorRun(60, 200, 0, 0, 0): {"alarm": None}}
        >>> monitor_rows(clean)[0]["any_alarm"]["repeats"]
        1
    """
    rows = []
    for n in sorted({piece.rows for piece in found}):
        clean, shifted = _runs(found, n, shifted=False), _runs(found, n, shifted=True)
        looked = [(p, o) for p, o in found.items() if isinstance(p, OneLook) and p.rows == n]
        one = Rate(sum(o["seen"] for _, o in looked), sum(o["repeats"] for _, o in looked))
        delays = runs_of(shifted).delays
        rows.append(
            {
                "n": n,
                "windows": max((p.clean for p, _ in clean), default=None),
                "any_alarm": runs_of(clean).any_alarm.to_json(),
                "strength": strength_for(n),
                "one_look": one.to_json(),
                "in_time": runs_of(shifted).in_time().to_json(),
                "delays": {str(d): delays.count(d) for d in (1, 2, 3, None)},
            }
        )
    return rows


def monitor_promises(found: Monitored) -> Iterator[Promise]:
    """Both halves of the budget's promise; none where the panel was not run.

    Example:
        >>> list(monitor_promises({}))
        []
    """
    clean = _runs(found, CLEAN_ROWS, shifted=False)
    for n in SHIFTED_ROWS if clean else ():
        if shifted := _runs(found, n, shifted=True):
            first, second = budget_promises(runs_of(clean), runs_of(shifted), shift=f"{n} rows, {SHIFT}")
            if n == SHIFTED_ROWS[0]:
                yield first
            yield second


def _runs(found: Monitored, rows: int, *, shifted: bool) -> list[tuple[MonitorRun, Outcome]]:
    return [
        (piece, outcome)
        for piece, outcome in found.items()
        if isinstance(piece, MonitorRun) and piece.rows == rows and bool(piece.shifted) == shifted
    ]
