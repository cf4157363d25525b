"""What every shift on the list promises, and what each null and draw promises."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ombud.errors import BadInput
from ombud_monitors.simulate import NULLS, SHIFTS, SWITCH, Clips, Images, Shift, Table, Texts, pairs
from ombud_monitors.simulate.null import Endless, Pool

SIZED = [code for code, shift in SHIFTS.items() if shift.unit != SWITCH]
LENGTH_CHANGES = {code for code, shift in SHIFTS.items() if shift.keep is not None}
OUT_OF_RANGE = {"digits.norm-10"}
"""A change of norm leaves the scale by definition; its description says so."""
NO_DISTANCE = {"image.saturation", "audio.speed"}
"""Grey images have no colour to lose; after any change of speed waveforms are as far apart as they get."""


def some(code: str, n: int = 60) -> Any:
    """Rows of the null that a shift departs from."""
    source = NULLS[SHIFTS[code].null].source
    if isinstance(source, Endless):
        return source.draw(n, np.random.default_rng(1))
    return source.rows.take(np.random.default_rng(1).permutation(len(source.rows))[:n])


def plain(rows: Any) -> Any:
    """The numbers or strings of rows."""
    return np.array(rows.texts) if isinstance(rows, Texts) else getattr(rows, fields(rows)[0].name)


def moved(code: str, size: float | None = None, seed: int = 5, n: int = 60) -> Any:
    shift = SHIFTS[code] if size is None else SHIFTS[code].at(size)
    return shift.apply(some(code, n), np.random.default_rng(seed))


@pytest.mark.parametrize("code", SHIFTS)
def test_equal_seeds_give_equal_rows_and_the_rows_given_are_left_alone(code: str) -> None:
    rows = some(code)
    before = plain(rows).copy()
    first = SHIFTS[code].apply(rows, np.random.default_rng(5))
    assert_array_equal(plain(first), plain(SHIFTS[code].apply(rows, np.random.default_rng(5))))
    assert_array_equal(plain(rows), before)
    colour_only = code == "image.saturation"
    assert (len(first) == len(rows) and rows.distance(first) == 0) == colour_only


@pytest.mark.parametrize("code", SHIFTS)
def test_size_0_is_the_identity(code: str) -> None:
    assert_array_equal(plain(moved(code, 0.0)), plain(some(code)))


@pytest.mark.parametrize("code", SHIFTS)
def test_shape_type_and_range_are_kept(code: str) -> None:
    rows, after = some(code), moved(code)
    assert type(after) is type(rows)
    if isinstance(rows, Texts):
        assert len(after) == len(rows)
        return
    assert plain(after).dtype == plain(rows).dtype
    assert plain(after).shape[1:] == plain(rows).shape[1:]
    assert len(after) == len(rows) or code in LENGTH_CHANGES
    if isinstance(rows, Images):
        assert 0 <= plain(after).min() <= plain(after).max() <= rows.full_scale
        assert_array_equal(plain(after), np.rint(plain(after)))
    if isinstance(rows, Clips):
        assert np.abs(plain(after)).max() <= 1
        assert after.rate == rows.rate
    if code.startswith("digits") and code not in OUT_OF_RANGE:
        assert set(np.unique(plain(after))) <= set(range(17))


@pytest.mark.parametrize("code", sorted(set(SIZED) - LENGTH_CHANGES - NO_DISTANCE))
def test_a_larger_size_moves_further(code: str) -> None:
    shift, rows = SHIFTS[code], some(code)
    sizes = [shift.size / 4, shift.size, min(shift.largest, 3 * shift.size)]
    distances = [rows.distance(moved(code, size)) for size in sizes]
    print(code, sizes, distances)
    assert 0 <= distances[0] < distances[1] <= distances[2]
    assert distances[1] < distances[2] or sizes[1] == sizes[2]


@pytest.mark.parametrize("code", SHIFTS)
def test_impossible_sizes_are_refused(code: str) -> None:
    for size in (-0.1, float("nan"), float("inf"), SHIFTS[code].largest * 1.01):
        with pytest.raises(BadInput, match="size"):
            SHIFTS[code].at(size)


@pytest.mark.parametrize("code", SHIFTS)
def test_no_rows_are_refused(code: str) -> None:
    with pytest.raises(BadInput, match="got none"):
        SHIFTS[code].apply(some(code).take(np.arange(0)), np.random.default_rng(0))


@pytest.mark.parametrize("code", SHIFTS)
def test_a_shift_says_what_it_does(code: str) -> None:
    shift = SHIFTS[code]
    assert shift.code == code
    assert shift.null in NULLS
    assert shift.title
    assert shift.source
    assert shift.description.endswith(".")
    assert "{" not in shift.description
    # A size that the sentence does not name would be a size that nobody can read.
    changed = shift.at(shift.size / 2).description != shift.description
    assert changed or shift.unit == SWITCH


def test_codes_are_unique_and_nulls_are_named() -> None:
    assert all(null.code == code and null.description.endswith(".") for code, null in NULLS.items())
    titles = Counter(shift.title for shift in SHIFTS.values())
    assert max(titles.values()) == 1


@pytest.mark.parametrize("code", NULLS)
def test_pairs_of_a_null_repeat_by_seed_and_differ_by_repeat(code: str) -> None:
    drawn, again = (list(pairs(NULLS[code], 30, 3, seed=4, reference=40)) for _ in range(2))
    assert [p.reference.shape[0] for p in drawn] == [40] * 3
    assert [p.current.shape[0] for p in drawn] == [30] * 3
    for a, b in zip(drawn, again, strict=True):
        assert_array_equal(a.current, b.current)
        assert np.isfinite(a.current).all()
    assert not np.array_equal(drawn[0].reference, drawn[1].reference)


def numbered(n: int = 60) -> Pool[Table]:
    """A population whose rows can be told apart: the row's number, and 0 for what a shift may change."""
    values = np.stack([np.arange(n, dtype=float), np.zeros(n)], axis=1)
    return Pool(Table(values, np.arange(n) % 10), lambda table: table.values, pairs_per_copy=2)


