"""Streaming e-detectors against brute force, closed forms and their own laws."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kstest, norm

from ombud.errors import BadInput, Corrupted
from ombud_monitors.sequential.streaming import (
    Cusum,
    Delays,
    RankStream,
    RunLengths,
    ShiryaevRoberts,
    average_run_length,
    mean_delay,
)
from ombud_monitors.sequential.streaming.bins import Bins
from ombud_monitors.sequential.streaming.payoffs import CELLS, NORMAL_SCORES, PAYOFFS, PRIOR, moved, stretched
from ombud_monitors.sequential.streaming.portfolio import MEMORY, Portfolio
from ombud_monitors.sequential.streaming.ranks import SequentialRanks
from ombud_monitors.sequential.streaming.scores import Scores
from ombud_monitors.sequential.streaming.wealth import LARGEST, CusumWealth, SummedWealth

RECIPES = [ShiryaevRoberts(), Cusum(arl=200, adaptive=0.3), ShiryaevRoberts(arl=50, adaptive=0)]


def normal(rng: np.random.Generator, n: int, d: int = 4) -> np.ndarray:
    return rng.normal(size=(n, d))


def fitted(recipe: ShiryaevRoberts | Cusum | None = None, *, rows: int = 400, d: int = 4) -> RankStream:
    return (recipe or ShiryaevRoberts()).fit(normal(np.random.default_rng(1), rows, d), seed=2)


# Payoffs: densities on the ranks.


def test_every_bet_has_expectation_one_and_pays_what_the_density_says() -> None:
    assert PAYOFFS.shape == (CELLS, len(PRIOR))
    assert PAYOFFS.mean(axis=0) == pytest.approx(np.ones(len(PRIOR)), abs=1e-12)
    assert (PAYOFFS > 0).all()
    assert PRIOR.sum() == pytest.approx(1)
    z = norm.ppf((np.arange(100, CELLS - 100) + 0.5) / CELLS)
    assert moved(1.5)[100:-100] == pytest.approx(np.exp(1.5 * z - 1.5**2 / 2), rel=1e-3)
    assert stretched(2.0)[100:-100] == pytest.approx(norm.pdf(z / 2) / 2 / norm.pdf(z), rel=1e-3)
    assert NORMAL_SCORES[100:-100] == pytest.approx(z, rel=1e-2, abs=1e-4)


def test_the_growth_of_a_bet_is_the_divergence() -> None:
    """Betting on the true move grows by ``b^2 / 2`` a row, by half a squared normal score."""
    for by in (0.25, 0.5, 1.0):
        assert float((moved(by) * np.log(moved(by))).mean()) == pytest.approx(by**2 / 2, rel=1e-3)


# Scores.


def test_scores_are_whitened_and_point_where_they_say() -> None:
    rng = np.random.default_rng(3)
    d = 6
    mixed = rng.normal(size=(20_000, d)) @ (np.eye(d) + 0.2 * rng.normal(size=(d, d))) + 5
    scores = Scores.fit(mixed)
    values = scores.many(mixed)
    assert values.shape == (len(mixed), d + d + 2)
    assert np.cov(values[:, :d].T) == pytest.approx(np.eye(d), abs=0.02)
    assert values.std(axis=0) == pytest.approx(np.ones(2 * d + 2), abs=0.02)
    # Fisher's direction for one shift of all coordinates, in units of their standard deviations.
    spread = mixed.std(axis=0)
    best = np.linalg.solve(np.cov(mixed.T), spread)
    common = scores.matrix[-1]
    assert abs(common @ best) / np.linalg.norm(common) / np.linalg.norm(best) == pytest.approx(1, abs=1e-3)
    assert (values[:, -1] * scores.length[1] + scores.length[0]) == pytest.approx(
        (values[:, :d] ** 2).sum(axis=1)
    )
    assert [scores.name(k) for k in (0, d, 2 * d, 2 * d + 1)] == [
        ("coordinate 0", 0),
        ("principal 0", None),
        ("common", None),
        ("norm", None),
    ]


def test_a_whitened_coordinate_keeps_nearly_all_of_its_signal() -> None:
    """Equicorrelation .5 between 32: the share of the Fisher information of one coordinate's shift."""
    d, best = 32, np.linalg.inv(0.5 * np.eye(32) + 0.5)[0, 0]
    rng = np.random.default_rng(4)
    rows = (rng.normal(size=(20_000, d)) + rng.normal(size=(20_000, 1))) / np.sqrt(2)
    scores = Scores.fit(rows)
    kept = scores.many(np.eye(d)[:1])[0, 0] - scores.many(np.zeros((1, d)))[0, 0]
    assert kept**2 / best == pytest.approx(0.98, abs=0.02)


