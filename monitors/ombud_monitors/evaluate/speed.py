"""Speed: ours beside alibi-detect, Evidently and scipy, in one process and one run.

Absolute seconds belong to a machine; ratios from one run carry over. A reference is fitted once and asked
about many windows, so the two are told apart and the ratio is that of a window; ``whole`` adds the fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ombud_monitors.evaluate.costs import Cost, cost_of
from ombud_monitors.evaluate.floors import Machine, floors, gpu, machine
from ombud_monitors.evaluate.provenance import environment
from ombud_monitors.evaluate.racers import PERMUTATIONS, RACES, Race, Racer, racers, windows
from ombud_monitors.evaluate.scaling import Size, fitted

__all__ = ["MEMORY_GOAL", "PATIENCE", "SIZES", "Lap", "laps_of", "speed_document"]

SIZES: tuple[Size, ...] = (
    (500, 64),
    (1000, 64),
    (2000, 64),
    (1000, 512),
    (2000, 512),
    (10_000, 64),
    (10_000, 512),
)
"""Rows of each window and columns, the cheapest first."""
PATIENCE = 20.0
"""CPU seconds that one window may be expected to take; what would take longer is extrapolated."""
MEMORY_GOAL = 400e6
"""Bytes beyond the windows that exact MMD may need at the largest size."""

_FEATURES = 256
_DIGITS = 6
_FEWEST = 3


@dataclass(frozen=True)
class Lap:
    """One racer at one size.

    Args:
        racer: Who.
        size: ``(n, d)``.
        fit: What binding it to the reference cost; None where extrapolated.
        test: What a current window cost; None where extrapolated.
        extrapolated_to: Where it was not run: CPU seconds of a window, and of a fit.

    Example:
        >>> lap, = laps_of(racers()["ks"], [(100, 4)])
        >>> lap.extrapolated, 0 < lap.cpu_seconds <= lap.whole_seconds
        (False, True)
    """

    racer: str
    size: Size
    fit: Cost | None
    test: Cost | None
    extrapolated_to: tuple[float, float] = (math.nan, math.nan)

    @property
    def extrapolated(self) -> bool:
        """Whether it was not run."""
        return self.test is None

    @property
    def cpu_seconds(self) -> float:
        """CPU seconds of a window."""
        return self.extrapolated_to[0] if self.test is None else self.test.cpu_seconds

    @property
    def whole_seconds(self) -> float:
        """CPU seconds of a fit and a window."""
        return self.cpu_seconds + (self.extrapolated_to[1] if self.fit is None else self.fit.cpu_seconds)

    @property
    def extra_bytes(self) -> int | None:
        """Peak memory of a window beyond what there was before; None where unknown, or not run."""
        return None if self.test is None else self.test.extra_bytes


def laps_of(racer: Racer, sizes: Sequence[Size] = SIZES, *, patience: float = PATIENCE) -> Iterator[Lap]:
    """Run one racer over sizes, the cheapest first; what would take too long is extrapolated.

    Args:
        racer: Who.
        sizes: ``(n, d)`` in order of cost.
        patience: CPU seconds that one window may be expected to take.

    Limits: an extrapolation follows the line through the sizes that were run; see
        :meth:`~ombud_monitors.evaluate.scaling.Scaling.at`.

    Example:
        >>> sizes = [(50, 2), (100, 2), (200, 2), (400, 2)]
        >>> [lap.extrapolated for lap in laps_of(racers()["ks"], sizes, patience=0.0)]
        [False, False, False, True]
    """
    done: dict[Size, Lap] = {}
    with racer.running():
        x, y = windows((50, 4))
        racer.fit(x)(y)  # imports and first calls are not what is measured
        for size in sizes:
            costs = {s: lap.test.cpu_seconds for s, lap in done.items() if lap.test is not None}
            if len(costs) >= _FEWEST and fitted(costs).at(size, order=racer.order) > patience:
                fits = {s: lap.fit.cpu_seconds for s, lap in done.items() if lap.fit is not None}
                window, bind = (fitted(c).at(size, order=racer.order) for c in (costs, fits))
                yield Lap(racer.name, size, None, None, (window, bind))
                continue
            x, y = windows(size)
            bound = cost_of(lambda x=x: racer.fit(x))  # type: ignore[misc]
            ask = racer.fit(x)
            done[size] = Lap(racer.name, size, bound, cost_of(lambda ask=ask, y=y: ask(y)))  # type: ignore[misc]
            yield done[size]


def speed_document(
    *,
    names: Sequence[str] = (),
    sizes: Sequence[Size] = SIZES,
    patience: float = PATIENCE,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, Any]:
    """Run everybody and compare; one JSON document.

    Args:
        names: Racers; empty for all.
        sizes: ``(n, d)`` in order of cost.
        patience: CPU seconds that one window may be expected to take; infinity runs everything.
        progress: Told after every lap.

    Limits: seconds of one machine in one run; only ratios within the document carry over.

    Example:
        >>> told = speed_document(names=("ks", "scipy:ks"), sizes=[(100, 4)])
        >>> [(lap["racer"], lap["cpu_seconds"] > 0) for lap in told["laps"]]
        [('ks', True), ('scipy:ks', True)]
        >>> [(row["ours"], row["peer"], row["ratio"] > 0) for row in told["ratios"]]
        [('ks', 'scipy:ks', True)]
    """
    chosen = {name: racer for name, racer in racers().items() if not names or name in names}
    rates, found = machine(), gpu()
    laps: list[Lap] = []
    for racer in chosen.values():
        for lap in laps_of(racer, sizes, patience=patience):
            laps.append(lap)
            if progress is not None:
                n, d = lap.size
                progress(len(laps), len(chosen) * len(sizes), f"speed/{racer.name}, {n} x {d}")
    return {
        "environment": environment(),
        "machine": rates.to_json(),
        "gpu": None if found is None else {"name": found.name, "gemm": found.gemm},
        "device": _device(found is not None),
        "permutations": PERMUTATIONS,
        "patience": patience if math.isfinite(patience) else None,
        "racers": [{"name": r.name, "camp": r.camp.value, "settings": r.settings} for r in chosen.values()],
        "laps": [_lap_row(lap, chosen[lap.racer], rates) for lap in laps],
        "exponents": [_exponent_row(name, laps) for name in chosen],
        "ratios": list(_ratios({(lap.racer, lap.size): lap for lap in laps}, sizes)),
        "memory": _memory(laps),
    }


def _device(has_gpu: bool) -> str:
    if has_gpu:
        return "alibi-detect on the GPU that torch found, its default; ours and the others on the CPU"
    return "no GPU here: everybody on the CPU"


def _lap_row(lap: Lap, racer: Racer, rates: Machine) -> dict[str, Any]:
    n, d = lap.size
    floor = floors(lap.size, rates, permutations=PERMUTATIONS, features=_FEATURES).get(racer.floor)
    return {
        "racer": lap.racer,
        "n": n,
        "d": d,
        "extrapolated": lap.extrapolated,
        "cpu_seconds": round(lap.cpu_seconds, _DIGITS),
        "whole_seconds": round(lap.whole_seconds, _DIGITS),
        "wall_seconds": None if lap.test is None else round(lap.test.wall_seconds, _DIGITS),
        "extra_bytes": None if lap.extra_bytes is None else round(lap.extra_bytes),
        "repeats": 0 if lap.test is None else lap.test.repeats,
        "floor_seconds": None if floor is None else round(floor, _DIGITS),
    }


def _exponent_row(name: str, laps: Sequence[Lap]) -> dict[str, Any]:
    costs = {lap.size: lap.test.cpu_seconds for lap in laps if lap.racer == name and lap.test is not None}
    found = fitted(costs)
    told = {"rows": found.rows, "columns": found.columns}
    return {"racer": name, **{k: None if v is None else round(v, 2) for k, v in told.items()}}


def _ratios(laps: Mapping[tuple[str, Size], Lap], sizes: Sequence[Size]) -> Iterator[dict[str, Any]]:
    for race in RACES:
        for size in sizes:
            ours, peer = laps.get((race.ours, size)), laps.get((race.peer, size))
            if ours is not None and peer is not None:
                yield _ratio_row(race, size, ours, peer)


def _ratio_row(race: Race, size: Size, ours: Lap, peer: Lap) -> dict[str, Any]:
    ratio = peer.cpu_seconds / max(ours.cpu_seconds, 1e-9)
    goal = race.goal if size in race.sizes else None
    return {
        "ours": race.ours,
        "peer": race.peer,
        "n": size[0],
        "d": size[1],
        "ratio": round(ratio, 1),
        "whole": round(peer.whole_seconds / max(ours.whole_seconds, 1e-9), 1),
        "extrapolated": ours.extrapolated or peer.extrapolated,
        "goal": goal,
        "reached": None if goal is None else ratio >= goal,
    }


def _memory(laps: Sequence[Lap]) -> dict[str, Any] | None:
    """Extra memory of exact MMD at the largest size, beside its goal."""
    found = [
        lap for lap in laps if lap.racer == "mmd" and lap.size == SIZES[-1] and lap.extra_bytes is not None
    ]
    if not found:
        return None
    extra = found[0].extra_bytes or 0.0
    return {"racer": "mmd", "extra_bytes": extra, "goal": MEMORY_GOAL, "reached": extra <= MEMORY_GOAL}