def test_reference_and_current_never_share_a_row_and_use_all_of_them() -> None:
    seen = set()
    for pair in numbered().pairs(None, 20, 50, seed=0, reference=40):
        rows = set(pair.reference[:, 0]) | set(pair.current[:, 0])
        assert len(rows) == 60
        seen |= set(pair.current[:, 0])
    assert len(seen) == 60


def test_a_knocked_out_row_is_never_drawn_and_the_rest_stays_disjoint() -> None:
    knock_out: Shift[Table] = SHIFTS["digits.knock-out-full"]
    for pair in numbered().pairs(knock_out, 20, 50, seed=0, reference=30):
        assert not (pair.current[:, 0] % 10 == 0).any()
        assert (pair.reference[:, 0] % 10 == 0).any()
        assert not set(pair.reference[:, 0]) & set(pair.current[:, 0])


def test_one_seed_draws_the_same_rows_with_and_without_a_shift() -> None:
    shift = SHIFTS["digits.noise-10"]
    for before, after in zip(
        pairs(NULLS["digits"], 100, 3, seed=9), pairs(shift, 100, 3, seed=9), strict=True
    ):
        assert_array_equal(before.reference, after.reference)
        changed = (before.current != after.current).any(axis=1).mean()
        assert 0.02 < changed < 0.25


def test_a_population_that_is_too_small_says_so() -> None:
    with pytest.raises(BadInput, match="at least 30 rows beside a reference of 40, got 20"):
        next(numbered().pairs(None, 30, 1, seed=0, reference=40))


@pytest.mark.parametrize(("n", "repeats", "reference"), [(0, 1, 10), (10, 0, 10), (10, 1, 0)])
def test_empty_windows_are_refused(n: int, repeats: int, reference: int) -> None:
    with pytest.raises(BadInput, match="at least 1"):
        next(pairs(NULLS["gaussian"], n, repeats, seed=0, reference=reference))


def test_a_shift_of_another_null_is_refused() -> None:
    with pytest.raises(BadInput, match=r"departs from image, not from digits"):
        NULLS["digits"].pairs(10, 1, seed=0, shift=SHIFTS["image.fog"])
    with pytest.raises(BadInput, match="not one of"):
        pairs(replace(SHIFTS["image.fog"], null="nowhere"), 10, 1, seed=0)