def test_constant_and_duplicated_columns_are_no_trouble() -> None:
    x = normal(np.random.default_rng(5), 300, 2)
    rows = np.column_stack([x, x[:, 0], np.full(300, 7.0)])
    stream = ShiryaevRoberts().fit(rows, seed=1)
    quiet = [*x[0], x[0, 0], 7.0]
    assert not stream.update(quiet).alarm
    left = stream.update_many([[*row, row[0], 8.0] for row in x[:20]])
    assert left[-1].alarm


# Ranks.


def brute_ranks(past: np.ndarray, rows: np.ndarray, edges: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    seen = [np.searchsorted(edges, v) for v in past]
    ranks = []
    for value, u in zip(rows, uniform, strict=True):
        place = np.searchsorted(edges, value)
        below, beside = sum(s < place for s in seen), sum(s == place for s in seen)
        ranks.append((below + u * (beside + 1)) / (len(seen) + 1))
        seen.append(place)
    return np.array(ranks)


@pytest.mark.parametrize("digits", [0, 1, 15])
def test_ranks_are_counted_as_defined(digits: int) -> None:
    """Ties, coarse values and values far outside included."""
    rng = np.random.default_rng(6)
    past, rows = rng.normal(size=(200, 3)).round(digits), 2 * rng.normal(size=(60, 3)).round(digits)
    rows[5], rows[6] = 1e6, -1e6
    uniform = rng.random((60, 3))
    bins = Bins.fit(past[:80])
    one, many = SequentialRanks.of(bins, past), SequentialRanks.of(bins, past)
    stepwise = np.array([one.next(x, u) for x, u in zip(rows, uniform, strict=True)])
    together = np.concatenate([many.many(rows[:7], uniform[:7]), many.many(rows[7:], uniform[7:])])
    assert (stepwise == together).all()
    assert (one.below == many.below).all()
    assert one.rows == 260
    for k in range(3):
        assert stepwise[:, k] == pytest.approx(
            brute_ranks(past[:, k], rows[:, k], bins.edges[k], uniform[:, k])
        )


@pytest.mark.parametrize("kind", ["continuous", "coin", "rounded"])
def test_ranks_are_uniform_and_independent_over_time(kind: str) -> None:
    rng = np.random.default_rng(7)
    x = rng.standard_t(2, size=(400, 60))
    x = {"continuous": x, "coin": (x > 1).astype(float), "rounded": x.round()}[kind]
    ranks = SequentialRanks.of(Bins.fit(x[:50]), x[50:60]).many(x[60:], rng.random((340, 60)))
    assert kstest(ranks.ravel(), "uniform").pvalue > 0.001
    lagged = np.corrcoef(ranks[1:].ravel(), ranks[:-1].ravel())[0, 1]
    assert abs(lagged) < 3.3 / np.sqrt(ranks[1:].size)


# Wealth.


@pytest.mark.parametrize("head_start", [0.0, 5.0])
def test_wealth_is_the_sum_or_the_best_over_starts(head_start: float) -> None:
    rng = np.random.default_rng(8)
    shares = np.array([[0.1, 0.2], [0.3, 0.4]])
    payoffs = np.exp(rng.normal(0, 0.4, size=(30, 2, 2)))
    summed = SummedWealth.fresh(shares, head_start=head_start)
    best = CusumWealth.fresh(shares, head_start=head_start)
    for t in range(1, 31):
        summed.add(payoffs[t - 1])
        best.add(payoffs[t - 1])
        # Wealth of a bettor who started at row j, for all j; the head start bets from the first row on.
        starts = np.array([payoffs[j:t].prod(axis=0) for j in range(t)])
        first = head_start * starts[0]
        total = shares * (starts.sum(axis=0) + first)
        assert summed.planes[0] == pytest.approx(total)
        assert best.planes[0] == pytest.approx(shares * np.maximum(starts.max(axis=0), first))
        leader, value = summed.lead()
        assert (leader, value) == (total.sum(axis=1).argmax(), pytest.approx(total.sum(axis=1).max()))
        ages = np.arange(t, 0, -1)[:, None, None] * starts
        mean_age = (shares * (ages.sum(axis=0) + t * first)).sum(axis=1) / total.sum(axis=1)
        assert summed.age(leader) == pytest.approx(mean_age[leader])
        assert best.lead()[1] <= value


@pytest.mark.parametrize("form", [SummedWealth, CusumWealth])
def test_wealth_stays_finite_however_long_an_alarm_is_ignored(form: type[SummedWealth | CusumWealth]) -> None:
    wealth = form.fresh(np.full((2, 3), 1 / 6), head_start=1.0)
    for row in range(300):
        wealth.add(np.full((2, 3), 50.0))
        if row % 64 == 0:
            wealth.trim()
    wealth.trim()
    assert wealth.lead()[1] == pytest.approx(LARGEST)
    assert np.isfinite(wealth.planes).all()
    assert wealth.age(0) == pytest.approx(300, rel=0.01)


# Portfolio.


def test_the_portfolio_pays_what_its_formula_says() -> None:
    rng = np.random.default_rng(9)
    cells = rng.integers(0, CELLS, size=(50, 5))
    portfolio, sums = Portfolio(np.zeros(5)), np.zeros(5)
    for row in cells:
        bets = np.where(sums > 0, moved(1.0)[row], moved(-1.0)[row])
        expected = np.abs(sums) @ bets / np.abs(sums).sum() if sums.any() else 1.0
        assert portfolio.bet(row) == pytest.approx(expected)
        sums = (1 - 1 / MEMORY) * sums + NORMAL_SCORES[row]
        assert portfolio.sums == pytest.approx(sums)


def test_the_portfolio_has_expectation_one_under_any_dependence_between_components() -> None:
    """All components share one rank; the expectation over it is a mean over cells."""
    sums = np.array([3.0, -1.0, 0.5])
    payoffs = [Portfolio(sums.copy()).bet(np.array([cell] * 3)) for cell in range(CELLS)]
    assert np.mean(payoffs) == pytest.approx(1)


# Streams.


@pytest.mark.parametrize("recipe", RECIPES)
def test_many_rows_are_the_rows_one_by_one_to_the_last_bit(recipe: ShiryaevRoberts | Cusum) -> None:
    rng = np.random.default_rng(10)
    rows = np.vstack([normal(rng, 150), rng.normal(0.7, size=(100, 4)).round(1)])
    one, many = fitted(recipe), fitted(recipe)
    stepwise = [one.update(x) for x in rows]
    together = [seen for part in np.split(rows, [1, 100, 130]) for seen in many.update_many(part)]
    assert stepwise == together
    assert [seen.step for seen in together] == list(range(1, 251))
    assert any(seen.alarm for seen in together[150:])


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("taken", [0, 1, 127, 128, 200])
def test_a_restored_stream_continues_bit_for_bit(recipe: ShiryaevRoberts | Cusum, taken: int) -> None:
    rng = np.random.default_rng(11)
    original = fitted(recipe)
    if taken:
        original.update_many(normal(rng, taken))
    kept = original.arrays()
    restored = recipe.restore({name: array.copy() for name, array in kept.items()})
    rows = normal(rng, 140)
    assert [restored.update(x) for x in rows[:60]] == [original.update(x) for x in rows[:60]]
    assert restored.update_many(rows[60:]) == original.update_many(rows[60:])
    assert restored.digest == original.digest
    ours, theirs = restored.arrays(), original.arrays()
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    # What was taken before is not touched by what came after.
    assert recipe.restore(kept).step == taken


def test_the_state_is_small_and_holds_no_rows() -> None:
    d = 32
    stream = fitted(rows=1000, d=d)
    before = sum(array.nbytes for array in stream.arrays().values())
    rows = normal(np.random.default_rng(12), 500, d)
    stream.update_many(rows)
    kept = stream.arrays()
    assert sum(array.nbytes for array in kept.values()) == before <= 2048 * d
    numbers = np.concatenate([array.ravel() for array in kept.values() if array.dtype.kind == "f"])
    assert not np.isin(rows, numbers).any()


def test_altered_states_are_refused() -> None:
    recipe = ShiryaevRoberts()
    kept = fitted(recipe).arrays()
    for name, array in kept.items():
        if array.dtype.kind == "f":
            changed = array.copy()
            changed.reshape(-1)[-1] += 1e-9
            with pytest.raises(Corrupted, match="digest"):
                recipe.restore({**kept, name: changed})
    with pytest.raises(BadInput, match=r"expected one of cusum version 1 .*got shiryaev_roberts version 1"):
        Cusum().restore(kept)
    with pytest.raises(BadInput, match='"arl": 500'):
        ShiryaevRoberts(arl=500).restore(kept)
    with pytest.raises(BadInput, match="got nothing"):
        recipe.restore({})


def test_the_same_seed_gives_the_same_stream_and_another_seed_another() -> None:
    reference, rows = normal(np.random.default_rng(13), 300), normal(np.random.default_rng(14), 50)
    values = [ShiryaevRoberts().fit(reference, seed=seed).update_many(rows)[-1].value for seed in (1, 1, 2)]
    assert values[0] == values[1] != values[2]


@pytest.mark.parametrize(
    ("moved_by", "leading"),
    [
        (np.array([0.0, 3.0, 0.0, 0.0, 0.0, 0.0]), "coordinate 1"),
        (np.full(6, -1.0), "common"),
    ],
)
@pytest.mark.parametrize("recipe", RECIPES[:2])
def test_an_alarm_names_the_cause_and_dates_the_change(
    recipe: ShiryaevRoberts | Cusum, moved_by: np.ndarray, leading: str
) -> None:
    rng = np.random.default_rng(15)
    stream = recipe.fit(normal(rng, 2000, 6), seed=1)
    assert not any(seen.alarm for seen in stream.update_many(normal(rng, 60, 6)))
    seen = next(s for s in stream.update_many(normal(rng, 40, 6) + moved_by) if s.alarm)
    assert seen.score == leading
    assert seen.dimension == (1 if leading == "coordinate 1" else None)
    assert seen.value >= seen.threshold == pytest.approx(1.03 * recipe.arl)
    assert seen.onset is not None
    assert abs(seen.onset - 61) <= 4


@pytest.mark.parametrize("factor", [0.4, 2.0])
def test_a_change_of_scale_is_found_by_the_norm(factor: float) -> None:
    rng = np.random.default_rng(16)
    stream = ShiryaevRoberts().fit(normal(rng, 1000, 16), seed=1)
    seen = next(s for s in stream.update_many(factor * normal(rng, 60, 16)) if s.alarm)
    assert (seen.score, seen.dimension, seen.step < 15) == ("norm", None, True)


def test_after_a_restart_the_past_is_kept_and_the_wealth_is_not() -> None:
    stream = fitted()
    stream.update_many(np.random.default_rng(17).normal(2.0, size=(30, 4)))
    rows = stream.ranks.rows
    stream.restart()
    assert stream.ranks.rows == rows
    assert stream.arrays()["wealth"][0].sum() == pytest.approx(stream.head_start)
    assert not stream.update(np.zeros(4)).alarm


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.0, 1.0], "expected rows of shape"),
        ([[0.0, 1.0, 2.0, 3.0]], "expected rows of shape"),
        (["a", "b", "c", "d"], "expected a row of 4 numbers"),
        ([0.0, np.nan, 1.0, 2.0], "not finite"),
        ([0.0, np.inf, 1.0, 2.0], "not finite"),
        ([0.0, -1e200, 1.0, 2.0], "too large"),
    ],
)
def test_bad_rows_are_refused_and_leave_the_state_alone(row: list[object], message: str) -> None:
    stream, twin = fitted(), fitted()
    with pytest.raises(BadInput, match=message):
        stream.update(row)
    good = normal(np.random.default_rng(18), 3)
    with pytest.raises(BadInput):
        stream.update_many([*good.tolist(), row] if np.ndim(row) == 1 and len(row) == 4 else [row])
    assert stream.update_many(good) == twin.update_many(good)


