"""Rollouts: compare-and-set, append-only events, evidence counted once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import increment, rollout, transition
from ombud.domain.ports import UnitOfWork
from ombud.domain.rollout import RolloutState
from ombud.errors import BadInput, Conflict, NotFound, StaleTransition


def test_a_rollout_comes_back_as_it_was(uow: UnitOfWork) -> None:
    started = replace(rollout(), control=None, resume_to=RolloutState.RAMP, reason="first champion")
    with uow.begin() as tx:
        tx.rollouts.create(started, transition())
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.rollouts.get("r-1") == started
        assert tx.rollouts.events("r-1") == [transition()]
        with pytest.raises(NotFound):
            tx.rollouts.get("r-9")


def test_a_rollout_is_created_once_and_with_its_first_event(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.rollouts.create(rollout(), transition())
        with pytest.raises(Conflict, match="exists already"):
            tx.rollouts.create(rollout(), transition())
        with pytest.raises(BadInput, match="expected seq 1"):
            tx.rollouts.create(rollout("r-2", seq=2), transition("r-2", seq=2))
        with pytest.raises(BadInput, match="its event is of"):
            tx.rollouts.create(rollout("r-2"), transition("r-3"))


def test_rollouts_list_newest_first_by_model_and_state(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        for n, model in enumerate(("digits", "digits", "other")):
            tx.rollouts.create(rollout(f"r-{n}", model=model, minutes=n), transition(f"r-{n}"))
        tx.rollouts.advance(
            rollout("r-1", seq=2, state=RolloutState.GATED, minutes=1), transition("r-1", seq=2)
        )
        assert [r.rollout_id for r in tx.rollouts.list()] == ["r-2", "r-1", "r-0"]
        assert [r.rollout_id for r in tx.rollouts.list(model="digits")] == ["r-1", "r-0"]
        assert [r.rollout_id for r in tx.rollouts.list(states=[RolloutState.GATED])] == ["r-1"]
        assert list(tx.rollouts.list(states=[])) == []


def test_a_stale_transition_writes_nothing(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.rollouts.create(rollout(), transition())
        tx.rollouts.advance(rollout(seq=2, state=RolloutState.GATED), transition(seq=2, key="k-2"))
        with pytest.raises(StaleTransition, match="expected seq 1, got 2"):
            tx.rollouts.advance(rollout(seq=2, state=RolloutState.REFUSED), transition(seq=2, actor="late"))
        with pytest.raises(StaleTransition, match="expected seq 3, got 2"):
            tx.rollouts.advance(rollout(seq=4), transition(seq=4))
        with pytest.raises(StaleTransition, match="recorded already as event 2"):
            tx.rollouts.advance(rollout(seq=3), transition(seq=3, key="k-2"))
        with pytest.raises(NotFound):
            tx.rollouts.advance(rollout("r-9", seq=2), transition("r-9", seq=2))
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.rollouts.get("r-1").state is RolloutState.GATED
        assert [e.seq for e in tx.rollouts.events("r-1")] == [1, 2]


def test_increments_count_a_look_and_a_request_once(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.rollouts.create(rollout(), transition())
        tx.rollouts.create(rollout("r-2"), transition("r-2"))
        # Late labels of the shadow arrive in a look of the ramp: one look, one segment, two stages.
        late = replace(increment(1), stage=RolloutState.SHADOW, step=0)
        both = [late, increment(1), increment(1, segment="audio+text")]
        tx.rollouts.add_increments("r-1", both[::-1], ["q-1", "q-2"])
        with pytest.raises(StaleTransition, match="look"):
            tx.rollouts.add_increments("r-1", [increment(1)], ["q-3"])
        with pytest.raises(StaleTransition, match="q-2"):
            tx.rollouts.add_increments("r-1", [increment(2)], ["q-3", "q-2"])
        with pytest.raises(BadInput, match="twice"):
            tx.rollouts.add_increments("r-1", [increment(2)], ["q-3", "q-3"])
        with pytest.raises(NotFound):
            tx.rollouts.add_increments("r-9", [increment(1)], [])
        tx.rollouts.add_increments("r-1", [increment(2)], [])
        tx.rollouts.add_increments("r-2", [increment(1)], ["q-1"])
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.rollouts.increments("r-1") == [*both, increment(2)]
        assert tx.rollouts.judged("r-1") == {"q-1", "q-2"}
        assert tx.rollouts.judged("r-9") == frozenset()


def test_thousands_of_requests_fit_one_look(uow: UnitOfWork) -> None:
    names = [f"q-{n}" for n in range(2500)]
    with uow.begin() as tx:
        tx.rollouts.create(rollout(), transition())
        tx.rollouts.add_increments("r-1", [increment(1)], names)
        with pytest.raises(StaleTransition, match="q-2400"):
            tx.rollouts.add_increments("r-1", [increment(2)], [*(f"p-{n}" for n in range(2500)), "q-2400"])
        assert tx.rollouts.judged("r-1") == set(names)


def test_numbers_that_json_cannot_say_are_refused(uow: UnitOfWork) -> None:
    bad = replace(transition(seq=2), evidence={"e_value": float("nan")})
    with uow.begin() as tx:
        tx.rollouts.create(rollout(), transition())
        with pytest.raises(BadInput, match=r"evidence\.e_value: expected a finite number, got nan"):
            tx.rollouts.advance(rollout(seq=2), bad)
