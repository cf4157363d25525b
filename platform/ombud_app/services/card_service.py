"""Building the card of a version out of everything on record, and putting it on record itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ombud.domain.card import StoredCard
from ombud.domain.events import AuditEvent
from ombud.domain.evidence import Evidence, EvidenceKind, JsonObject
from ombud.domain.identity import Actor, Role
from ombud.domain.modality import Modality
from ombud.domain.model_version import Alias, ModelVersion
from ombud.domain.ports import Clock, Ids, ModelRegistry, Transaction, UnitOfWork
from ombud.domain.task import Task, TaskType
from ombud.governance.canonical import digest
from ombud.governance.ledger import unseal
from ombud.project import Project
from ombud_app.services.card_statements import clauses, declared, statements
from ombud_cards import AnnexInputs, CardDraft, CardInputs, LedgerHead, build, completeness

__all__ = ["CardService"]

_SERVICE = Actor("ombud:cards", frozenset({Role.SERVICE}))
_OF_VERSION = (
    EvidenceKind.TRAINING,
    EvidenceKind.EVALUATION,
    EvidenceKind.BIAS_AUDIT,
    EvidenceKind.GATE,
)
_OF_DATA = (EvidenceKind.DATA_SHEET, EvidenceKind.DATA_AUDIT)


@dataclass(frozen=True)
class CardService:
    """Builds and stores cards.

    The core holds nothing that moves by itself, so building again after nothing but drift, alerts or
    rollouts happened keeps its digest, and with it every signature. A build that would say nothing new
    at all stores nothing.

    Args:
        uow: Where evidence is read and cards are written.
        registry: Where versions live.
        clock: Where time comes from.
        ids: Where request ids come from.
        project: The project file; its governance section speaks on the card.
    """

    uow: UnitOfWork
    registry: ModelRegistry
    clock: Clock
    ids: Ids
    project: Project

    def build(self, model: str, version: int, *, actor: Actor = _SERVICE, request_id: str = "") -> StoredCard:
        """Build the card of one version and make it the current one.

        Args:
            model: Model name.
            version: Version to describe.
            actor: Who asked for it; the ledger names them.
            request_id: Request that caused it; a fresh id where there is none.

        Raises:
            NotFound: The version does not exist, or evidence that it names is gone.
            BadInput: ``governance.card`` in the project file names an unknown field.
        """
        described = self.registry.version(model, version)
        with self.uow.begin(write=False) as tx:
            inputs = self._inputs(tx, described)
        draft = build(inputs)
        card = StoredCard(
            model=model,
            version=version,
            core_digest=digest(draft.core),
            annex_digest=digest(draft.annex),
            core=draft.core,
            annex=draft.annex,
            built_at=self.clock.now(),
        )
        with self.uow.begin() as tx:
            current = tx.cards.current(model, version)
            if current is not None and _says_the_same(current, draft):
                return current
            tx.cards.put(card)
            tx.ledger.append(_event(card, current, actor, request_id or self.ids.new("request")))
            tx.commit()
        return card

    def _inputs(self, tx: Transaction, version: ModelVersion) -> CardInputs:
        evidence = _evidence(tx, version)
        return CardInputs(
            version=version,
            task=Task(TaskType(self.project.task.type), self.project.task.labels),
            modalities=tuple(Modality(m) for m in self.project.modalities),
            evidence=evidence,
            ledger_seq=_recorded(tx, {e.digest for e in evidence.values()}),
            previous_version=max(
                (v.version for v in self.registry.versions(version.name) if v.version < version.version),
                default=None,
            ),
            statements=statements(self.project),
            declared=declared(self.project),
            clauses=clauses(self.project),
            annex=self._annex(tx, version),
        )

    def _annex(self, tx: Transaction, version: ModelVersion) -> AnnexInputs:
        name, number = version.name, version.version
        head = tx.ledger.head()
        return AnnexInputs(
            aliases=tuple(a.value for a in Alias if self.registry.alias(name, a) == number),
            approvals=tx.approvals.list(name, version=number),
            windows=tx.windows.list(name, version=number),
            verdicts=tx.verdicts.list(name, version=number),
            alerts=[a for a in tx.alerts.list(model=name) if a.version == number],
            rollouts=[
                (r, tx.rollouts.events(r.rollout_id))
                for r in tx.rollouts.list(model=name)
                if number in (r.challenger, r.control)
            ],
            ledger_head=LedgerHead(head.seq, head.entry_hash) if head else None,
        )


def _evidence(tx: Transaction, version: ModelVersion) -> dict[EvidenceKind, Evidence]:
    """The newest document of each kind about the version, and those about the data it learned from."""
    found = {kind: tx.evidence.latest(kind, version.name, version.version) for kind in _OF_VERSION}
    training = found[EvidenceKind.TRAINING]
    named: Mapping[str, object] = {**version.tags, **(training.content if training else {})}
    judged_on = _about_data(
        tx.evidence.list(version.name, version=0), found[EvidenceKind.EVALUATION], version
    )
    for kind in _OF_DATA:
        reference = named.get(kind.value)
        if isinstance(reference, str) and reference:
            found[kind] = tx.evidence.get(reference)
        else:
            found[kind] = tx.evidence.latest(kind, version.name, version.version) or judged_on.get(kind)
    return {kind: document for kind, document in found.items() if document is not None}


def _about_data(
    newest_first: Sequence[Evidence], evaluation: Evidence | None, version: ModelVersion
) -> dict[EvidenceKind, Evidence]:
    """Sheet and audit for a version that names none, because it was made elsewhere.

    The first sheet of the test data that the version was judged on, and the audit in force with it: a
    later audit of other data must not creep into the card of an older version and void its signatures.
    Before there is an evaluation, what was in force when the version was registered, else the first after.
    """
    sheets = [d for d in newest_first if d.kind is EvidenceKind.DATA_SHEET]
    audits = [d for d in newest_first if d.kind is EvidenceKind.DATA_AUDIT]
    dataset = evaluation.content.get("dataset", {}) if evaluation else {}
    fitting = [d for d in sheets if _test_digest(d) == dataset.get("digest")]
    sheet = fitting[-1] if fitting else _in_force(sheets, version.created_at)
    audit = _in_force(audits, sheet.created_at if fitting and sheet else version.created_at)
    documents = {EvidenceKind.DATA_SHEET: sheet, EvidenceKind.DATA_AUDIT: audit}
    return {kind: document for kind, document in documents.items() if document is not None}


def _in_force(newest_first: Sequence[Evidence], at: datetime) -> Evidence | None:
    before = [d for d in newest_first if d.created_at <= at]
    return before[0] if before else (newest_first[-1] if newest_first else None)


def _test_digest(sheet: Evidence) -> str:
    test = sheet.content.get("splits", {}).get("test", {})
    return str(test.get("digest", ""))


def _recorded(tx: Transaction, digests: set[str]) -> dict[str, int]:
    """Evidence digest → the first ledger entry that records it."""
    entries: dict[str, int] = {}
    after = 0
    while len(entries) < len(digests):
        page = tx.ledger.entries(after=after, limit=1000)
        if not page:
            break
        for entry in page:
            if b"evidence.recorded" in entry.payload:
                event = unseal(entry)
                if event.action == "evidence.recorded" and event.after in digests:
                    entries.setdefault(event.after, entry.seq)
        after = page[-1].seq
    return entries


def _says_the_same(current: StoredCard, draft: CardDraft) -> bool:
    """Whether core and annex agree; the ledger's head alone, which every build moves, is no news."""
    return digest(current.core) == digest(draft.core) and digest(
        {**current.annex, "ledger_head": None}
    ) == digest({**draft.annex, "ledger_head": None})


def _event(card: StoredCard, previous: StoredCard | None, actor: Actor, request_id: str) -> AuditEvent:
    if previous is None:
        reason = "card built"
    elif previous.core_digest == card.core_digest:
        reason = "annex brought up to date; core unchanged"
    else:
        reason = "card built anew; core changed, so signatures under the old one no longer count"
    roles = sorted(role.value for role in actor.roles)
    filled: JsonObject = completeness(card.core).to_json()
    return AuditEvent(
        actor=actor.identity,
        role=roles[0] if roles else "",
        action="card.built",
        subject=f"model:{card.model}/{card.version}",
        subject_digest=str(card.core["model_digest"]),
        reason=reason,
        at=card.built_at,
        before=previous.core_digest if previous else "",
        after=card.core_digest,
        request_id=request_id,
        details={"annex_digest": card.annex_digest, "filled": str(filled["fraction"])},
    )
