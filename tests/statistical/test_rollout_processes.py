"""The e-processes of a rollout keep their promise under continuous looking, and are quick.

Each simulation looks at every increment. Under a null the share of runs that ever cross ``1 / alpha``
must be explained by a rate of ``alpha``; under an alternative the mean number of requests must be near
what the best prototypes needed. ``pytest -s`` prints the operating characteristics.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest

from ombud.domain.rollout import Increment
from ombud_monitors.sequential import RolloutProcesses
from statistical.binomial import at_most
from statistical.traffic import first_crossing, shadow_looks, split_looks

ALPHA = 0.05
PROCESSES = RolloutProcesses()
Make = Callable[[np.random.Generator], list[Increment]]
Process = Callable[[Sequence[Increment]], float]


def shadow(control: float, challenger: float, correlation: float = 0.8, looks: int = 120) -> Make:
    return lambda rng: shadow_looks(
        rng, control, challenger, correlation=correlation, requests=25, looks=looks
    )


def split(
    control: float, challenger: float, weight: float = 0.5, requests: int = 100, looks: int = 120
) -> Make:
    return lambda rng: split_looks(rng, control, challenger, weight=weight, requests=requests, looks=looks)


def ramp(extra: float = 0.0) -> Make:
    """The base rate climbs 3, 5, 7 % while the challenger's weight climbs 5, 25, 50 %."""

    def make(rng: np.random.Generator) -> list[Increment]:
        looks: list[Increment] = []
        for step, (weight, base) in enumerate(((0.05, 0.03), (0.25, 0.05), (0.5, 0.07))):
            looks += split_looks(rng, base, base + extra, weight=weight, requests=100, looks=50, step=step)
        return looks

    return make


def drifting(rng: np.random.Generator) -> list[Increment]:
    """The base rate swings within one step; both arms share it."""
    looks: list[Increment] = []
    for t in range(100):
        base = 0.08 + 0.06 * float(np.sin(t / 8))
        looks += split_looks(rng, base, base, weight=0.3, requests=60, looks=1)
    return looks


def harm_of_pairs(looks: Sequence[Increment]) -> float:
    return PROCESSES.paired_harm(looks)


def harm_of_arms(looks: Sequence[Increment]) -> float:
    return PROCESSES.split_harm(looks)


def pairs_within(delta: float) -> Process:
    return partial(PROCESSES.paired_not_worse, delta=delta)


def arms_within(delta: float) -> Process:
    return partial(PROCESSES.split_not_worse, delta=delta)


NULLS: dict[str, tuple[Process, Make]] = {
    "pairs: equal, correlation .8": (harm_of_pairs, shadow(0.05, 0.05)),
    "pairs: equal, independent": (harm_of_pairs, shadow(0.1, 0.1, correlation=0.0)),
    "pairs: exactly 1 point worse, margin 1": (pairs_within(0.01), shadow(0.05, 0.06)),
    "pairs: exactly 2 points worse, margin 2": (pairs_within(0.02), shadow(0.05, 0.07)),
    "pairs: equal, margin 0": (pairs_within(0.0), shadow(0.05, 0.05)),
    "arms: equal, looks of 100": (harm_of_arms, split(0.05, 0.05)),
    "arms: equal, looks of 4": (harm_of_arms, split(0.1, 0.1, requests=4, looks=400)),
    "arms: equal, weight 5 %": (harm_of_arms, split(0.05, 0.05, weight=0.05)),
    "arms: ramp over a climbing base rate": (harm_of_arms, ramp()),
    "arms: base rate swings within a step": (harm_of_arms, drifting),
    "arms: exactly 2 points worse, margin 2": (arms_within(0.02), split(0.05, 0.07)),
    "arms: 2 points worse on a climbing ramp, margin 2": (arms_within(0.02), ramp(0.02)),
    "arms: equal, margin 0": (arms_within(0.0), split(0.05, 0.05)),
}

FOUND: dict[str, tuple[Process, Make, int, float, float]] = {
    # name: process, traffic, requests a look, smallest share caught, most requests on average
    "pairs: 5 against 7 %": (harm_of_pairs, shadow(0.05, 0.07), 25, 0.99, 480),
    "pairs: equal, margin 1": (pairs_within(0.01), shadow(0.05, 0.05, looks=300), 25, 0.99, 1900),
    "pairs: equal, margin 2": (pairs_within(0.02), shadow(0.05, 0.05), 25, 0.99, 620),
    "arms: 5 against 7 %": (harm_of_arms, split(0.05, 0.07, looks=200), 100, 0.97, 5000),
    "arms: 5 against 60 % at weight 10 %": (
        harm_of_arms, split(0.05, 0.6, weight=0.1, requests=20), 20, 0.99, 120,
    ),
    "arms: equal, margin 2": (arms_within(0.02), split(0.05, 0.05), 100, 0.97, 4500),
    "arms: 2 points worse on a climbing ramp": (harm_of_arms, ramp(0.02), 100, 0.8, 10_000),
}  # fmt: skip


@pytest.mark.parametrize("name", NULLS)
def test_false_alarms_stay_within_alpha_however_often_one_looks(name: str) -> None:
    process, make = NULLS[name]
    repeats = 400
    rng = np.random.default_rng(20261101)
    crossed = sum(process(make(rng)) >= 1 / ALPHA for _ in range(repeats))
    bound = at_most(ALPHA, repeats)
    print(f"{name:50s} crossed {crossed / repeats:.3f} of {repeats} (bound {bound / repeats:.3f})")
    assert crossed <= bound


@pytest.mark.parametrize("name", FOUND)
def test_evidence_arrives_about_as_soon_as_it_can(name: str) -> None:
    process, make, per_look, caught, requests = FOUND[name]
    rng = np.random.default_rng(20261102)
    crossings = [first_crossing(process, make(rng), alpha=ALPHA) for _ in range(100)]
    found = [look * per_look for look in crossings if look is not None]
    print(f"{name:50s} caught {len(found) / 100:.2f}, mean requests {np.mean(found):.0f}")
    assert len(found) >= 100 * caught
    assert np.mean(found) <= requests
