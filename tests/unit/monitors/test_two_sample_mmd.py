"""MMD in tiles and by random features, against the kernel matrix that neither ever holds."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from ombud.domain.verdict import Outcome
from ombud.errors import BadInput
from ombud_monitors.saving import load, save
from ombud_monitors.two_sample import MMD, Energy, Exchangeable, RandomFeatureMMD, TwoSampleTest, Windows
from ombud_monitors.two_sample import tiles as tiles_module
from ombud_monitors.two_sample.assignments import assignments
from ombud_monitors.two_sample.cells import cells
from ombud_monitors.two_sample.contrasts import contrasts
from ombud_monitors.two_sample.frequencies import orthogonal_directions, projection
from ombud_monitors.two_sample.mmd import median_distance
from ombud_monitors.two_sample.quadratic_test import linear_variance
from ombud_monitors.two_sample.random_features import features_of
from ombud_monitors.two_sample.standardised import moments
from ombud_monitors.two_sample.tiles import QuadraticForms, gaussian_kernel

EVERY: tuple[TwoSampleTest, ...] = (MMD(), RandomFeatureMMD(), Energy())


def gaussian(x: NDArray[np.float64], h: float) -> NDArray[np.float64]:
    return np.exp(-cdist(x, x, "sqeuclidean") / (2 * h**2))


def standardised(x: NDArray[Any], y: NDArray[Any]) -> tuple[NDArray[np.float64], float]:
    """Standardised pooled rows and the median distance of all pairs."""
    pooled = np.concatenate([x, y]).astype(np.float64)
    z = (pooled - pooled.mean(axis=0)) / pooled.std(axis=0)
    return z, float(np.median(cdist(z, z)[np.triu_indices(len(z), 1)]))


def squared_mmd(z: NDArray[np.float64], n: int, h: float) -> float:
    """Of all rows, a thousand rows of the kernel at a time."""
    v = np.r_[np.full(n, -1 / n), np.full(len(z) - n, 1 / (len(z) - n))]
    starts = range(0, len(z), 1000)
    parts = (np.exp(-cdist(z[i : i + 1000], z, "sqeuclidean") / (2 * h**2)) @ v for i in starts)
    return float(v @ np.concatenate(list(parts)))


@pytest.mark.parametrize("held", [0, 5000], ids=["streamed", "held"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("clustered", [False, True], ids=["rows", "clusters"])
def test_forms_and_witness_equal_the_full_matrix(
    monkeypatch: pytest.MonkeyPatch, held: int, dtype: type, clustered: bool
) -> None:
    monkeypatch.setattr(tiles_module, "HELD", held)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2300, 6))
    names = rng.integers(0, 60, 2300).astype(str)
    units = (
        Exchangeable.of(1300, 1000, names[:1300], names[1300:]) if clustered else Exchangeable.of(1300, 1000)
    )
    v = rng.normal(size=(4, units.size))
    v -= v.mean(axis=1, keepdims=True)
    v /= np.abs(v).sum(axis=1, keepdims=True)
    rows = np.empty((2300, 8), dtype)
    rows[:, :-2] = x
    values, witness = QuadraticForms(rows, gaussian_kernel(2.5), units)(v)
    by_row = (v / units.rows)[:, units.of_row]
    kernel = gaussian(x, 2.5)
    assert values == pytest.approx(np.einsum("pi,ij,pj->p", by_row, kernel, by_row, optimize=True), abs=1e-6)
    expected = np.bincount(units.of_row, kernel @ by_row[0]) / units.rows
    assert witness == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_p_value_equals_that_of_the_full_matrix(dtype: type) -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(200, 5)).astype(dtype), rng.normal(0.12, size=(150, 5)).astype(dtype)
    verdict = MMD(permutations=199).fit(x).test(y, seed=3)
    z, h = standardised(x, y)
    units = Exchangeable.of(200, 150)
    v, _ = contrasts(units, assignments(units, 199, 3))
    forms = np.einsum("pi,ij,pj->p", v, gaussian(z, h), v, optimize=True)
    assert verdict.p_value == pytest.approx(float(np.mean(forms >= forms[0] - 1e-9)))
    assert verdict.statistic == pytest.approx(forms[0], abs=1e-6)
    assert verdict.effect == pytest.approx(forms[0] - forms[1:].mean(), abs=1e-6)


@pytest.mark.parametrize("shape", ["normal", "cauchy", "far from 0", "two values"])
def test_statistic_equals_brute_force_on_awkward_rows(shape: str) -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(250, 4)), rng.normal(0.1, size=(200, 4))
    if shape == "cauchy":
        x[:], y[:] = rng.standard_cauchy(size=(250, 4)), rng.standard_cauchy(size=(200, 4)) + 0.3
    elif shape == "far from 0":
        x += 1e7
        y += 1e7
    elif shape == "two values":
        x[:], y[:] = x > 0, y > 0
    z, h = standardised(x, y)
    if shape == "two values":
        # Equal rows say nothing about the scale.
        distances = cdist(z, z)[np.triu_indices(450, 1)]
        h = float(np.median(distances[distances > 0]))
    assert MMD().fit(x).test(y, seed=0).statistic == pytest.approx(squared_mmd(z, 250, h), abs=1e-6)


def test_large_windows_equal_brute_force_and_hold_no_kernel_matrix() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(3503, 6)), rng.normal(0.05, size=(2502, 6))
    fitted = MMD(permutations=99).fit(x)
    tracemalloc.start()
    verdict = fitted.test(y, seed=5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * 4 * (3503 + 2502) ** 2
    windows = Windows.of(x, y)
    h = median_distance(windows, *moments(windows), np.random.default_rng(5))
    pooled = np.concatenate([x, y])
    z = (pooled - pooled.mean(axis=0)) / pooled.std(axis=0)
    assert verdict.statistic == pytest.approx(squared_mmd(z, 3503, h), abs=1e-6)


def test_cells_share_rows_of_one_window_evenly_and_at_random() -> None:
    units = Exchangeable.of(7001, 3002)
    grouped = cells(units, np.random.default_rng(0))
    in_reference = ~grouped.in_current[grouped.of_row]
    assert in_reference.tolist() == [True] * 7001 + [False] * 3002
    assert set(grouped.rows[grouped.named]) == {6}
    assert (grouped.rows[~grouped.named] == 1).all()
    assert (~grouped.named).sum() == 7001 % 6 + 3002 % 6
    first = np.flatnonzero(grouped.of_row == 0)
    assert first.max() - first.min() > 6
    # Clusters stay what they are, and so do windows of which one is small.
    names = np.arange(9000).astype(str)
    clustered = Exchangeable.of(6000, 3000, names[:6000], names[6000:])
    assert cells(clustered, np.random.default_rng(0)) is clustered
    small = Exchangeable.of(20_000, 400)
    assert cells(small, np.random.default_rng(0)) is small


def test_linear_variance_is_the_delta_method_s() -> None:
    """For the kernel ``x y`` the form is the squared difference of means, whose variance is known."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=40), rng.normal(2.0, size=30)
    units = Exchangeable.of(40, 30)
    v = contrasts(units, units.in_current[None])[0][0]
    pooled = np.r_[x, y]
    gap = y.mean() - x.mean()
    expected = 4 * gap**2 * (x.var(ddof=1) / 40 + y.var(ddof=1) / 30)
    assert linear_variance(v, pooled * (v @ pooled), units) == pytest.approx(expected)


