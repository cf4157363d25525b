"""The ledger: what happened, who did it, and whether the chain holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ombud.domain.events import LedgerEntry
from ombud.errors import BadInput
from ombud.governance.ledger import LedgerReport, verify
from ombud_app.portal.access import needs
from ombud_app.portal.needs import PortalNeeds
from ombud_app.portal.paging import Cursor, Limit, Page, cursor_of, position_of

__all__ = ["EntryItem", "Verification", "check_ledger", "entry_item", "router", "some_entries"]

router = APIRouter(prefix="/api/v1/ledger", tags=["ledger"])


class EntryItem(BaseModel):
    """An audit event in the chain."""

    seq: int = Field(examples=[41])
    event: dict[str, Any] = Field(description="The event, as it was canonicalised and hashed")
    leaf_hash: str
    previous_hash: str
    entry_hash: str


class Verification(BaseModel):
    """Whether every entry is where and what it was when it was written."""

    ok: bool
    count: int
    head: str
    root: str = Field(description="RFC 6962 Merkle root over all entries, hex")
    anchored: bool = Field(description="False: without a checkpoint held elsewhere, a cut ledger looks whole")
    problems: list[str]


def entry_item(entry: LedgerEntry) -> EntryItem:
    """An entry as the API shows it."""
    return EntryItem(
        seq=entry.seq,
        event=json.loads(entry.payload),
        leaf_hash=entry.leaf_hash,
        previous_hash=entry.previous_hash,
        entry_hash=entry.entry_hash,
    )


def check_ledger(house: PortalNeeds) -> LedgerReport:
    """Recompute every hash of the chain."""
    with house.uow.begin(write=False) as tx:
        return verify(tx.ledger.entries())


def some_entries(
    house: PortalNeeds, *, after: int, limit: int, subject: str | None, action: str | None
) -> tuple[Sequence[LedgerEntry], int | None]:
    """Up to ``limit`` matching entries after a place, and the place to go on from (None at the end)."""
    found: list[LedgerEntry] = []
    with house.uow.begin(write=False) as tx:
        while True:
            batch = tx.ledger.entries(after=after, limit=500)
            for entry in batch:
                if not _matches(entry, subject, action):
                    continue
                if len(found) == limit:
                    return found, found[-1].seq
                found.append(entry)
            if len(batch) < 500:
                return found, None
            after = batch[-1].seq


def _matches(entry: LedgerEntry, subject: str | None, action: str | None) -> bool:
    if subject is None and action is None:
        return True
    event = json.loads(entry.payload)
    return (subject is None or event["subject"] == subject) and (action is None or event["action"] == action)


@router.get("")
def list_entries(
    request: Request,
    subject: str | None = None,
    action: str | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[EntryItem]:
    """Entries from the first to the last; ``subject`` is e.g. ``model:digits/2`` or ``rollout:r-17``."""
    after = 0
    if cursor is not None:
        position = position_of(cursor)
        if not position.isdigit():
            raise BadInput(f"cursor {cursor!r} is not one of ours", remedy="Start again without a cursor.")
        after = int(position)
    found, onward = some_entries(needs(request), after=after, limit=limit, subject=subject, action=action)
    return Page(
        items=[entry_item(e) for e in found],
        next_cursor=None if onward is None else cursor_of(str(onward)),
    )


@router.get("/verification")
def verify_ledger(request: Request) -> Verification:
    """Recompute the whole chain now."""
    report = check_ledger(needs(request))
    return Verification(
        ok=report.ok,
        count=report.count,
        head=report.head,
        root=report.root,
        anchored=report.anchored,
        problems=list(report.problems),
    )
