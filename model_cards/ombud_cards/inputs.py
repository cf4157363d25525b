"""What a card is built from: everything arrives here, nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ombud.domain.alert import Alert
from ombud.domain.approval import Approval
from ombud.domain.evidence import Evidence, EvidenceKind
from ombud.domain.modality import Modality
from ombud.domain.model_version import ModelVersion
from ombud.domain.rollout import Rollout, RolloutEvent
from ombud.domain.task import Task
from ombud.domain.verdict import StoredVerdict
from ombud.domain.window import Window
from ombud_cards.schema import Clause

__all__ = ["AnnexInputs", "CardInputs", "LedgerHead", "Statement"]


@dataclass(frozen=True)
class Statement:
    """What a person stated about one field.

    Args:
        value: A sentence, or several items.
        origin: Where it was given, e.g. ``ombud.yaml: governance.owners``.
        author: Who stated it; empty where unknown.
        date: When, ISO 8601; empty where unknown.
    """

    value: str | tuple[str, ...]
    origin: str
    author: str = ""
    date: str = ""


@dataclass(frozen=True)
class LedgerHead:
    """The last ledger entry at the time of building.

    Args:
        seq: Its sequence number.
        entry_hash: Its chain hash, hex.
    """

    seq: int
    entry_hash: str


@dataclass(frozen=True)
class AnnexInputs:
    """What happened to the version since it was made; may change with every build.

    Args:
        aliases: Registry aliases that point at this version.
        approvals: Signatures for this version, oldest first.
        windows: Windows looked at, oldest first.
        verdicts: What the monitors said about them, oldest first.
        alerts: Alerts about this version, newest first.
        rollouts: Rollouts in which it took part, newest first, each with its events.
        ledger_head: The last ledger entry; None while the ledger is empty.
    """

    aliases: Sequence[str] = ()
    approvals: Sequence[Approval] = ()
    windows: Sequence[Window] = ()
    verdicts: Sequence[StoredVerdict] = ()
    alerts: Sequence[Alert] = ()
    rollouts: Sequence[tuple[Rollout, Sequence[RolloutEvent]]] = ()
    ledger_head: LedgerHead | None = None


@dataclass(frozen=True)
class CardInputs:
    """Everything a card is made of. The same inputs give the same bytes.

    Args:
        version: The version described.
        task: What it is asked to do.
        modalities: What it reads.
        evidence: The newest document of each kind; absent kinds leave their fields missing.
        ledger_seq: Evidence digest → ledger entry that recorded it.
        previous_version: The version registered before this one; None for the first.
        statements: Field key → what a person stated.
        declared: Field key → (title, sentence) pairs of the project's settings in force, e.g. the
            false-alarm budget; shown as filled by the machine because the machine keeps to them.
        clauses: Field key → clauses that ask for it, under the regulations that apply.
        annex: The living part.
    """

    version: ModelVersion
    task: Task
    modalities: tuple[Modality, ...]
    evidence: Mapping[EvidenceKind, Evidence] = field(default_factory=dict)
    ledger_seq: Mapping[str, int] = field(default_factory=dict)
    previous_version: int | None = None
    statements: Mapping[str, Statement] = field(default_factory=dict)
    declared: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    clauses: Mapping[str, Sequence[Clause]] = field(default_factory=dict)
    annex: AnnexInputs = AnnexInputs()
