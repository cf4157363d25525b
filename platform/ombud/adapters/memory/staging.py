"""The state behind the memory stores, and the staged copy that a transaction works on."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field, fields
from typing import TypeVar

import rfc8785

from ombud.domain.alert import Alert
from ombud.domain.approval import Approval
from ombud.domain.card import StoredCard
from ombud.domain.events import LedgerEntry
from ombud.domain.evidence import Evidence
from ombud.domain.identity import ApiToken
from ombud.domain.ports.storage import Lease
from ombud.domain.rollout import Increment, OutboxItem, Rollout, RolloutEvent
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud.errors import OmbudError
from ombud.governance.canonical import NonFinite, jsonable
from ombud.governance.structure import structure

__all__ = ["Stage", "Tables", "given", "kept"]

T = TypeVar("T")


@dataclass
class Tables:
    """Everything stored. Values are immutable, so copying the containers copies the state."""

    ledger: list[LedgerEntry] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    cards: list[StoredCard] = field(default_factory=list)
    windows: dict[str, Window] = field(default_factory=dict)
    verdicts: dict[str, StoredVerdict] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    approvals: list[Approval] = field(default_factory=list)
    rollouts: dict[str, Rollout] = field(default_factory=dict)
    events: dict[str, tuple[RolloutEvent, ...]] = field(default_factory=dict)
    increments: dict[str, tuple[Increment, ...]] = field(default_factory=dict)
    judged: dict[str, frozenset[str]] = field(default_factory=dict)
    outbox: dict[str, OutboxItem] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    tokens: dict[str, ApiToken] = field(default_factory=dict)
    answers: dict[str, tuple[str, int, bytes]] = field(default_factory=dict)

    def staged(self) -> Tables:
        """A copy to work on."""
        return Tables(**{f.name: copy.copy(getattr(self, f.name)) for f in fields(self)})


class Stage:
    """One transaction's view of the tables.

    Args:
        tables: Its own copy when it may write, the committed state when it only reads.
        writable: Whether it was opened for writing.
    """

    def __init__(self, tables: Tables, *, writable: bool) -> None:
        self._tables = tables
        self._writable = writable
        self.over = False

    def read(self) -> Tables:
        """The tables, to look at."""
        if self.over:
            raise OmbudError(
                "transaction: expected an open one, got one that was committed or left",
                remedy="Open a new one with begin().",
            )
        return self._tables

    def write(self) -> Tables:
        """The tables, to change."""
        if not self._writable:
            raise OmbudError(
                "transaction: expected one for writing, got begin(write=False)",
                remedy="Open it with begin(write=True).",
            )
        return self.read()


def kept(noun: T, *, nonfinite: NonFinite = "refuse") -> T:
    """``noun`` as a database would keep it: independent of the caller's objects, JSON inside.

    Raises:
        BadInput: A field cannot be written as canonical JSON.
    """
    content = rfc8785.dumps(jsonable(noun, nonfinite=nonfinite))
    return structure(type(noun), json.loads(content))


def given(noun: T) -> T:
    """A copy to hand out, so that a caller who changes it changes nothing here."""
    return copy.deepcopy(noun)
