"""Racers: who runs in the speed benchmark, with equal work where the methods are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud_monitors.backends.peers import PEERS, quietly
from ombud_monitors.evaluate.contestants import Camp
from ombud_monitors.evaluate.scaling import Size
from ombud_monitors.two_sample.registry import DETECTORS

__all__ = ["PERMUTATIONS", "RACES", "Race", "Racer", "racers", "windows"]

PERMUTATIONS = 100
"""alibi-detect's default, which ours is given too where the method is the same."""

_SAME_METHOD = ("mmd", "random_feature_mmd")
_PEERS = ("alibi-detect:ks", "alibi-detect:mmd", "evidently:preset", "evidently:embeddings", "scipy:ks")
_COLUMNS: tuple[Size, ...] = ((1000, 64), (10_000, 64), (10_000, 512))
_LARGE: tuple[Size, ...] = ((10_000, 512),)


@dataclass(frozen=True)
class Racer:
    """Somebody who is timed.

    Args:
        name: As in :func:`~ombud_monitors.evaluate.everybody`.
        camp: Whose it is.
        settings: What was set.
        fit: Binds it to a reference; what comes back is asked about a current window.
        order: Exponents of rows and columns that its method has in the long run.
        floor: Which of :func:`~ombud_monitors.evaluate.floors.floors` bounds it from below; empty for none.

    Example:
        >>> x, y = windows((200, 4))
        >>> ask = racers()["ks"].fit(x)
        >>> ask(y).fired, ask(y + 1).fired
        (False, True)
    """

    name: str
    camp: Camp
    settings: str
    fit: Callable[[NDArray[Any]], Callable[[NDArray[Any]], object]]
    order: tuple[float, float] = (2.0, 1.0)
    floor: str = ""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Global generators of peers seeded, their warnings held back."""
        if self.camp is Camp.PEER:
            with quietly(0):
                yield
        else:
            yield


@dataclass(frozen=True)
class Race:
    """A pair whose ratio of CPU seconds is told.

    Args:
        ours: One of ours.
        peer: Somebody else's for the same purpose.
        goal: Times less CPU that ours is meant to need; None where nothing was promised.
        sizes: Where it is meant to.
    """

    ours: str
    peer: str
    goal: float | None = None
    sizes: tuple[Size, ...] = ()


RACES = (
    Race("mmd", "alibi-detect:mmd", 100, _LARGE),
    Race("random_feature_mmd", "alibi-detect:mmd", 2000, _LARGE),
    Race("ks", "alibi-detect:ks", 20, _COLUMNS),
    Race("binned_ks", "alibi-detect:ks", 100, _COLUMNS),
    Race("aggregated", "alibi-detect:mmd", 4, ((500, 64), (1000, 64))),
    Race("ks", "scipy:ks"),
    Race("ks", "evidently:preset"),
    Race("aggregated", "evidently:preset"),
    Race("aggregated", "evidently:embeddings"),
)
"""Ours beside the peer that does the same, or that a user would take instead."""

_FLOORS = {"mmd": "mmd", "random_feature_mmd": "random features", "ks": "columns", "binned_ks": "columns"}


def racers() -> Mapping[str, Racer]:
    """Name → racer: ours in :data:`RACES` that the catalogue has, then peers.

    Example:
        >>> list(racers())[:1]
        ['mmd']
    """
    ours = [name for name in dict.fromkeys(race.ours for race in RACES) if name in DETECTORS]
    return {racer.name: racer for racer in (*map(_ours, ours), *map(_peer, _PEERS))}


def windows(size: Size, *, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A reference and a current window of independent normal numbers.

    Example:
        >>> [x.shape for x in windows((5, 2))]
        [(5, 2), (5, 2)]
    """
    x, y = np.random.default_rng(seed).normal(size=(2, *size)).astype(np.float32)
    return x, y


def _ours(name: str) -> Racer:
    recipe = DETECTORS[name]()
    if name in _SAME_METHOD:
        recipe = replace(recipe, permutations=PERMUTATIONS)

    def fit(reference: NDArray[Any]) -> Callable[[NDArray[Any]], object]:
        fitted = recipe.fit(reference)
        return lambda current: fitted.test(current, seed=0)

    return Racer(name, Camp.OURS, str(recipe), fit, floor=_FLOORS.get(name, ""))


def _peer(name: str) -> Racer:
    peer = PEERS[name]
    # Of the peers only kernels compare all pairs of rows; the logarithm of a sort is left out, for them.
    return Racer(name, Camp.PEER, peer.settings, peer.fit, (2.0 if name.endswith("mmd") else 1.0, 1.0))