def test_a_cluster_in_both_windows_counts_once_in_the_variance() -> None:
    names = [f"s{i}" for i in range(6)]
    units = Exchangeable.of(6, 6, names, names)
    effects = np.random.default_rng(5).normal(size=6)
    v = contrasts(units, units.in_current[None])[0][0]
    # The speaker's own effect is in both windows and cancels.
    witness = np.empty(12)
    witness[units.of_row] = np.r_[effects, effects]
    assert linear_variance(v, witness, units) == pytest.approx(0.0, abs=1e-12)


def test_one_cluster_in_the_window_leaves_no_honest_interval() -> None:
    rng = np.random.default_rng(6)
    fitted = MMD().fit(rng.normal(size=(90, 2)), clusters=np.repeat(np.arange(30).astype(str), 3))
    verdict = fitted.test(rng.normal(size=(5, 2)), clusters=["new"] * 5, seed=0)
    assert verdict.p_value is not None
    assert verdict.effect_low is None
    assert verdict.effect_high is None


@pytest.mark.parametrize("d", [3, 64, 128, 130, 512])
def test_frequencies_average_to_the_gaussian_kernel(d: int) -> None:
    rng = np.random.default_rng(7)
    rows = (rng.normal(size=(40, d)) / np.sqrt(2 * d)).astype(np.float32)
    found = np.zeros((40, 40))
    for _ in range(30):
        angles = projection(d, 128, rng)(rows)
        assert angles.shape[1] >= max(d, 128)
        found += np.cos(angles[:, None] - angles).mean(axis=2) / 30
    assert np.abs(found - gaussian(rows.astype(np.float64), 1.0)).max() < 0.02


def test_directions_are_orthogonal_as_many_at_a_time_as_there_are_columns() -> None:
    w = orthogonal_directions(5, 12, np.random.default_rng(8))
    assert w.shape == (5, 12)
    for start in (0, 5, 10):
        part = w[:, start : start + 5]
        assert part.T @ part == pytest.approx(np.eye(part.shape[1]), abs=1e-12)


