"""Evaluation: exact bounds, promises that always-fire and never-fire break, studies that resume."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from scipy.stats import binomtest, kstest

from ombud.errors import BadInput
from ombud_monitors.evaluate import (
    BudgetedRuns,
    Camp,
    Cell,
    Found,
    Plan,
    Rate,
    Run,
    Tally,
    WindowPiece,
    at_least,
    budget_promises,
    contestant,
    document,
    everybody,
    histogram_text,
    keeps_level,
    page_of,
    pieces_of,
    promises_of,
    sees_something,
    tallied,
    uniformity,
    valid_p_values,
    window_pieces,
)
from ombud_monitors.evaluate.page import HEADINGS
from ombud_monitors.two_sample.registry import DETECTORS


@pytest.mark.parametrize(("hits", "repeats"), [(0, 30), (3, 200), (200, 200), (57, 1000)])
def test_intervals_are_clopper_and_pearson_s(hits: int, repeats: int) -> None:
    truth = binomtest(hits, repeats).proportion_ci(0.999, method="exact")
    assert Rate(hits, repeats).interval() == pytest.approx((truth.low, truth.high))


def test_the_most_hits_are_those_that_a_binomial_test_does_not_reject() -> None:
    most = Rate(0, 400).most(0.05)
    assert binomtest(most, 400, 0.05, alternative="greater").pvalue > 0.001
    assert binomtest(most + 1, 400, 0.05, alternative="greater").pvalue <= 0.001


def test_a_rate_counts_every_repeat_once() -> None:
    with pytest.raises(BadInput, match="from 0 to 3 hits"):
        Rate(4, 3)
    assert Rate(0, 0).interval() == (0.0, 1.0)
    assert np.isnan(Rate(0, 0).value)


def test_the_excess_of_p_values_is_the_one_sided_kolmogorov_smirnov_distance() -> None:
    p = np.random.default_rng(3).beta(0.8, 1.0, size=150)
    found = uniformity(p)
    assert found is not None
    assert found.excess == pytest.approx(kstest(p, "uniform", alternative="greater").statistic)
    assert found.shortfall == pytest.approx(kstest(p, "uniform", alternative="less").statistic)
    assert sum(found.histogram) == 150


def test_the_bound_of_the_excess_is_exact() -> None:
    rng = np.random.default_rng(4)
    bound = uniformity(rng.uniform(size=60), confidence=0.9)
    assert bound is not None
    beyond = sum(
        kstest(rng.uniform(size=60), "uniform", alternative="greater").statistic > bound.bound
        for _ in range(600)
    )
    assert 0.06 < beyond / 600 < 0.14


def test_discrete_and_conservative_p_values_are_valid_and_small_ones_are_not() -> None:
    rng = np.random.default_rng(5)
    discrete = np.ceil(rng.uniform(size=400) * 5) / 5
    for p, valid in ((discrete, True), (np.ones(400), True), (discrete - 0.2, False)):
        found = uniformity(p)
        assert found is not None
        assert found.valid is valid
    assert uniformity([]) is None


def test_a_histogram_of_text_has_a_cell_for_each_bin() -> None:
    assert histogram_text([0, 1, 8]) == " ▁█"
    assert histogram_text([0, 0]) == "  "


def _tally(p_values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Tally:
    return Tally(len(p_values), 0, int((p_values <= 0.05).sum()), tuple(p_values.tolist()))


def test_always_and_never_firing_break_a_promise_and_an_honest_test_none() -> None:
    rng = np.random.default_rng(6)
    honest = {null: _tally(rng.uniform(size=60)) for null in ("a", "b", "c")}
    always, never = (dict.fromkeys(("a", "b"), _tally(np.full(60, p))) for p in (0.0, 1.0))
    for clean, kept in ((honest, True), (always, False), (never, True)):
        for promised in (keeps_level, valid_p_values):
            found = promised("x", clean)
            assert found is not None
            assert found.kept is kept
    seeing, blind = sees_something("x", always), sees_something("x", never)
    assert seeing is not None
    assert blind is not None
    assert seeing.kept
    assert not blind.kept


def test_a_test_that_is_a_little_too_loud_on_every_null_is_found_out_by_all_together() -> None:
    loud = {str(i): Tally(40, 0, 7) for i in range(8)}
    assert all(keeps_level("x", {null: t}).kept for null, t in loud.items())  # type: ignore[union-attr]
    found = keeps_level("x", loud)
    assert found is not None
    assert not found.kept
    assert "together" in found.detail


def test_who_declines_everything_promises_nothing() -> None:
    silent = {"a": Tally(20, 20)}
    assert keeps_level("x", silent) is valid_p_values("x", silent) is sees_something("x", silent) is None


def test_a_goal_is_missed_only_where_the_repeats_deny_it() -> None:
    assert at_least("x", "", [Rate(6, 20)], 0.5).kept
    assert not at_least("x", "", [Rate(60, 200)], 0.5).kept
    assert at_least("x", "", [Rate(9, 20), Rate(6, 20)], 0.5).kept
    assert not at_least("x", "", [Rate(900, 2000), Rate(600, 2000)], 0.5).kept


def test_everybody_is_asked_and_nobody_else() -> None:
    found = everybody()
    assert {name for name, camp in found.items() if camp is Camp.OURS} == set(DETECTORS)
    assert set(found.values()) == set(Camp)
    with pytest.raises(BadInput, match="unknown detector 'nobody'"):
        contestant("nobody")
    with pytest.raises(BadInput, match="unknown detector 'nobody'"):
        Plan(only=("nobody",))
    with pytest.raises(BadInput, match="at least 20"):
        Plan(repeats=5)


def test_all_contestants_see_the_same_windows() -> None:
    seen: dict[str, list[float]] = {}
    for name in ("mean", "ks"):
        piece = WindowPiece(Cell(name, "gaussian", 30, 40), 0, 0, 3)
        seen[name] = Tally.of_json(piece.run()).p_values  # type: ignore[assignment]
        assert Tally.of_json(piece.run()).p_values == seen[name], "seeded"
    assert seen["mean"] != seen["ks"]
    # The same statistic on the same windows gives the same answers under another contestant's cell.
    other = WindowPiece(Cell("ks", "gaussian", 30, 40), 0, 1, 3)
    assert Tally.of_json(other.run()).p_values != seen["ks"], "another piece, other windows"


def test_more_repeats_keep_the_pieces_that_were_there() -> None:
    cell = Cell("ks", "gaussian", 30, 40)
    few, many = ({p.key for p in window_pieces([(cell, n)], seed=0)} for n in (40, 80))
    assert few < many


def test_no_cell_is_planned_twice_and_every_shift_has_its_null() -> None:
    for full in (False, True):
        cells = [cell for cell, _ in Plan(full=full).cells()]
        assert len(set(cells)) == len(cells)
    keys = [piece.key for piece in pieces_of(Plan(full=True))]
    assert len(set(keys)) == len(keys)


def _found(names: Mapping[str, Camp]) -> Found:
    plan = Plan(repeats=20, only=tuple(names))
    pieces = [p for p in pieces_of(plan) if isinstance(p, WindowPiece)]
    few = [p for p in pieces if p.cell.null == "gaussian" and p.cell.n_reference == 500]
    return tallied((piece, piece.run()) for piece in few)


def test_a_document_and_its_page_have_all_chapters_and_say_who_broke_what() -> None:
    names = {"ks": Camp.OURS, "always-fires": Camp.YARDSTICK, "never-fires": Camp.YARDSTICK}
    tallies = _found(names)
    found = document(Plan(repeats=20, only=tuple(names)), tallies)
    assert found["kept"], "yardsticks break promises that are not ours"
    broken = {p["about"] for p in found["promises"] if not p["kept"]}
    assert broken == {"always-fires", "never-fires"}
    assert len(promises_of(names, tallies)) == len(found["promises"])
    page = page_of(found)
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == list(HEADINGS)
    assert "**broken**" in page


def test_a_budget_is_judged_by_both_of_its_halves() -> None:
    def runs(level: float, *, shifted: int) -> BudgetedRuns:
        return BudgetedRuns.of(
            Run(lambda _, x: x > level, lambda k: float(k > 10), clean=10, shifted=shifted) for _ in range(60)
        )

    for level, keeps, sees in ((0.5, True, True), (2.0, True, False), (-1.0, False, False)):
        quiet, shifted = runs(level, shifted=0), runs(level, shifted=3)
        if not shifted.delays:
            assert quiet.any_alarm == Rate(60, 60)
            continue
        kept = [p.kept for p in budget_promises(quiet, shifted, shift="a step")]
        assert kept == [keeps, sees]


def test_windows_after_an_alarm_are_not_drawn_and_early_alarms_are_no_detections() -> None:
    drawn: list[int] = []

    def window(k: int) -> int:
        drawn.append(k)
        return k

    played = BudgetedRuns.of([Run(lambda _, x: x == 2, window, clean=5, shifted=5)])
    assert drawn == [1, 2]
    assert (played.clean_alarms, played.delays) == ((2,), ())
    late = BudgetedRuns.of([Run(lambda _, x: x == 7, window, clean=5, shifted=5)])
    assert (late.clean_alarms, late.delays) == ((None,), (2,))
    assert (late.in_time(1), late.in_time(2)) == (Rate(0, 1), Rate(1, 1))
