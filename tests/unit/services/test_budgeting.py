"""One budget for the whole default monitor set."""

from __future__ import annotations

from fractions import Fraction

import pytest

from ombud.domain.modality import Modality
from ombud.errors import BadInput
from ombud.project import Project, parse_project
from ombud_app.services.budgeting import affordable, budget_of
from ombud_monitors.panel import Purpose, default_panel, shares

PROJECT = """
name: digits
task: {{labels: [none, some]}}
data: {{training: training.parquet}}
budget: {{probability: 0.05, period_days: 30, {budget}}}
monitors: {{audio: {{share: {audio}}}}}
"""


def project(budget: str = "looks: 4", audio: float = 1.0) -> Project:
    return parse_project(PROJECT.format(budget=budget, audio=audio))


def codes(of: Project) -> list[str]:
    return [m.code for m in default_panel([Modality(m) for m in of.modalities])]


@pytest.mark.parametrize(
    "budget", ["looks: 4", "looks: 30", "looks: 4, open_ended: true", "looks: 7, noticing_share: 0.9"]
)
def test_any_alarm_of_any_monitor_comes_out_of_one_budget(budget: str) -> None:
    watched = project(budget)
    found = budget_of(watched)
    whole = sum(Fraction(found.level(code, look)) for code in codes(watched) for look in range(1, 100))
    assert whole <= Fraction(0.05)
    assert float(sum(Fraction(row.total) for _, row in found.table())) == pytest.approx(0.05)


def test_every_monitor_of_the_panel_has_a_part_and_the_purpose_of_its_grade() -> None:
    watched = project()
    panel = default_panel([Modality(m) for m in watched.modalities])
    found = {row.monitor: purpose for purpose, row in budget_of(watched).table()}
    assert found == {m.code: Purpose.PAGING if m.grade.pages else Purpose.NOTICING for m in panel}


def test_the_proportions_are_the_panels() -> None:
    watched = project(audio=2.0)
    found = budget_of(watched)
    for group in shares(default_panel([Modality(m) for m in watched.modalities]), {"audio": 2.0}):
        first = next(iter(group))
        for code, share in group.items():
            assert found.level(code, 1) / found.level(first, 1) == pytest.approx(share / group[first])


def test_what_pages_gets_four_fifths_unless_told_otherwise() -> None:
    def paging(of: Project) -> float:
        return sum(row.share for purpose, row in budget_of(of).table() if purpose is Purpose.PAGING)

    assert paging(project()) == pytest.approx(0.8)
    assert paging(project("looks: 4, noticing_share: 0.5")) == pytest.approx(0.5)


def test_two_strangers_among_25_speakers_can_still_be_paged() -> None:
    """The demonstration: 1 of 300 pairs of speakers is the most extreme, so 1/300 must be enough."""
    assert budget_of(project(audio=2.0)).level("audio.harm", 1) >= 1 / 300


def test_a_monitor_without_a_part_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"'smell\.harm' has no share"):
        budget_of(project()).level("smell.harm", 1)


@pytest.mark.parametrize("share", ["0", "1", "-0.1", "x"])
def test_a_share_that_leaves_one_side_nothing_is_refused(share: str) -> None:
    with pytest.raises(BadInput, match="noticing_share"):
        project(f"noticing_share: {share}")


@pytest.mark.parametrize("budget", ["looks: 4", "looks: 30", "looks: 4, open_ended: true"])
def test_a_plan_that_nobody_changes_is_paid_in_full(budget: str) -> None:
    watched = project(budget)
    found, spent = budget_of(watched), 0.0
    for look in range(1, 40):
        assert affordable(found, look, spent) == 1.0
        spent += sum(found.level(code, look) for code in codes(watched))


def test_a_plan_changed_within_a_period_spends_no_more_than_the_probability() -> None:
    spent, looked = 0.0, 0
    for budget, looks in (("looks: 4", 3), ("looks: 30", 12), ("looks: 20, noticing_share: 0.9", 9)):
        watched = project(budget)
        found = budget_of(watched)
        for look in range(looked + 1, looked + 1 + looks):
            share = affordable(found, look, spent)
            spent += sum(share * found.level(code, look) for code in codes(watched))
        looked += looks
    assert 0.045 < spent <= 0.05 * (1 + 1e-9)
    assert affordable(budget_of(project("looks: 30")), 5, 0.05) == 0.0
