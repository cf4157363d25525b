"""Calibrators: each one's proof obligation, computed; merging and what is no evidence."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import ArrayLike
from scipy.integrate import quad

from ombud.errors import BadInput
from ombud_monitors.multiplicity import (
    Calibrator,
    all_or_nothing,
    average,
    e_to_p,
    heavy_tailed,
    mixture,
    power,
    product_of_sequential,
    shafer,
)

CALIBRATORS: dict[str, Calibrator] = {
    "power .5": power,
    "power .1": partial(power, exponent=0.1),
    "power .9": partial(power, exponent=0.9),
    "mixture": mixture,
    "heavy 1": heavy_tailed,
    "heavy .5": partial(heavy_tailed, exponent=0.5),
    "heavy 3": partial(heavy_tailed, exponent=3.0),
    "shafer": shafer,
    "all or nothing": partial(all_or_nothing, level=0.01),
}
EVERY = pytest.mark.parametrize("calibrate", CALIBRATORS.values(), ids=CALIBRATORS.keys())


@EVERY
def test_a_uniform_p_value_becomes_an_e_value(calibrate: Calibrator) -> None:
    """The integral over (0, 1], with p = exp(-u) so that the pole at 0 becomes a tail."""
    jumps = sorted({-math.log(0.01), *(1.0 + k for k in (0.5, 1.0, 3.0))})
    ends = [0.0, *jumps, 20.0, 100.0, 690.0]
    total = sum(
        quad(lambda u: float(calibrate(math.exp(-u))) * math.exp(-u), a, b, epsabs=1e-10, limit=400)[0]
        for a, b in pairwise(ends)
    )
    assert total <= 1 + 1e-8
    # Nothing is wasted but what heavy tails keep below exp(-690): (1.5 / 690)^.5 of it with exponent .5.
    assert total >= 0.95


@EVERY
def test_smaller_p_values_are_never_weaker_evidence(calibrate: Calibrator) -> None:
    p = np.concatenate([np.geomspace(1e-300, 1e-3, 2000), np.linspace(1e-3, 1.0, 4000)])
    evidence = calibrate(p)
    assert evidence.shape == p.shape
    assert (evidence >= 0).all()
    assert (np.diff(evidence) <= 1e-12 * evidence[:-1]).all()


@EVERY
def test_a_permutation_p_value_becomes_an_e_value(calibrate: Calibrator) -> None:
    """Uniform on 1/B, 2/B, ..., 1: the mean of a decreasing function over the right ends."""
    for count in (2, 20, 200, 1000):
        assert float(np.mean(calibrate(np.arange(1, count + 1) / count))) <= 1 + 1e-12


@EVERY
@pytest.mark.parametrize("p", [0.0, -0.1, 1.1, math.nan, math.inf, [0.5, math.nan], "x", None])
def test_what_is_no_p_value_gets_no_e_value(calibrate: Calibrator, p: ArrayLike) -> None:
    with pytest.raises(BadInput, match="p-value"):
        calibrate(p)


@EVERY
def test_the_smallest_float_gives_a_finite_number(calibrate: Calibrator) -> None:
    assert math.isfinite(float(calibrate(5e-324)))


def test_the_mixture_is_the_average_of_powers() -> None:
    for p in (1e-8, 0.003, 0.2, 0.9, 0.9999, 0.99995, 1 - 1e-9):
        averaged, _ = quad(lambda k, p=p: k * p ** (k - 1), 0, 1, epsrel=1e-11)
        assert float(mixture(p)) == pytest.approx(averaged, rel=1e-8)


def test_power_is_best_where_its_exponent_says() -> None:
    p = 0.002
    exponents = np.linspace(0.01, 0.99, 99)
    best = exponents[np.argmax([float(power(p, exponent=k)) for k in exponents])]
    assert best == pytest.approx(-1 / math.log(p), abs=0.01)


@pytest.mark.parametrize(
    "call",
    [
        partial(power, 0.1, exponent=1.0),
        partial(power, 0.1, exponent=0.0),
        partial(heavy_tailed, 0.1, exponent=0.0),
        partial(heavy_tailed, 0.1, exponent=math.inf),
        partial(all_or_nothing, 0.1, level=0.0),
        partial(all_or_nothing, 0.1, level=math.nan),
        partial(e_to_p, -1.0),
        partial(e_to_p, math.nan),
        partial(average, []),
        partial(average, [1.0, math.inf]),
        partial(average, [1.0, 2.0], [1.0]),
        partial(average, [1.0, 2.0], [1.0, -1.0]),
        partial(average, [1.0, 2.0], [0.0, 0.0]),
        partial(average, [1.0, 2.0], [math.nan, 1.0]),
        partial(product_of_sequential, [1.0, -2.0]),
    ],
)
def test_what_is_none_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(BadInput):
        call()


def test_going_back_never_sharpens_a_p_value() -> None:
    p = np.geomspace(1e-12, 1, 200)
    for calibrate in CALIBRATORS.values():
        assert (e_to_p(calibrate(p)) >= p * (1 - 1e-12)).all()


def test_merging_by_hand() -> None:
    assert average([2.0, 0.0, 4.0]) == pytest.approx(2.0)
    assert average([2.0, 0.0, 4.0], [1, 0, 3]) == pytest.approx(3.5)
    assert product_of_sequential([]) == 1.0
    assert product_of_sequential([1e300, 1e300, 0.0]) == 0.0
    assert product_of_sequential([1e300, 1e300]) == pytest.approx(1e300)