@pytest.mark.parametrize("clustered", [False, True], ids=["rows", "clusters"])
def test_features_are_unbiased_and_see_shifts_of_means_exactly(clustered: bool) -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(size=(60, 20)) / np.sqrt(40)
    names = np.char.add("c", rng.integers(0, 9, 60).astype(str))
    windows = Windows.of(x[:35], x[35:], *((names[:35], names[35:]) if clustered else ()))
    units = windows.units
    average = np.zeros((units.size, 60))
    average[units.of_row, np.arange(60)] = 1 / units.rows[units.of_row]
    kernel = average @ gaussian(x, 1.0) @ average.T
    found = np.zeros_like(kernel)
    for _ in range(40):
        project = projection(20, 128, rng)
        features = features_of(windows, np.zeros(20), np.ones(20), project, units, sines=128)
        found += features @ features.T / 40
    assert np.abs(found - kernel).max() < 0.01
    damped = np.exp(-0.5 * (x**2).sum(axis=1))[:, None]
    assert features[:, :21] == pytest.approx(average @ np.c_[damped, damped * x], abs=1e-6)


def test_random_features_come_close_to_the_exact_statistic() -> None:
    rng = np.random.default_rng(10)
    x, y = rng.normal(size=(300, 30)), rng.normal(0.3, size=(250, 30))
    exact, close = MMD().fit(x).test(y, seed=0), RandomFeatureMMD().fit(x).test(y, seed=0)
    assert exact.effect is not None
    assert close.effect == pytest.approx(exact.effect, rel=0.03)
    assert close.effect_high == pytest.approx(exact.effect_high, rel=0.05)


@pytest.mark.parametrize("features", [0, 3, -2])
def test_an_odd_number_of_features_is_refused(features: int) -> None:
    with pytest.raises(BadInput, match="even number"):
        RandomFeatureMMD(features=features)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_verdicts_do_not_depend_on_seeds_units_of_measurement_or_precision(detector: TwoSampleTest) -> None:
    rng = np.random.default_rng(11)
    x, y = rng.normal(size=(160, 4)), rng.normal(0.2, size=(120, 4))
    plain = detector.fit(x).test(y, seed=1)
    assert detector.fit(x).test(y, seed=1) == plain
    scaled = detector.fit(x * [1e4, 1e-4, 7, 1] + 5).test(y * [1e4, 1e-4, 7, 1] + 5, seed=1)
    assert scaled.p_value == pytest.approx(plain.p_value)
    assert scaled.effect == pytest.approx(plain.effect, abs=1e-5)
    single = detector.fit(x.astype(np.float32)).test(y.astype(np.float32), seed=1)
    assert single.p_value == pytest.approx(plain.p_value)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_intervals_hold_the_effect_and_a_constant_column_changes_nothing(detector: TwoSampleTest) -> None:
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(160, 4)), rng.normal(0.6, size=(120, 4))
    verdict = detector.fit(x).test(y, seed=1)
    low, effect, high = verdict.effect_low, verdict.effect, verdict.effect_high
    assert low is not None
    assert effect is not None
    assert high is not None
    assert 0 < low < effect < high
    least = verdict.minimum_detectable_effect
    assert least is not None
    assert 0 < least < effect
    if detector.name != "random_feature_mmd":
        with_constant = detector.fit(np.c_[x, np.full(160, 3.0)]).test(np.c_[y, np.full(120, 3.0)], seed=1)
        assert with_constant.effect == pytest.approx(effect, abs=1e-6)


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_clusters_seeds_and_files_work_as_for_every_test(detector: TwoSampleTest, tmp_path: Path) -> None:
    rng = np.random.default_rng(13)
    who = rng.integers(0, 20, 150).astype(str)
    fitted = detector.fit(rng.normal(size=(150, 3)), clusters=who)
    y, them = rng.normal(size=(90, 3)), np.char.add("c", who[:90])
    verdict = fitted.test(y, clusters=them, seed=1)
    assert verdict.outcome in (Outcome.QUIET, Outcome.DRIFT)
    save(fitted, tmp_path / "fitted")
    assert load(tmp_path / "fitted").test(y, clusters=them, seed=1) == verdict
    few = detector.fit(y, clusters=np.repeat(["a", "b", "c"], 30)).test(y, clusters=["d", "e"] * 45, seed=0)
    assert few.outcome is Outcome.NOT_APPLICABLE
    assert "would do" in few.reason


@pytest.mark.parametrize("detector", EVERY, ids=lambda d: d.name)
def test_equal_windows_are_quiet_and_constant_ones_not_applicable(detector: TwoSampleTest) -> None:
    rows = np.random.default_rng(14).normal(size=(60, 2))
    same = detector.fit(rows).test(rows, seed=0)
    assert same.p_value is not None
    assert same.p_value > 0.5
    nothing = detector.fit(np.ones((60, 2))).test(np.ones((60, 2)), seed=0)
    assert nothing.outcome is Outcome.NOT_APPLICABLE
    with pytest.raises(BadInput, match="not finite"):
        detector.fit(rows).test(np.where(rows > 2, np.nan, rows) * [np.nan, 1], seed=0)
