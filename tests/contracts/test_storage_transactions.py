"""The unit of work: all or nothing, one writer at a time, consistent snapshots."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from contracts.storage_examples import at, event, evidence, outbox_item, rollout, transition
from ombud.domain.ports import Transaction, UnitOfWork
from ombud.domain.rollout import RolloutState
from ombud.errors import OmbudError, StaleTransition
from ombud.governance.ledger import GENESIS, unseal, verify


def test_what_was_committed_is_there_with_its_ledger_entry(uow: UnitOfWork) -> None:
    document = evidence({"accuracy": 0.9})
    with uow.begin() as tx:
        tx.evidence.put(document)
        entry = tx.ledger.append(event("evidence.stored"))
        assert tx.evidence.get(document.digest) == document, "a transaction sees its own writes"
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.evidence.get(document.digest) == document
        assert tx.ledger.head() == entry
    assert entry.seq == 1
    assert entry.previous_hash == GENESIS
    assert unseal(entry) == event("evidence.stored")


def _write_everything(tx: Transaction) -> None:
    tx.evidence.put(evidence({"accuracy": 0.9}))
    tx.rollouts.create(rollout(), transition())
    tx.outbox.add(outbox_item("k"))
    tx.ledger.append(event())


def _is_empty(tx: Transaction) -> bool:
    return not (
        tx.evidence.list("digits") or tx.rollouts.list() or tx.outbox.pending() or tx.ledger.entries()
    )


def test_leaving_without_commit_leaves_nothing(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        _write_everything(tx)
    with uow.begin(write=False) as tx:
        assert _is_empty(tx)


def test_an_error_inside_leaves_nothing_and_frees_the_writer(uow: UnitOfWork) -> None:
    def fail() -> None:
        with uow.begin() as tx:
            _write_everything(tx)
            raise RuntimeError("boom")

    with pytest.raises(RuntimeError, match="boom"):
        fail()
    with uow.begin() as tx:
        assert _is_empty(tx)
        tx.ledger.append(event())
        tx.commit()


def test_a_reading_transaction_refuses_to_write(uow: UnitOfWork) -> None:
    with uow.begin(write=False) as tx, pytest.raises(OmbudError, match="begin\\(write=False\\)"):
        tx.outbox.add(outbox_item("k"))


def test_nothing_happens_through_a_transaction_that_is_over(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.commit()
        with pytest.raises(OmbudError, match="committed or left"):
            tx.ledger.append(event())
        with pytest.raises(OmbudError, match="committed or left"):
            tx.commit()
    with pytest.raises(OmbudError, match="committed or left"):
        tx.ledger.head()


def test_a_second_writer_in_the_same_thread_is_refused_instead_of_waiting_for_itself(uow: UnitOfWork) -> None:
    with uow.begin(), pytest.raises(OmbudError, match="wait for itself"), uow.begin():
        pass


def test_a_reader_keeps_its_snapshot_and_does_not_wait_for_a_writer(uow: UnitOfWork) -> None:
    with uow.begin(write=False) as reader:
        with uow.begin() as writer:
            writer.ledger.append(event())
            assert reader.ledger.head() is None
            writer.commit()
        assert reader.ledger.head() is None
        assert not reader.ledger.entries()
    with uow.begin(write=False) as reader:
        assert reader.ledger.head() is not None


def test_ledger_pages(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        written = [tx.ledger.append(event(n=str(n))) for n in range(5)]
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.ledger.entries() == written
        assert tx.ledger.entries(after=2, limit=2) == written[2:4]
        assert list(tx.ledger.entries(after=5)) == []
    assert verify(written).ok


def test_eight_threads_lose_no_write_and_keep_one_chain(uow: UnitOfWork) -> None:
    threads, writes = 8, 15

    def work(thread: int) -> None:
        for n in range(writes):
            with uow.begin() as tx:
                tx.outbox.add(outbox_item(f"{thread}:{n}", minutes=n))
                tx.ledger.append(event(thread=str(thread), n=str(n)))
                tx.commit()
            with uow.begin(write=False) as tx:
                head = tx.ledger.head()
                assert head is not None
                assert head.seq == len(tx.outbox.pending(limit=10_000)), "a torn snapshot"

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(threads)))
    with uow.begin(write=False) as tx:
        report = verify(tx.ledger.entries())
        assert report.ok, report.problems
        assert report.count == threads * writes == len(tx.outbox.pending(limit=10_000))


def test_of_racing_transitions_exactly_one_wins(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.rollouts.create(rollout(), transition())
        tx.commit()
    contenders = 8
    start = threading.Barrier(contenders)

    def race(contender: int) -> bool:
        moved = rollout(seq=2, state=RolloutState.GATED)
        step = transition(seq=2, target=RolloutState.GATED, actor=f"worker-{contender}")
        start.wait()
        try:
            with uow.begin() as tx:
                tx.rollouts.advance(moved, step)
                tx.ledger.append(event(winner=step.actor))
                tx.outbox.add(outbox_item("rollout:r-1:2:alias"))
                tx.commit()
        except StaleTransition:
            return False
        return True

    with ThreadPoolExecutor(contenders) as pool:
        wins = list(pool.map(race, range(contenders)))
    assert sum(wins) == 1
    with uow.begin(write=False) as tx:
        assert [e.seq for e in tx.rollouts.events("r-1")] == [1, 2]
        winner = tx.rollouts.events("r-1")[-1].actor
        assert winner == f"worker-{wins.index(True)}"
        assert [unseal(e).details["winner"] for e in tx.ledger.entries()] == [winner]


def test_of_racing_lease_takers_exactly_one_wins(uow: UnitOfWork) -> None:
    start = threading.Barrier(6)

    def race(contender: int) -> bool:
        start.wait()
        with uow.begin() as tx:
            lease = tx.outbox.acquire("worker", f"w-{contender}", now=at(), seconds=30)
            tx.commit()
        return lease is not None

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(race, range(6))) == 1
