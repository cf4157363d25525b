"""The ledger: every way of tampering with a stored chain is found and placed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.storage_examples import event
from ombud.domain.events import LedgerEntry
from ombud.errors import BadInput, Corrupted
from ombud.governance.ledger import GENESIS, seal, unseal, verify
from ombud.governance.merkle import EMPTY_ROOT, leaf_hash, root


def chain(n: int, *, word: str = "n") -> list[LedgerEntry]:
    entries: list[LedgerEntry] = []
    for i in range(n):
        previous = entries[-1].entry_hash if entries else GENESIS
        entries.append(seal(i + 1, previous, event(**{word: str(i)})))
    return entries


def test_a_whole_chain_is_fine() -> None:
    entries = chain(9)
    report = verify(iter(entries))
    assert report.ok
    assert not report.problems
    assert (report.count, report.head) == (9, entries[-1].entry_hash)
    assert report.root == root([leaf_hash(e.payload) for e in entries]).hex()
    assert not report.anchored, "nothing outside vouches for its end"
    assert [unseal(e).details["n"] for e in entries] == [str(i) for i in range(9)]


def test_an_empty_ledger_is_fine() -> None:
    report = verify([])
    assert (report.ok, report.count, report.head, report.root) == (True, 0, GENESIS, EMPTY_ROOT.hex())


@given(st.data(), st.integers(2, 8))
def test_any_edited_byte_is_found_at_its_entry(data: st.DataObject, n: int) -> None:
    entries = chain(n)
    at = data.draw(st.integers(0, n - 1))
    payload = bytearray(entries[at].payload)
    payload[data.draw(st.integers(0, len(payload) - 1))] ^= data.draw(st.integers(1, 255))
    entries[at] = replace(entries[at], payload=bytes(payload))
    report = verify(entries)
    assert not report.ok
    assert len(report.problems) == 1
    assert report.problems[0].startswith(f"entry {at + 1}: payload hashes to")


Tampering = Callable[[list[LedgerEntry]], list[LedgerEntry]]


def _reseal(entries: list[LedgerEntry]) -> list[LedgerEntry]:
    """Forge entry 3 with fitting hashes of its own, and leave the rest."""
    forged = seal(3, entries[1].entry_hash, event(n="forged"))
    return [*entries[:2], forged, *entries[3:]]


@pytest.mark.parametrize(
    ("tamper", "place"),
    [
        (lambda e: e[:2] + e[3:], "entry 3"),
        (lambda e: e[1:], "entry 1"),
        (lambda e: [*e[:2], e[3], e[2], *e[4:]], "entry 3"),
        (lambda e: [*e[:3], e[2], *e[3:]], "entry 4"),
        (lambda e: [*e[:2], replace(e[0], seq=3, previous_hash=e[1].entry_hash), *e[3:]], "entry 3"),
        (lambda e: [*e[:2], replace(e[2], previous_hash=GENESIS), *e[3:]], "entry 3"),
        (lambda e: [*e[:2], replace(e[2], entry_hash=GENESIS), *e[3:]], "entry 3"),
        (lambda e: [*e[:2], replace(e[2], leaf_hash=GENESIS), *e[3:]], "entry 3"),
        (_reseal, "entry 4"),
    ],
    ids=["deleted", "first deleted", "swapped", "repeated", "moved payload", "unlinked", "broken hash",
         "wrong leaf", "forged"],
)  # fmt: skip
def test_tampering_is_found_where_it_is(tamper: Tampering, place: str) -> None:
    report = verify(tamper(chain(6)))
    assert not report.ok
    assert report.problems[0].startswith(place), report.problems


def test_a_cut_or_rewritten_ledger_is_found_only_against_a_checkpoint() -> None:
    entries = chain(6)
    held = (4, verify(entries[:4]).root)
    assert verify(entries, checkpoint=held).anchored
    assert verify(entries[:4], checkpoint=held).ok
    for fake in (entries[:3], chain(6, word="rewritten"), []):
        assert verify(fake).ok, "consistent in itself"
        report = verify(fake, checkpoint=held)
        assert not report.ok
        assert not report.anchored
        assert report.problems[-1].startswith("checkpoint: 4 entries")
    assert verify(entries, checkpoint=(0, EMPTY_ROOT.hex())).anchored


def test_entries_are_numbered_from_one() -> None:
    with pytest.raises(BadInput, match="expected seq >= 1, got 0"):
        seal(0, GENESIS, event())


@pytest.mark.parametrize("payload", [b"\xff", b"[]", b'{"actor":"anna"}'])
def test_a_payload_that_is_no_event_is_corrupted(payload: bytes) -> None:
    with pytest.raises(Corrupted):
        unseal(replace(chain(1)[0], payload=payload))
