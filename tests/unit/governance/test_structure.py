"""Back from JSON to the domain's nouns."""

from __future__ import annotations

import json
import math

import pytest

from contracts.storage_examples import (
    alert,
    approval,
    card,
    event,
    evidence,
    increment,
    outbox_item,
    rollout,
    token,
    transition,
    verdict,
    window,
)
from ombud.domain.alert import AlertStatus
from ombud.domain.rollout import RolloutPlan, Step
from ombud.domain.verdict import Contribution
from ombud.errors import Corrupted
from ombud.governance.canonical import canonical, jsonable
from ombud.governance.structure import structure

NOUNS = [
    alert("a-1", status=AlertStatus.RESOLVED),
    approval("s-1"),
    card(),
    event(n="1"),
    evidence({"accuracy": 0.5, "labels": ["a", None, True]}),
    increment(3),
    outbox_item("k"),
    rollout(),
    token(),
    transition(seq=2),
    window("2026-11-01"),
]


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: type(noun).__name__)
def test_every_noun_survives_the_round_trip(noun: object) -> None:
    assert structure(type(noun), json.loads(canonical(noun))) == noun


def test_infinities_survive_where_they_were_spelled() -> None:
    said = verdict("v-1")
    assert structure(type(said), jsonable(said, nonfinite="text")) == said
    lost = Contribution("loudness", math.nan, 0.5, math.inf)
    back = structure(Contribution, jsonable(lost, nonfinite="text"))
    assert math.isnan(back.reference)
    assert back.effect == math.inf


def test_fields_added_later_take_their_defaults_and_unknown_ones_are_ignored() -> None:
    plan = structure(RolloutPlan, {"alpha": 0.1, "steps": [{"weight": 0.5, "min_requests": 1}], "new": 1})
    assert plan == RolloutPlan(alpha=0.1, steps=(Step(0.5, 1),))


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"weight": 0.5},
        {"weight": "half", "min_requests": 1},
        {"weight": 0.5, "min_requests": True},
        {"weight": 0.5, "min_requests": "1"},
    ],
)
def test_another_shape_is_corrupted(document: object) -> None:
    with pytest.raises(Corrupted, match="stored Step"):
        structure(Step, document)
