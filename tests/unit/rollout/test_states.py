"""The table is the machine: its laws, independent of how it is written down."""

from __future__ import annotations

import pytest

from ombud.domain.rollout import RolloutState as S
from ombud.errors import Conflict
from ombud.rollout.states import FINAL, LIVE, TRANSITIONS, allowed, check, mermaid


def reachable(start: S) -> set[S]:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for row in TRANSITIONS:
            if row.source is here and row.target not in seen:
                seen.add(row.target)
                todo.append(row.target)
    return seen


def test_every_state_is_reachable_and_every_state_can_end() -> None:
    assert reachable(S.REGISTERED) == set(S)
    for state in S:
        assert reachable(state) & set(FINAL)


def test_nothing_leaves_a_final_state() -> None:
    assert not [row for row in TRANSITIONS if row.source in FINAL]


@pytest.mark.parametrize("state", LIVE)
def test_every_live_state_can_roll_back(state: S) -> None:
    assert allowed(state, S.ROLLING_BACK)


def test_promotion_is_reached_only_through_certificate_and_bake_or_bootstrap() -> None:
    assert {row.source for row in TRANSITIONS if row.target is S.PROMOTED} == {S.BAKING, S.BOOTSTRAP}
    assert {row.source for row in TRANSITIONS if row.target is S.PROMOTING} == {S.CERTIFIED}
    assert {row.source for row in TRANSITIONS if row.target is S.CERTIFIED} == {S.RAMP, S.HOLD}


def test_no_row_twice_and_refusals_say_what_is_possible() -> None:
    assert len({(row.source, row.target) for row in TRANSITIONS}) == len(TRANSITIONS)
    with pytest.raises(Conflict, match="shadow → promoted; possible from there: ramp"):
        check(S.SHADOW, S.PROMOTED)


def test_the_picture_has_a_line_for_every_row() -> None:
    lines = mermaid().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert len(lines) == 1 + len(TRANSITIONS) + len(FINAL)
