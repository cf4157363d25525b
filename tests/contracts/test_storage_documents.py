"""Evidence and cards: content-addressed, idempotent, the newest is current."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import at, card, evidence
from ombud.domain.evidence import EvidenceKind
from ombud.domain.ports import UnitOfWork
from ombud.errors import BadInput, NotFound


def test_the_same_content_again_changes_nothing(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.evidence.put(evidence({"accuracy": 0.9, "labels": ["a"]}))
        tx.evidence.put(evidence({"labels": ["a"], "accuracy": 0.9}, minutes=5))
        tx.commit()
    with uow.begin(write=False) as tx:
        assert [e.created_at for e in tx.evidence.list("digits")] == [at()]


def test_the_same_content_about_another_version_or_by_another_run_is_found_there(uow: UnitOfWork) -> None:
    """A gate that gives yesterday's answer again has still been run today."""
    passed, failed = {"passed": True}, {"passed": False}
    with uow.begin() as tx:
        for minute, content in enumerate((passed, failed, passed)):
            tx.evidence.put(evidence(content, kind=EvidenceKind.GATE, run_id=f"run-{minute}", minutes=minute))
        tx.evidence.put(evidence(passed, kind=EvidenceKind.GATE, version=2))
        latest = [tx.evidence.latest(EvidenceKind.GATE, "digits", version) for version in (1, 2, 3)]
    assert [e and e.content["passed"] for e in latest] == [True, True, None]
    assert latest[0] is not None
    assert latest[0].run_id == "run-2"


def test_evidence_lists_newest_first(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        for minute, version in ((1, 1), (3, 2), (2, 1)):
            tx.evidence.put(evidence({"minute": minute}, version=version, minutes=minute))
        assert [e.content["minute"] for e in tx.evidence.list("digits")] == [3, 2, 1]
        assert [e.content["minute"] for e in tx.evidence.list("digits", version=1)] == [2, 1]
        assert list(tx.evidence.list("other")) == []


def test_a_digest_that_is_not_the_contents_is_refused(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        with pytest.raises(BadInput, match=r"expected digest sha256:.*Remedy"):
            tx.evidence.put(replace(evidence({"a": 1}), digest="sha256:00"))
        with pytest.raises(BadInput, match="core: expected digest"):
            tx.cards.put(replace(card(), core_digest="sha256:00"))


def test_unknown_evidence_is_not_found(uow: UnitOfWork) -> None:
    with uow.begin(write=False) as tx, pytest.raises(NotFound):
        tx.evidence.get("sha256:00")


def test_changing_what_was_handed_out_changes_nothing_stored(uow: UnitOfWork) -> None:
    content = {"labels": ["a"]}
    document = evidence(content)
    with uow.begin() as tx:
        tx.evidence.put(document)
        content["labels"].append("sneaked in")
        tx.evidence.get(document.digest).content["labels"].append("sneaked in later")
        assert tx.evidence.get(document.digest).content == {"labels": ["a"]}


def test_the_newest_build_of_a_card_is_current(uow: UnitOfWork) -> None:
    first, second = card(1), card(1, annex={"drift": 1}, minutes=5)
    with uow.begin() as tx:
        for build in (first, card(2, minutes=1), second, second):
            tx.cards.put(build)
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.cards.current("digits", 1) == second
        assert tx.cards.current("digits", 3) is None
        assert [c.version for c in tx.cards.list("digits")] == [2, 1]
        assert tx.cards.list("digits")[1] == second
