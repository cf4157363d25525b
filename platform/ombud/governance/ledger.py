"""The ledger's arithmetic: sealing one event after another, and checking a whole chain.

Each entry commits to its payload (leaf hash), to its place (seq) and to everything before it
(previous hash). The Merkle root over the leaf hashes is what a checkpoint signs.

Limits: A chain that was cut at its end, or rewritten from some entry on, is consistent in itself.
Only a checkpoint held elsewhere shows that; :func:`verify` takes one and says whether it did.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from ombud.domain.events import AuditEvent, LedgerEntry
from ombud.errors import BadInput, Corrupted
from ombud.governance.canonical import canonical
from ombud.governance.merkle import EMPTY_ROOT, RunningRoot, leaf_hash
from ombud.governance.structure import structure

__all__ = ["GENESIS", "LedgerReport", "seal", "unseal", "verify"]

GENESIS = "0" * 64
"""``previous_hash`` of the first entry."""

_CHAIN_DOMAIN = b"ombud-ledger-chain-v1\x00"


@dataclass(frozen=True)
class LedgerReport:
    """What :func:`verify` found.

    Args:
        ok: True when there is no problem.
        count: Entries read.
        head: ``entry_hash`` of the last one; 64 zeros for an empty ledger.
        root: Merkle root over the leaf hashes recomputed from the payloads, hex.
        problems: One sentence each, in order of the entries.
        anchored: True when a checkpoint was given and the ledger extends it. Without one a cut or
            rewritten ledger cannot be told from a short one.
    """

    ok: bool
    count: int
    head: str
    root: str
    problems: tuple[str, ...] = ()
    anchored: bool = False


def seal(seq: int, previous_hash: str, event: AuditEvent) -> LedgerEntry:
    """The entry that puts ``event`` at place ``seq`` after ``previous_hash``.

    Args:
        seq: 1, 2, 3, ...
        previous_hash: ``entry_hash`` of the entry before, :data:`GENESIS` for the first.
        event: What happened.

    Raises:
        BadInput: ``seq`` is not positive, or the event cannot be written as canonical JSON.

    Example:
        >>> from datetime import UTC, datetime
        >>> at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> event = AuditEvent("anna", "admin", "home.made", "home", "first day", at)
        >>> entry = seal(1, GENESIS, event)
        >>> verify([entry]).ok, unseal(entry) == event
        (True, True)
    """
    if seq < 1:
        raise BadInput(f"ledger entry: expected seq >= 1, got {seq}", remedy="Number entries from 1.")
    payload = canonical(event)
    leaf = leaf_hash(payload).hex()
    return LedgerEntry(seq, payload, leaf, previous_hash, _chain(seq, previous_hash, leaf))


def unseal(entry: LedgerEntry) -> AuditEvent:
    """The event inside an entry.

    Raises:
        Corrupted: The payload is not a canonical audit event.
    """
    try:
        document = json.loads(entry.payload)
    except ValueError as problem:
        raise Corrupted(
            f"ledger entry {entry.seq}: expected canonical JSON, got {entry.payload[:80]!r}",
            remedy="Run the ledger verification and restore the entry from a backup.",
        ) from problem
    return structure(AuditEvent, document)


def verify(entries: Iterable[LedgerEntry], *, checkpoint: tuple[int, str] | None = None) -> LedgerReport:
    """Check a chain from its first entry.

    Finds an edited byte, a deleted, added or repeated row and swapped rows. After a problem the
    check goes on from what is stored, so one change is reported where it is and not again at every
    later entry.

    Args:
        entries: All entries, ascending by place as they are stored.
        checkpoint: (size, root in hex) from a checkpoint held elsewhere, already verified.

    Returns:
        The report; ``problems`` name the entry, what was expected and what was got.
    """
    problems: list[str] = []
    tree, previous, count = RunningRoot(), GENESIS, 0
    root_then = EMPTY_ROOT.hex() if checkpoint and checkpoint[0] == 0 else None
    for entry in entries:
        count += 1
        leaf = leaf_hash(entry.payload)
        problems += _problems(count, entry, leaf.hex(), previous)
        tree.add(leaf)
        previous = entry.entry_hash
        if checkpoint and tree.size == checkpoint[0]:
            root_then = tree.root().hex()
    if checkpoint and root_then != checkpoint[1]:
        problems.append(
            f"checkpoint: {checkpoint[0]} entries with root {checkpoint[1]} were recorded, "
            f"{'root ' + root_then if root_then else f'only {count} entries'} found: "
            "entries were removed or rewritten after it was signed"
        )
    root_now = tree.root().hex()
    return LedgerReport(
        not problems, count, previous, root_now, tuple(problems), checkpoint is not None and not problems
    )


def _problems(place: int, entry: LedgerEntry, leaf: str, previous: str) -> list[str]:
    found = []
    if entry.seq != place:
        found.append(
            f"entry {place}: expected seq {place}, got {entry.seq}: rows were deleted, added or swapped"
        )
    if entry.leaf_hash != leaf:
        found.append(
            f"entry {entry.seq}: payload hashes to {leaf}, but {entry.leaf_hash} was recorded: edited"
        )
    if entry.previous_hash != previous:
        found.append(f"entry {entry.seq}: expected previous hash {previous}, got {entry.previous_hash}")
    chain = _chain(entry.seq, entry.previous_hash, entry.leaf_hash)
    if entry.entry_hash != chain:
        found.append(f"entry {entry.seq}: expected entry hash {chain}, got {entry.entry_hash}")
    return found


def _chain(seq: int, previous_hash: str, leaf: str) -> str:
    material = f"{seq}\n{previous_hash}\n{leaf}\n".encode("utf-8", "surrogatepass")
    return hashlib.sha256(_CHAIN_DOMAIN + material).hexdigest()
