"""Budgeted: whether a monitor set keeps one budget over many windows, and still answers in time.

A budget is easy to keep by saying nothing. So the same monitor set, under the same budget, is run over
clean windows and over windows after a shift, and both numbers are told: how often any alarm came in a run
of clean windows, and within how many windows the shift was alarmed.

The loop knows nothing of monitors: it calls ``judge(k, current) -> bool``, made anew for every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ombud_monitors.evaluate.promises import Promise
from ombud_monitors.evaluate.rates import Rate

__all__ = ["ANY_ALARM", "DELAY", "SHARE_IN_TIME", "BudgetedRuns", "JudgeWindow", "Run", "budget_promises"]

ANY_ALARM = 0.05
"""Chance of any alarm that the default budget allows in a period of clean windows."""
DELAY = 3
"""Windows within which a shift is promised to be alarmed."""
SHARE_IN_TIME = 0.9
"""Share of runs for which that is promised."""

Window = TypeVar("Window")

JudgeWindow = Callable[[int, Window], bool]
"""``(k, current) -> bool``: whether any monitor alarmed at the k-th window of the run, from 1."""


@dataclass(frozen=True)
class Run(Generic[Window]):
    """One run: a judge that has seen its reference, and the windows that it will see.

    Args:
        judge: Made anew for this run; may remember earlier windows.
        window: ``k -> current``: draws the k-th window, from 1; after the shift if ``k > clean``.
        clean: Windows before the shift.
        shifted: Windows after it; 0 for a clean run.

    Example:
        >>> def remembering():
        ...     seen = []
        ...     def judge(k, current):
        ...         seen.append(current)
        ...         return sum(seen) >= 2
        ...     return judge
        >>> Run(remembering(), lambda k: int(k > 4), clean=4, shifted=6).alarm()
        6
    """

    judge: JudgeWindow[Window]
    window: Callable[[int], Window]
    clean: int
    shifted: int = 0

    def alarm(self) -> int | None:
        """Number of the first window that is alarmed; None where none is. Later ones are not drawn.

        Example:
            >>> Run(lambda k, current: current > 2, lambda k: k, clean=4).alarm()
            3
        """
        numbers = range(1, self.clean + self.shifted + 1)
        return next((k for k in numbers if self.judge(k, self.window(k))), None)


@dataclass(frozen=True)
class BudgetedRuns:
    """What several runs came to.

    Args:
        clean_alarms: For each run, the window of its first alarm before any shift; None for none.
        delays: For each run with a shift that was quiet until then, windows from the shift to the alarm, 1
            for the first one; None for an alarm that never came.

    Example:
        >>> def run(level):
        ...     return Run(lambda k, x: x > level, lambda k: float(k > 5), clean=5, shifted=3)
        >>> runs = BudgetedRuns.of([run(0.5), run(2.0)])
        >>> runs.any_alarm, runs.in_time(3)
        (Rate(hits=0, repeats=2), Rate(hits=1, repeats=2))
    """

    clean_alarms: tuple[int | None, ...]
    delays: tuple[int | None, ...]

    @classmethod
    def of(cls, runs: Iterable[Run[Window]]) -> BudgetedRuns:
        """Play runs to their first alarm, or to their end."""
        clean: list[int | None] = []
        delays: list[int | None] = []
        for run in runs:
            alarm = run.alarm()
            early = alarm is not None and alarm <= run.clean
            clean.append(alarm if early else None)
            if run.shifted and not early:
                delays.append(None if alarm is None else alarm - run.clean)
        return cls(tuple(clean), tuple(delays))

    @property
    def any_alarm(self) -> Rate:
        """Runs with an alarm before any shift."""
        return Rate(sum(alarm is not None for alarm in self.clean_alarms), len(self.clean_alarms))

    def in_time(self, windows: int = DELAY) -> Rate:
        """Runs alarmed within that many windows of the shift, among those that were quiet until then."""
        return Rate(sum(d is not None and d <= windows for d in self.delays), len(self.delays))


def budget_promises(clean: BudgetedRuns, shifted: BudgetedRuns, *, shift: str) -> Sequence[Promise]:
    """Both halves of the budget's promise; either alone is worth nothing.

    Args:
        clean: Runs without a shift, as many windows each as the budget plans.
        shifted: Runs with one.
        shift: What the shift was, for the reader.

    Example:
        >>> def mute(k, current):
        ...     return False
        >>> clean = BudgetedRuns.of(Run(mute, float, clean=30) for _ in range(100))
        >>> shifted = BudgetedRuns.of(Run(mute, float, clean=3, shifted=3) for _ in range(100))
        >>> [promise.kept for promise in budget_promises(clean, shifted, shift="any")]
        [True, False]
    """
    false, seen = clean.any_alarm, shifted.in_time()
    return (
        Promise(
            "default monitors",
            f"at most {ANY_ALARM:.0%} chance of any alarm in a period of clean windows",
            false.value,
            false.most(ANY_ALARM) / false.repeats,
            false.explained_by(ANY_ALARM),
            f"{false.hits} of {false.repeats} runs",
        ),
        Promise(
            "default monitors",
            f"a shift is alarmed within {DELAY} windows in at least {SHARE_IN_TIME:.0%} of runs, same budget",
            seen.value,
            SHARE_IN_TIME,
            seen.hits >= seen.least(SHARE_IN_TIME),
            f"{shift}: {seen.hits} of {seen.repeats} runs",
        ),
    )
