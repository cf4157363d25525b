"""Digits and Gaussian rows: each shift has the size that it states."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ombud.errors import BadInput
from ombud_monitors.simulate import NULLS, SHIFTS, Table, digits
from ombud_monitors.simulate.gaussian import embedding_rows, equicorrelated_rows, normal_rows, t_rows
from ombud_monitors.simulate.shift import some_rows

MANY = 40_000


def after(code: str, rows: Table, size: float | None = None) -> Table:
    shift = SHIFTS[code] if size is None else SHIFTS[code].at(size)
    changed = shift.apply(rows, np.random.default_rng(3))
    assert isinstance(changed, Table)
    return changed


@pytest.mark.parametrize("code", ["digits.noise-10", "digits.noise-10-large"])
def test_noise_changes_a_tenth_of_the_rows(code: str) -> None:
    changed = (after(code, digits()).values != digits().values).any(axis=1)
    assert abs(changed.sum() - 179.7) < 1


@pytest.mark.parametrize(("code", "deviation"), [("noise-10", 10), ("noise-10-large", 100)])
def test_noise_has_the_stated_deviation(code: str, deviation: float) -> None:
    # Far from both ends of the scale clipping does nothing, and rounding adds a variance of 1/12.
    rows = Table(np.full((4000, 8), 8.0))
    noisy = after(f"digits.{code}", rows, 1.0).values
    expected = np.clip(np.random.default_rng(0).normal(8, deviation / 255 * 16, 10**6), 0, 16).var() + 1 / 12
    assert noisy.var() == pytest.approx(expected, rel=0.05)


def test_knock_out_removes_the_stated_share_of_one_class_only() -> None:
    labels = np.bincount(np.asarray(digits().labels))
    for code, share in (("digits.knock-out-half", 0.5), ("digits.knock-out-full", 1.0)):
        left = np.bincount(np.asarray(after(code, digits()).labels), minlength=10)
        assert left[0] == round((1 - share) * labels[0])
        assert_array_equal(left[1:], labels[1:])


def test_knock_out_needs_labels() -> None:
    with pytest.raises(BadInput, match="labels"):
        after("digits.knock-out-half", Table(np.zeros((5, 64))))


@pytest.mark.parametrize(("code", "share"), [("mixing-5", 0.05), ("mixing-10", 0.10)])
def test_mixing_replaces_the_stated_share_by_turned_images(code: str, share: float) -> None:
    before, mixed = digits().values, after(f"digits.{code}", digits()).values
    changed = np.flatnonzero((before != mixed).any(axis=1))
    assert abs(len(changed) - share * len(before)) < 1
    for row in changed[:20]:
        assert_array_equal(mixed[row].reshape(8, 8), np.rot90(before[row].reshape(8, 8)))


@pytest.mark.parametrize(("code", "weight"), [("blending-5", 0.05), ("blending-10", 0.10)])
def test_blending_moves_every_row_towards_another(code: str, weight: float) -> None:
    before, blended = digits().values, after(f"digits.{code}", digits()).values
    # Blending with an independent row leaves (1 - w)^2 + w^2 of the variance, up to rounding.
    kept = (1 - weight) ** 2 + weight**2
    assert blended.var(axis=0).sum() == pytest.approx(kept * before.var(axis=0).sum(), rel=0.03)
    assert np.abs(blended - before).max() <= weight * 16 + 0.5


def test_a_norm_grows_by_a_tenth_and_its_direction_stays() -> None:
    before, grown = digits().values, after("digits.norm-10", digits()).values
    np.testing.assert_allclose(grown, 1.1 * before)


def test_gaussian_shifts_have_their_stated_moments() -> None:
    rows = normal_rows(MANY, np.random.default_rng(0))
    bound = 5 / np.sqrt(MANY)
    mean_all = after("gaussian.mean-all", rows).values - rows.values
    np.testing.assert_allclose(mean_all, 0.25)
    mean_one = after("gaussian.mean-one", rows).values - rows.values
    np.testing.assert_allclose(mean_one[:, 0], 0.5)
    assert not mean_one[:, 1:].any()
    np.testing.assert_allclose(after("gaussian.norm-10", rows).values, 1.1 * rows.values)
    correlation = np.corrcoef(after("gaussian.correlation", rows, 0.3).values.T)
    np.testing.assert_allclose(correlation[np.triu_indices(32, 1)], 0.3, atol=bound)
    mixture = after("gaussian.mixture", rows).values - rows.values
    assert mixture.mean() == pytest.approx(0.05, abs=1 / MANY)


def test_heavy_tails_keep_the_variance_and_have_the_stated_kurtosis() -> None:
    # A t distribution with v degrees of freedom has kurtosis 3 + 6 / (v - 4); v = 10 here.
    rows = normal_rows(MANY, np.random.default_rng(0))
    tailed = after("gaussian.heavy-tails", rows, 0.1).values
    assert tailed.var() == pytest.approx(1, rel=0.02)
    assert np.mean(tailed**4) / np.mean(tailed**2) ** 2 == pytest.approx(4, rel=0.05)


def test_nulls_have_the_stated_structure() -> None:
    rng = np.random.default_rng(0)
    equal = np.corrcoef(equicorrelated_rows(MANY, rng).values.T)[np.triu_indices(32, 1)]
    np.testing.assert_allclose(equal, 0.5, atol=5 / np.sqrt(MANY))
    assert np.median(np.abs(t_rows(MANY, rng).values)) == pytest.approx(0.7649 / np.sqrt(3), rel=0.02)
    spectrum = np.linalg.eigvalsh(np.cov(embedding_rows(MANY, rng).values.T))[::-1]
    np.testing.assert_allclose(spectrum[:8] / spectrum[0], 1 / np.arange(1, 9), rtol=0.06)


def test_embedding_rows_are_one_population_whatever_the_seed() -> None:
    one, two = (embedding_rows(MANY, np.random.default_rng(seed)).values for seed in (1, 2))
    np.testing.assert_allclose(np.cov(one.T), np.cov(two.T), atol=0.12)


def test_a_share_of_rows_is_right_on_average_and_grows_by_adding() -> None:
    sizes = [len(some_rows(50, 0.05, np.random.default_rng(seed))) for seed in range(400)]
    assert set(sizes) == {2, 3}
    assert np.mean(sizes) == pytest.approx(2.5, abs=0.1)
    few, many = (set(some_rows(50, share, np.random.default_rng(0)).tolist()) for share in (0.1, 0.5))
    assert few < many


@pytest.mark.parametrize("values", [np.zeros(3), np.full((2, 2), np.nan), np.full((2, 2), np.inf)])
def test_tables_that_are_none_are_refused(values: np.ndarray) -> None:
    with pytest.raises(BadInput, match="finite numbers of shape"):
        Table(values)
    with pytest.raises(BadInput, match="labels"):
        Table(np.zeros((2, 2)), np.zeros(3, np.int64))


def test_the_digits_null_is_scikit_learn_s_set() -> None:
    source = NULLS["digits"].source
    assert source.embed(digits()).shape == (1797, 64)
