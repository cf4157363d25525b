"""The outbox: effects promised once, carried out by the one worker that holds the lease."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import at, outbox_item
from ombud.domain.ports import Lease, UnitOfWork
from ombud.errors import NotFound, StaleTransition


def test_a_key_is_promised_once_and_pending_comes_oldest_first(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.outbox.add(outbox_item("late", minutes=2))
        tx.outbox.add(outbox_item("early", minutes=1))
        tx.outbox.add(replace(outbox_item("early", minutes=0), effect="something else"))
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.outbox.pending() == [outbox_item("early", minutes=1), outbox_item("late", minutes=2)]
        assert [item.key for item in tx.outbox.pending(limit=1)] == ["early"]
        with pytest.raises(NotFound):
            tx.outbox.get("never")


def test_tries_are_counted_and_done_is_done(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.outbox.add(outbox_item("k"))
        lease = tx.outbox.acquire("worker", "w-1", now=at(), seconds=30)
        assert lease == Lease("worker", "w-1", 1, at(0.5))
        tx.outbox.mark_failed("k", error="registry does not answer\0")
        assert tx.outbox.pending() == [
            replace(outbox_item("k"), attempts=1, error="registry does not answer\ufffd")
        ]
        tx.outbox.mark_done("k", at=at(1), fence=lease.fence)
        done = replace(outbox_item("k"), attempts=2, done_at=at(1))
        assert tx.outbox.get("k") == done
        tx.outbox.mark_done("k", at=at(2), fence=lease.fence)
        tx.outbox.mark_failed("k", error="too late\0")
        assert tx.outbox.get("k") == done
        assert list(tx.outbox.pending()) == []
        with pytest.raises(NotFound):
            tx.outbox.mark_done("never", at=at(), fence=lease.fence)
        with pytest.raises(NotFound):
            tx.outbox.mark_failed("never", error="")


def test_a_running_lease_is_renewed_by_its_owner_and_refused_to_others(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        assert tx.outbox.lease("worker") is None
        first = tx.outbox.acquire("worker", "w-1", now=at(), seconds=60)
        assert tx.outbox.acquire("worker", "w-2", now=at(0.5), seconds=60) is None
        renewed = tx.outbox.acquire("worker", "w-1", now=at(0.5), seconds=60)
        assert first is not None
        assert renewed == replace(first, expires_at=at(1.5))
        assert tx.outbox.lease("worker") == renewed


def test_an_old_fence_may_not_write(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.outbox.add(outbox_item("k"))
        old = tx.outbox.acquire("worker", "w-1", now=at(), seconds=60)
        other = tx.outbox.acquire("sealer", "w-1", now=at(), seconds=60)
        new = tx.outbox.acquire("worker", "w-2", now=at(1), seconds=60)
        assert old
        assert other
        assert new
        assert old.fence < new.fence
        assert len({old.fence, new.fence, other.fence}) == 3, "a fence names one lease"
        with pytest.raises(StaleTransition, match=f"fence {old.fence} is not current"):
            tx.outbox.mark_done("k", at=at(2), fence=old.fence)
        assert tx.outbox.get("k").done_at is None
        back = tx.outbox.acquire("worker", "w-1", now=at(2), seconds=60)
        assert back
        assert back.fence > new.fence
        tx.outbox.mark_done("k", at=at(2), fence=back.fence)
