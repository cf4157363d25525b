"""Tests of categories against scipy and against enumeration; codes of texts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, chi2_contingency, hypergeom

from ombud.domain.verdict import Outcome
from ombud.errors import BadInput
from ombud_monitors.two_sample import Categories, CategoryCodes, Windows
from ombud_monitors.two_sample.categories import enough_expected
from ombud_monitors.two_sample.contingency import Tables


def codes(rng: np.random.Generator, n: int, *shares: list[float]) -> NDArray[np.int64]:
    return np.stack([rng.choice(len(p), n, p=p) for p in shares], axis=1)


def table(x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.int64]:
    distinct = np.union1d(x, y)
    return np.stack([(side[:, None] == distinct).sum(axis=0) for side in (x, y)])


def test_many_rows_give_pearsons_test_with_bonferroni() -> None:
    rng = np.random.default_rng(0)
    shares = [0.5, 0.3, 0.2], [0.25] * 4, [0.6, 0.4]
    x, y = codes(rng, 500, *shares), codes(rng, 350, *shares)
    scipy = [chi2_contingency(table(x[:, j], y[:, j]), correction=False) for j in range(3)]
    verdict = Categories().fit(x).test(y, seed=0)
    best = min(scipy, key=lambda found: found.pvalue)
    assert verdict.statistic == pytest.approx(best.statistic)
    assert verdict.p_value == pytest.approx(min(1.0, 3 * best.pvalue))


def test_small_counts_give_the_exact_test_of_the_table() -> None:
    """All tables with these margins, weighed as the hypergeometric law does."""
    x, y = np.repeat([0, 1], [20, 2]), np.repeat([0, 1], [8, 5])
    verdicts = [Categories().fit(x).test(y, seed=seed) for seed in range(12)]
    counts = np.arange(8)
    weight = hypergeom(35, 7, 13).pmf(counts)
    square = (counts / 13 - (7 - counts) / 22) ** 2
    exact = weight[square >= square[5] - 1e-12].sum()
    # 12 times 999 splits: a standard error of .0024.
    assert np.mean([verdict.p_value or 0.0 for verdict in verdicts]) == pytest.approx(exact, abs=0.008)
    assert "permuted" in verdicts[0].reason


def test_few_rows_are_enumerated() -> None:
    x, y = np.array([0, 0, 0, 0, 1]), np.array([1, 1, 1, 1, 1, 0])
    verdict = Categories(permutations=999).fit(x).test(y, seed=0)
    counts = np.arange(1, 7)
    weight = hypergeom(11, 6, 6).pmf(counts)
    square = (counts / 6 - (6 - counts) / 5) ** 2
    assert verdict.p_value == pytest.approx(weight[square >= square[4] - 1e-12].sum())


def test_new_categories_count_like_any_other() -> None:
    rng = np.random.default_rng(1)
    x, y = codes(rng, 400, [0.5, 0.5]), codes(rng, 300, [0.45, 0.45, 0.1])
    verdict = Categories().fit(x).test(y, seed=0)
    assert verdict.p_value == pytest.approx(
        chi2_contingency(table(x[:, 0], y[:, 0]), correction=False).pvalue
    )
    assert verdict.causes[0].name == "column 0: category 2"
    assert verdict.causes[0].reference == 0.0
    assert Categories().fit(y).test(x, seed=0).statistic == pytest.approx(verdict.statistic)


def test_names_and_order_of_codes_are_nothing_to_the_test() -> None:
    rng = np.random.default_rng(2)
    x, y = codes(rng, 300, [0.4, 0.4, 0.2]), codes(rng, 200, [0.3, 0.4, 0.3])
    other = np.array([2**40 + 3, -7, 12])
    plain, named = (Categories().fit(a).test(b, seed=0) for a, b in ((x, y), (other[x], other[y])))
    assert (plain.statistic, plain.p_value) == pytest.approx((named.statistic, named.p_value))


def test_the_effect_is_the_total_variation_distance_with_its_interval() -> None:
    rng = np.random.default_rng(3)
    x, y = codes(rng, 2000, [0.5, 0.3, 0.2]), codes(rng, 1500, [0.35, 0.3, 0.35])
    verdict = Categories().fit(x).test(y, seed=0)
    counts = table(x[:, 0], y[:, 0])
    shares = counts / counts.sum(axis=1, keepdims=True)
    assert verdict.effect == pytest.approx(np.abs(shares[1] - shares[0]).sum() / 2)
    assert verdict.effect_low is not None
    assert verdict.effect_high is not None
    assert verdict.effect_low < 0.15 < verdict.effect_high
    half = np.sqrt(chi2.isf(0.05, 2) * (1 / 2000 + 1 / 1500)) / 2
    assert verdict.effect_high - verdict.effect_low == pytest.approx(2 * half)


def test_squares_of_rows_are_pearsons_for_every_split() -> None:
    rng = np.random.default_rng(4)
    x, y = codes(rng, 40, [0.5, 0.3, 0.2], [0.7, 0.3]), codes(rng, 30, [0.5, 0.3, 0.2], [0.7, 0.3])
    tables = Tables.of(Windows.of(x, y))
    pooled = np.concatenate([x, y])
    splits = np.stack([rng.permutation(70) < 30 for _ in range(5)])
    for split, squares in zip(splits, tables.squares(splits), strict=True):
        expected = [
            chi2_contingency(table(pooled[~split, j], pooled[split, j]), correction=False).statistic
            for j in range(2)
        ]
        assert squares == pytest.approx(expected)
    assert tables.square_of(float(tables.scores(tables.squares(splits))[0, 0]), 0) == pytest.approx(
        tables.squares(splits)[0, 0]
    )


def test_clusters_are_permuted_and_one_odd_cluster_is_no_drift() -> None:
    rng = np.random.default_rng(5)
    x, y = codes(rng, 600, [0.5, 0.5]), codes(rng, 300, [0.5, 0.5])
    who, them = (np.arange(600) % 12).astype(str), np.char.add("c", (np.arange(300) % 6).astype(str))
    y[them == "c0"] = 1
    rows, clusters = Categories().fit(x).test(y, seed=0), Categories().fit(x, clusters=who)
    verdict = clusters.test(y, clusters=them, seed=0)
    assert rows.p_value is not None
    assert verdict.p_value is not None
    assert verdict.p_value > 3 * rows.p_value
    assert (verdict.clusters_reference, verdict.clusters_current) == (12, 6)
    assert clusters.test(np.ones_like(y), clusters=them, seed=0).fired


def test_measurements_are_declined_with_the_number_that_would_do() -> None:
    rng = np.random.default_rng(6)
    verdict = Categories().fit(rng.normal(size=100)).test(rng.normal(size=50), seed=0)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "150 distinct values in 150 rows" in verdict.reason
    assert "300 rows of these categories would do" in verdict.reason


def test_trust_in_chi_squared_asks_for_more_at_smaller_levels() -> None:
    assert enough_expected(0.2) == enough_expected(0.01) == 5.0
    assert enough_expected(1e-4) > enough_expected(1e-3) > 20


def test_texts_keep_their_codes_in_every_window() -> None:
    made = CategoryCodes.of([["b", "x"], ["a", "x"], ["b", ""]])
    assert made.encode([["a", ""], ["b", "x"]]).tolist() == [[0, 0], [1, 1]]
    unseen = made.encode([["zebra", "x"], ["gnu", "x"], ["zebra", "x"]])[:, 0]
    assert unseen[0] == unseen[2] != unseen[1]
    assert unseen.min() >= 2**40
    assert (unseen.astype(float).astype(np.int64) == unseen).all()
    assert (unseen == CategoryCodes.of(["q"]).encode(["zebra", "gnu", "zebra"])[:, 0]).all()


def test_texts_are_coded_from_lists_arrays_and_objects_alike() -> None:
    made = CategoryCodes.of(["red", "green"])
    for given in (["green"], np.array(["green"]), np.array(["green"], dtype=object)):
        assert made.encode(given).tolist() == [[0]]


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ([1, 2], "expected texts"),
        ([None, "a"], "expected texts"),
        ([], "expected texts"),
        (np.array([], dtype=str), "non-empty"),
        ([["a", "b"]], "expected 1 columns"),
    ],
)
def test_what_is_no_text_is_refused(bad: Any, words: str) -> None:
    with pytest.raises(BadInput, match=words) as said:
        CategoryCodes.of(["a", "b"]).encode(bad)
    assert said.value.remedy


def test_windows_full_of_rare_texts_are_no_drift() -> None:
    """Were all unseen texts one category, the current window would be full of it and the reference not."""
    rng = np.random.default_rng(7)
    texts = np.array([f"w{i}" for i in range(120)])
    x, y = rng.choice(texts, 300), rng.choice(texts, 200)
    made = CategoryCodes.of(x)
    verdict = Categories().fit(made.encode(x)).test(made.encode(y), seed=0)
    assert verdict.outcome is Outcome.QUIET
