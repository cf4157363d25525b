"""Stream promises: run lengths and delays held against what is promised, yardsticks beside ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ombud_monitors.evaluate.promises import Promise
from ombud_monitors.evaluate.streams import DELAY_GOALS, StreamCell, StreamTally
from ombud_monitors.evaluate.watchers import ARL, PROMPT

__all__ = ["stream_promises", "stream_rows"]


def stream_rows(tallies: Mapping[StreamCell, StreamTally]) -> list[dict[str, Any]]:
    """One JSON object for each cell.

    Args:
        tallies: What each of them came to.

    Example:
        >>> clean = {StreamCell("cusum", "gaussian"): StreamTally(lengths=(4000, 900), alarms=1)}
        >>> [(row["mean_rows"], row["goal"]) for row in stream_rows(clean)]
        [(4900.0, 1000.0)]
    """
    return [_row(cell, tally) for cell, tally in tallies.items()]


def stream_promises(tallies: Mapping[StreamCell, StreamTally]) -> Iterator[Promise]:
    """Run lengths without a change and delays to one, for every stream detector that was run.

    Broken is a promise whose bound lies outside of the 99.9% interval of what was measured.

    Args:
        tallies: What each cell came to.

    Example:
        >>> hasty = {StreamCell("always-fires", "gaussian"): StreamTally(lengths=(1,) * 20, alarms=20)}
        >>> [(promise.measured, promise.kept) for promise in stream_promises(hasty)]
        [(1.0, False)]
    """
    for cell, tally in tallies.items():
        runs = len(tally.lengths)
        if cell.shift is None:
            high = tally.run_length_interval()[1]
            yield Promise(
                cell.stream,
                f"average run length of at least {ARL:.0f} rows without a change",
                sum(tally.lengths) / max(tally.alarms, 1),
                ARL,
                high is None or high >= ARL,
                f"{cell.null}: {tally.alarms} alarms in {sum(tally.lengths)} rows",
            )
        elif cell.stream in PROMPT and runs > 1 and (cell.shift, cell.size or 0.0) in DELAY_GOALS:
            goal = DELAY_GOALS[cell.shift, cell.size or 0.0]
            yield Promise(
                cell.stream,
                f"mean delay of at most {goal:g} rows",
                sum(tally.lengths) / runs,
                goal,
                tally.delay_interval()[0] <= goal,
                f"{cell.shift} of {cell.size:g}: {tally.alarms} of {runs} runs alarmed",
            )


def _row(cell: StreamCell, tally: StreamTally) -> dict[str, Any]:
    runs = len(tally.lengths)
    if cell.shift is None:
        mean, goal, (low, high) = tally.mean, ARL, tally.run_length_interval()
    else:
        mean, goal = sum(tally.lengths) / runs if runs else None, DELAY_GOALS[cell.shift, cell.size or 0.0]
        low, high = tally.delay_interval() if runs > 1 else (1.0, None)
    return {
        "stream": cell.stream,
        "null": cell.null,
        "shift": cell.shift,
        "size": cell.size,
        "runs": runs,
        "early": tally.early,
        "alarms": tally.alarms,
        "mean_rows": None if mean is None else round(mean, 2),
        "low": round(low, 2),
        "high": None if high is None else round(high, 2),
        "goal": goal,
        "microseconds_a_row": round(1e6 * tally.cpu_seconds / tally.watched, 2) if tally.watched else None,
        "fit_seconds": round(tally.fit_seconds / (runs + tally.early), 4) if runs + tally.early else None,
    }
