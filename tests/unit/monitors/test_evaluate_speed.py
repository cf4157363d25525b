"""The speed benchmark: costs that were spent, growth that was fitted; what is extrapolated says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ombud_monitors.evaluate import Camp, Racer, laps_of, racers, speed_document, windows
from ombud_monitors.evaluate.costs import cost_of
from ombud_monitors.evaluate.floors import Machine, floors, machine
from ombud_monitors.evaluate.racers import RACES
from ombud_monitors.evaluate.scaling import fitted


def _spin(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def test_cpu_seconds_are_those_of_the_call_and_waiting_is_not_work() -> None:
    spent = cost_of(lambda: _spin(0.03))
    assert 0.03 <= spent.cpu_seconds < 0.06
    slept = cost_of(lambda: time.sleep(0.05))
    assert slept.wall_seconds >= 0.05
    assert slept.cpu_seconds < 0.02


def test_memory_that_was_held_for_a_moment_counts_and_memory_from_before_does_not() -> None:
    before = np.ones(20_000_000)

    def hold() -> float:
        return float(np.ones(10_000_000).sum())

    extra = cost_of(hold).extra_bytes
    if extra is None:
        pytest.skip("this system does not tell its peak memory")
    assert 70e6 < extra < 110e6
    small = cost_of(lambda: before[:10].sum()).extra_bytes
    assert small is not None
    assert small < 5e6


def test_exponents_are_found_through_noise_and_left_out_where_nothing_varied() -> None:
    rng = np.random.default_rng(0)
    sizes = [(n, d) for n in (500, 1000, 2000, 4000) for d in (32, 64, 128)]
    noisy = {(n, d): 2e-8 * n**1.5 * d * rng.uniform(0.98, 1.02) for n, d in sizes}
    found = fitted(noisy, largest=12)
    assert found.rows == pytest.approx(1.5, abs=0.05)
    assert found.columns == pytest.approx(1.0, abs=0.05)
    assert found.at((8000, 128)) == pytest.approx(2e-8 * 8000**1.5 * 128, rel=0.1)
    alone = fitted({(500, 64): 1.0, (1000, 64): 4.0})
    assert alone.rows == pytest.approx(2.0)
    assert alone.columns is None


def test_a_growth_that_the_method_cannot_have_is_not_extrapolated() -> None:
    steep = fitted({(n, 64): 1e-9 * n**3 for n in (500, 1000, 2000)})
    assert steep.rows == pytest.approx(3.0)
    assert steep.at((10_000, 64), order=(2.0, 1.0)) == pytest.approx(1e-9 * 2000**3 * 25)
    assert steep.at((10_000, 512), order=(2.0, 1.0)) == pytest.approx(1e-9 * 2000**3 * 25)


def _racer(seconds: Callable[[int, int], float]) -> Racer:
    def fit(_: NDArray[Any]) -> Callable[[NDArray[Any]], object]:
        return lambda current: _spin(seconds(*current.shape))

    return Racer("spinner", Camp.OURS, "", fit)


def test_what_would_take_too_long_is_extrapolated_and_says_so() -> None:
    sizes = [(100, 8), (200, 8), (400, 8), (4000, 8)]
    laps = list(laps_of(_racer(lambda n, _: 1e-6 * n**1.5), sizes, patience=0.05))
    assert [lap.extrapolated for lap in laps] == [False, False, False, True]
    assert laps[-1].cpu_seconds == pytest.approx(1e-6 * 4000**1.5, rel=0.3)
    run = list(laps_of(_racer(lambda n, _: 1e-6 * n), sizes, patience=0.05))
    assert not any(lap.extrapolated for lap in run)


def test_floors_grow_as_the_methods_must() -> None:
    rates = Machine(gemm=1e11, bandwidth=1e10, exponentials=1e9)
    small, large = (floors((n, 512), rates, permutations=100, features=256) for n in (1000, 2000))
    assert large["mmd"] == pytest.approx(4 * small["mmd"])
    assert large["random features"] == pytest.approx(2 * small["random features"])
    assert large["columns"] == pytest.approx(2 * small["columns"])
    assert all(value > 0 for value in machine().to_json().values())


def test_a_document_names_everybody_and_compares_pairs_that_ran(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ombud_monitors.evaluate.costs.LONG_ENOUGH", 0.0)
    told: list[tuple[int, int]] = []
    found = speed_document(
        names=("ks", "scipy:ks", "mmd"),
        sizes=((40, 3), (80, 3), (40, 6)),
        progress=lambda done, everything, _: told.append((done, everything)),
    )
    assert told[-1] == (9, 9)
    assert {r["racer"] for r in found["laps"]} == {"ks", "scipy:ks", "mmd"}
    assert {(r["ours"], r["peer"]) for r in found["ratios"]} == {("ks", "scipy:ks")}
    assert all(r["ratio"] > 0 for r in found["ratios"])
    assert found["gpu"] is None or found["gpu"]["name"]
    assert found["memory"] is None, "its size was not run"
    assert {"cores", "threads"} <= set(found["environment"])


def test_races_are_between_ours_and_others_and_everybody_answers() -> None:
    known = racers()
    assert {race.peer for race in RACES} <= set(known)
    assert all(known[race.peer].camp is Camp.PEER for race in RACES)
    x, y = windows((30, 3))
    for name, racer in known.items():
        if racer.camp is Camp.OURS:
            assert racer.fit(x)(y) is not None, name