def test_huge_values_are_ranked_like_any_other() -> None:
    stream = fitted()
    values = [stream.update([1e120, 0.0, 0.0, 0.0]) for _ in range(5)]
    assert values[-1].alarm
    assert np.isfinite(values[-1].value)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ShiryaevRoberts(arl=1), "arl"),
        (lambda: Cusum(arl=np.inf), "arl"),
        (lambda: Cusum(adaptive=1), "adaptive"),
        (lambda: fitted(rows=99), "at least 100 rows, got 99"),
        (lambda: ShiryaevRoberts().fit(np.ones((200, 3)), seed=1), "every column is constant"),
        (lambda: ShiryaevRoberts().fit(np.full((200, 3), np.nan), seed=1), "not finite"),
        (lambda: ShiryaevRoberts().fit([["a"]] * 200, seed=1), "expected numbers"),
    ],
)
def test_bad_recipes_and_references_are_refused(make: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        make()  # type: ignore[operator]


def test_one_column_is_a_stream_too() -> None:
    rng = np.random.default_rng(19)
    stream = ShiryaevRoberts().fit(rng.normal(size=400), seed=1)
    assert not stream.update([0.3]).alarm
    assert stream.update_many(rng.normal(3.0, size=(10, 1)))[-1].alarm


# Run lengths.


def test_run_lengths_are_honest_about_what_was_cut_off() -> None:
    lengths = np.random.default_rng(20).geometric(1 / 300, 400)
    runs = RunLengths(np.minimum(lengths, 1000), lengths <= 1000, 1000)
    assert runs.estimate == pytest.approx(300, rel=0.15)
    assert runs.lower() < runs.restricted_mean < runs.estimate
    assert 200 < runs.lower() < runs.lower(0.9)
    assert runs.within(100) == (lengths <= 100).sum()
    with pytest.raises(BadInput, match="at most the horizon of 1000"):
        runs.within(1001)
    silent = RunLengths(np.full(50, 1000), np.zeros(50, bool), 1000)
    assert silent.estimate == np.inf
    assert silent.lower() <= 1000


def test_delays_know_what_they_missed() -> None:
    found = Delays(np.array([1, 3, 5, 9]), missed=0, early=1, horizon=9)
    low, high = found.interval(0.9)
    assert low < found.mean == 4.5 < high
    assert found.quantile(0.5) == 3
    assert Delays(found.delays, missed=1, early=0, horizon=9).interval()[1] == np.inf


def test_measuring_is_seeded_and_counts_every_stream() -> None:
    recipe = ShiryaevRoberts(arl=30)
    runs = [average_run_length(recipe, normal, repeats=10, seed=5, horizon=100, reference=120) for _ in "ab"]
    assert (runs[0].lengths == runs[1].lengths).all()
    found = mean_delay(
        recipe, normal, lambda rng, n: 1 + normal(rng, n), repeats=10, seed=5, horizon=50, reference=120
    )
    assert len(found.delays) + found.early == 10
    assert found.delays.min() >= 1
    with pytest.raises(BadInput, match="all of 3 streams alarmed"):
        mean_delay(
            ShiryaevRoberts(arl=2), normal, normal, repeats=3, seed=5, horizon=50, before=200, reference=120
        )
