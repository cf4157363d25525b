"""Plan: which contestant is shown which windows, and how often.

=========================  ============================================  =========================
what                       who                                           windows
=========================  ============================================  =========================
clean, every null          ours, yardsticks                              ``repeats`` each
clean, odd window sizes    everybody                                     half of that; peers fewer
clean, two nulls           peers                                         fewer, and it is said
shifts                     everybody                                     half of ``repeats``
curves over n and size     the default test; with ``full`` all of ours   half of ``repeats``
streams                    ours, yardsticks                              half of ``repeats`` runs
200 clean windows          the default monitors together                 ``monitor_runs`` runs
a shift after clean ones   the default monitors together                 four times as many runs
=========================  ============================================  =========================
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ombud.errors import BadInput
from ombud_monitors.evaluate.contestants import Camp, everybody
from ombud_monitors.evaluate.monitor_study import MONITORS
from ombud_monitors.evaluate.pieces import Cell
from ombud_monitors.evaluate.watchers import stream_camps
from ombud_monitors.simulate import COLOUR_ONLY, NULLS, SHIFTS

__all__ = [
    "CURVE_ROWS",
    "DEFAULT_TEST",
    "FEWEST",
    "GOAL_SHIFTS",
    "IMAGE_CORRUPTIONS",
    "NORM_SHIFTS",
    "ROWS",
    "SIZES",
    "Plan",
]

DEFAULT_TEST = "aggregated"
"""Catalogue code of the test that monitors use unless somebody says otherwise."""
REFERENCE = 500
ROWS = 200
"""Rows of a current window where nothing else is said."""
CURVE_ROWS = (50, 100, 200, 500, 1000)
"""Rows of a current window in curves over n."""
ODD_SIZES = ((500, 50), (5000, 50), (5000, 500))
"""(Reference, current) rows at which some libraries change their method."""
SIZES = (0.5, 1.0, 1.5, 2.0, 3.0)
"""Sizes in curves over the size of a shift, as multiples of its own."""
SIZE_CURVES = ("gaussian.mean-all", "gaussian.mean-one", "gaussian.norm-10")
NORM_SHIFTS = ("embedding.norm-10",)
"""A 10% change of norm on continuous rows."""
NORM_ROWS = 500
GOAL_SHIFTS = (
    "digits.noise-10-large",
    "digits.knock-out-half",
    "digits.knock-out-full",
    "digits.mixing-5",
    "digits.mixing-10",
)
"""The shifts of load_digits over which the default test's mean power is promised."""
IMAGE_CORRUPTIONS = tuple(
    code for code, shift in SHIFTS.items() if shift.null == "image" and code not in COLOUR_ONLY
)
"""Mild corruptions of grey images, over which the default test's mean power is promised."""
QUICK_SHIFTS = ("gaussian.mean-all", "gaussian.correlation", "digits.mixing-10", "embedding.norm-10")
PEER_NULLS = ("gaussian", "digits")
PEER_SHIFTS = ("gaussian.mean-all", "digits.mixing-10")
KERNEL_PEERS = ("alibi-detect:mmd", "alibi-detect:lsdd")
"""Peers that compare all pairs of rows: at a reference of 5,000 one window takes half a minute."""
SLOW_PEERS = ("evidently:preset",)
"""Seconds for every window of any size: shown the null on which its method changes, and one shift."""
PEER_FRACTION = 10
"""A peer's answer takes up to five seconds, ours milliseconds: peers get a tenth of the repeats."""
FEWEST = 20
"""Repeats that even the slowest contestant gets: twenty alarms of twenty are no accident."""


