"""Signatures, tokens and idempotency keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import approval, at, token
from ombud.domain.approval import ApprovalKind, Decision
from ombud.domain.ports import UnitOfWork
from ombud.errors import BadInput, Conflict


def test_one_signature_per_kind_card_model_and_person(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.approvals.add(approval("a-1", minutes=2))
        with pytest.raises(Conflict, match="anna has already approved"):
            tx.approvals.add(replace(approval("a-2"), decision=Decision.REFUSED))
        with pytest.raises(Conflict):
            tx.approvals.add(approval("a-1", actor="bob"))
        tx.commit()
    with uow.begin() as tx:
        for other in (
            approval("a-3", actor="bob", minutes=1),
            approval("a-4", card_digest="sha256:new", version=2),
            approval("a-5", kind=ApprovalKind.PROMOTION),
        ):
            tx.approvals.add(other)
        tx.commit()
    with uow.begin(write=False) as tx:
        assert [a.approval_id for a in tx.approvals.list("digits")] == ["a-4", "a-5", "a-3", "a-1"]
        assert [a.approval_id for a in tx.approvals.list("digits", version=2)] == ["a-4"]
        assert tx.approvals.list("digits", kind=ApprovalKind.PROMOTION) == [
            approval("a-5", kind=ApprovalKind.PROMOTION)
        ]


def test_tokens_are_found_by_the_hash_of_their_secret(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.tokens.put(token())
        tx.tokens.put(replace(token(), revoked=True))
        with pytest.raises(Conflict, match="same secret"):
            tx.tokens.put(token("t-2"))
        tx.tokens.put(token("t-2", secret_hash="sha256:other"))
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.tokens.by_hash("sha256:s") == replace(token(), revoked=True)
        assert tx.tokens.by_hash("sha256:unknown") is None
        assert [t.token_id for t in tx.tokens.list()] == ["t-1", "t-2"]


def test_the_first_answer_of_a_key_stays(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        assert tx.idempotency.get("k") is None
        tx.idempotency.put("k", request_digest="sha256:r", status=201, body=b"\x00made", at=at())
        tx.idempotency.put("k", request_digest="sha256:r", status=200, body=b"again", at=at(1))
        assert tx.idempotency.get("k") == ("sha256:r", 201, b"\x00made")
        with pytest.raises(Conflict, match="another request"):
            tx.idempotency.put("k", request_digest="sha256:x", status=201, body=b"", at=at())


def test_a_naive_time_is_refused(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        with pytest.raises(BadInput, match="expected a time zone"):
            tx.tokens.put(replace(token(), created_at=at().replace(tzinfo=None)))
        with pytest.raises(BadInput, match="expected a time zone"):
            tx.idempotency.put("k", request_digest="", status=200, body=b"", at=at().replace(tzinfo=None))
