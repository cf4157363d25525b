"""The default monitors keep one budget over a month of looks, and still see a small shift within three.

The page of the calibration runs 200 looks; here a month of 30 is enough to notice a monitor that spends
more than its share, or a budget that is kept by saying nothing.
"""

from __future__ import annotations

from ombud_monitors.evaluate.budgeted import BudgetedRuns, Run, budget_promises
from ombud_monitors.evaluate.monitor_runs import PanelJudge, strength_for, window

LOOKS = 30
ROWS = 60
MEMORY = 12
DELAY = 3


def judge(run: int) -> PanelJudge:
    return PanelJudge.of(window(500, 1000 * run), seed=run, looks=LOOKS)


def remembering(run: int) -> PanelJudge:
    """A panel that was quiet for as many windows as it looks back on."""
    made = judge(run)
    made.remembered += [(window(ROWS, 1000 * run + k), frozenset[str]()) for k in range(1, MEMORY + 1)]
    return made


def test_one_budget_is_kept_and_a_small_shift_is_alarmed_within_three_windows() -> None:
    clean = BudgetedRuns.of(
        Run(judge(run), lambda k, run=run: window(ROWS, 1000 * run + k), clean=LOOKS) for run in range(1)
    )
    shifted = BudgetedRuns.of(
        Run(
            remembering(run),
            lambda k, run=run: window(ROWS, 1000 * run + MEMORY + k, strength=strength_for(ROWS)),
            clean=0,
            shifted=DELAY,
        )
        for run in range(10, 15)
    )
    told = budget_promises(clean, shifted, shift="small")
    print(f"any alarm {clean.any_alarm}; within three windows {shifted.in_time(DELAY)}")
    assert [promise.kept for promise in told] == [True, True]
    # Few runs: the counts are pinned closer than their bounds, which would let a lazy monitor pass.
    assert clean.any_alarm.hits == 0
    assert shifted.in_time(DELAY).hits >= 4