@dataclass(frozen=True)
class Plan:
    """What a study shows to whom.

    Args:
        repeats: Clean windows of each null for each of ours.
        default_repeats: Clean windows of load_digits for the default test, if more: its promise is two-sided.
        only: Names to measure; empty for everybody.
        peers: Whether peers are measured when nobody is named.
        monitor_runs: Runs of the default monitors over 200 clean windows; 0 for none.
        full: Every shift and every curve for all of ours.
        seed: Seed of the study.

    Raises:
        BadInput: A name that nobody has, or too few repeats.

    Example:
        >>> plan = Plan(repeats=40, only=("ks",))
        >>> {cell.contestant for cell, _ in plan.cells()}
        {'ks'}
    """

    repeats: int = 40
    default_repeats: int = 0
    only: Sequence[str] = ()
    peers: bool = True
    monitor_runs: int = 2
    full: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        known = {**everybody(), **stream_camps(), MONITORS: Camp.OURS}
        for name in self.only:
            if name not in known:
                raise BadInput(f"unknown detector {name!r}", remedy=f"Choose one of {', '.join(known)}.")
        if self.repeats < FEWEST:
            raise BadInput(
                f"{self.repeats} repeats say nothing about a level of 5%",
                remedy=f"Ask for at least {FEWEST} repeats.",
            )

    @property
    def chosen(self) -> dict[str, Camp]:
        """Who is measured."""
        found = everybody()
        if self.only:
            return {name: camp for name, camp in found.items() if name in self.only}
        return {name: camp for name, camp in found.items() if self.peers or camp is not Camp.PEER}

    @property
    def streams(self) -> Sequence[str]:
        """Which stream detectors are run."""
        return tuple(name for name in stream_camps() if not self.only or name in self.only)

    @property
    def panel_runs(self) -> int:
        """Runs of the default monitors over clean windows."""
        return self.monitor_runs if not self.only or MONITORS in self.only else 0

    @property
    def runs(self) -> int:
        """Runs of each stream detector on each kind of stream."""
        return max(self.repeats // 2, FEWEST)

    def cells(self) -> Iterator[tuple[Cell, int]]:
        """Every cell with its repeats; none twice."""
        seen: set[Cell] = set()
        for name, camp in self.chosen.items():
            for cell, repeats in self._of(name, camp):
                if cell not in seen:
                    seen.add(cell)
                    yield cell, repeats

    def _of(self, name: str, camp: Camp) -> Iterator[tuple[Cell, int]]:
        if camp is Camp.PEER:
            yield from _peer_cells(name, max(self.repeats // PEER_FRACTION, FEWEST))
            return
        shown = max(self.repeats // 2, FEWEST)
        for null in NULLS:
            most = self.default_repeats if (name, null) == (DEFAULT_TEST, "digits") else 0
            yield Cell(name, null, ROWS, REFERENCE), max(self.repeats, most)
        for reference, n in ODD_SIZES:
            yield Cell(name, "gaussian", n, reference), shown
        for shift in self._shifts(name):
            yield Cell(name, SHIFTS[shift].null, ROWS, REFERENCE, shift), shown
        if camp is Camp.OURS and (self.full or name == DEFAULT_TEST):
            yield from ((cell, shown) for cell in _curves(name))

    def _shifts(self, name: str) -> Sequence[str]:
        if self.full:
            return tuple(SHIFTS)
        return (*QUICK_SHIFTS, *IMAGE_CORRUPTIONS) if name == DEFAULT_TEST else QUICK_SHIFTS


def _peer_cells(name: str, repeats: int) -> Iterator[tuple[Cell, int]]:
    slow = name in SLOW_PEERS
    for null in PEER_NULLS[:1] if slow else PEER_NULLS:
        yield Cell(name, null, ROWS, REFERENCE), repeats
    for reference, n in ODD_SIZES:
        if reference == REFERENCE or name not in KERNEL_PEERS:
            yield Cell(name, "gaussian", n, reference), repeats
    for shift in PEER_SHIFTS[:1] if slow else PEER_SHIFTS:
        yield Cell(name, SHIFTS[shift].null, ROWS, REFERENCE, shift), repeats


def _curves(name: str) -> Iterator[Cell]:
    """Over the rows of a window, and over the size of a shift."""
    for shift in GOAL_SHIFTS:
        yield from (Cell(name, SHIFTS[shift].null, n, REFERENCE, shift) for n in CURVE_ROWS)
    for shift in NORM_SHIFTS:
        yield Cell(name, SHIFTS[shift].null, NORM_ROWS, REFERENCE, shift)
    for shift in SIZE_CURVES:
        for times in SIZES:
            size = None if times == 1 else times * SHIFTS[shift].size
            yield Cell(name, SHIFTS[shift].null, ROWS, REFERENCE, shift, size)
