"""What ``monitors`` in a project file may say."""

from __future__ import annotations

import typing

import pytest

from ombud.errors import BadInput
from ombud.project import parse_project
from ombud.project.schema import SecondOpinion
from ombud_monitors.backends.alibi import DETECTORS

PROJECT = """
name: digits
environment: {environment}
task: {{labels: ["0", "1"]}}
data: {{training: digits.parquet}}
budget: {{probability: 0.05}}
monitors: {monitors}
"""


def project(monitors: str, environment: str = "development") -> str:
    return PROJECT.format(monitors=monitors, environment=environment)


def test_every_second_opinion_on_offer_can_be_named() -> None:
    assert {f"alibi-detect:{name}" for name in DETECTORS} == set(typing.get_args(SecondOpinion))


@pytest.mark.parametrize(
    ("monitors", "said"),
    [
        ("{audio: {second_opinion: 'alibi-detect:mdd'}}", "alibi-detect:mmd"),
        ("{fused: {second_opinion: 'alibi-detect:mmd'}}", "monitors.fused.second_opinion: expected under an"),
        ("{audio: {detector: mmd}}", "unknown key 'monitors.audio.detector'"),
    ],
)
def test_what_nobody_would_carry_out_is_refused_when_the_file_is_read(monitors: str, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_project(project(monitors))
    assert said in str(refused.value)


def test_production_needs_a_licence_for_alibi_detect() -> None:
    with pytest.raises(BadInput, match="Business Source License"):
        parse_project(project("{audio: {second_opinion: 'alibi-detect:ks'}}", "production"))


def test_the_default_budget_has_a_look_for_every_night_of_the_period() -> None:
    budget = parse_project(project("{}")).budget
    assert budget.looks == budget.period_days
