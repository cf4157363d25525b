"""The data files say what the law's calendar says, and every field they name is on the card."""

from __future__ import annotations

from datetime import date

import pytest

from ombud.errors import BadInput, NotFound
from ombud.regulations import all_regulations, clauses_for, load, matching
from ombud.regulations.reader import parse
from ombud_cards.catalogue import spec


def test_three_are_shipped() -> None:
    assert [r.name for r in all_regulations()] == ["ai_act", "iso_42001", "nist_ai_rmf"]


@pytest.mark.parametrize(
    ("regime", "day"),
    [
        ("amendment", date(2026, 7, 27)),
        ("transparency", date(2026, 8, 2)),
        ("transparency_grace_ends", date(2026, 12, 2)),
        ("post_market_guidance", date(2027, 9, 2)),
        ("annex_iii_high_risk", date(2027, 12, 2)),
        ("annex_i_high_risk", date(2028, 8, 2)),
    ],
)
def test_dates_of_the_ai_act(regime: str, day: date) -> None:
    assert load("ai_act").applies_from(regime) == day


@pytest.mark.parametrize(
    ("clock", "days"),
    [
        ("serious_incident", 15),
        ("widespread_or_critical", 2),
        ("death", 10),
        ("logs", 183),
        ("documentation", 3653),
    ],
)
def test_clocks_of_the_ai_act(clock: str, days: int) -> None:
    assert load("ai_act").clock(clock).days == days


def test_every_clause_names_fields_that_exist() -> None:
    for regulation in all_regulations():
        for clause in regulation.clauses:
            assert clause.fields, clause.reference
            for field in clause.fields:
                assert spec(field) is not None, f"{regulation.name} {clause.reference}: {field}"


def test_references_are_unique_and_sources_given() -> None:
    for regulation in all_regulations():
        references = [c.reference for c in regulation.clauses]
        assert len(references) == len(set(references))
        assert regulation.sources
        assert regulation.verified


@pytest.mark.parametrize("name", ["ai_act", "EU AI Act", " AI Act ", "2024/1689"])
def test_a_project_may_use_any_of_its_names(name: str) -> None:
    assert [r.name for r in matching([name])] == ["ai_act"]


def test_laws_without_a_file_are_passed_over() -> None:
    assert matching(["GDPR"]) == ()


def test_clauses_by_field_keep_their_regulation() -> None:
    asked = clauses_for(all_regulations())["risk.assessment"]
    assert {r.name for r, _ in asked} == {"ai_act", "iso_42001", "nist_ai_rmf"}
    assert ("EU AI Act", "Annex IV(5)") in {(r.title, c.reference) for r, c in asked}


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="ai_act"):
        load("gdpr")
    with pytest.raises(NotFound, match="annex_iii_high_risk"):
        load("ai_act").applies_from("tomorrow")
    with pytest.raises(NotFound, match="serious_incident"):
        load("ai_act").clock("tomorrow")


_HEAD = 'title = "T"\ncitation = "C"\nkind = "law"\nas_of = {day}\nsources = []\nverified = ""\n'
_CLAUSE = '[[clause]]\nreference = "1"\ntitle = "t"\nfields = ["identity.name"]\nregime = "later"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = ", "not valid TOML"),
        ('title = "T"', "missing"),
        (_HEAD.format(day='"soon"') + _CLAUSE, "expected a date"),
        (_HEAD.format(day="2026-01-01") + _CLAUSE, "'later', which has no date"),
    ],
)
def test_a_wrong_file_is_refused_at_load(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse("x", text)
