"""Building a stored card: over the memory twins and over SQLite, with a real registry twin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts import tiny_model
from ombud.adapters.memory import MemoryUnitOfWork
from ombud.adapters.memory.clock import MemoryClock
from ombud.adapters.memory.ids import MemoryIds
from ombud.adapters.memory.registry import MemoryRegistry
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.approval import Approval, ApprovalKind, Decision
from ombud.domain.card import StoredCard
from ombud.domain.evidence import EvidenceKind
from ombud.domain.identity import Actor, Role
from ombud.domain.model_version import Alias, ModelVersion, Submission
from ombud.domain.ports import UnitOfWork
from ombud.errors import NotFound
from ombud.governance.canonical import digest
from ombud.governance.ledger import unseal, verify
from ombud.project import parse_project
from ombud_app.services.card_service import CardService
from ombud_app.services.recording import Recorder
from ombud_cards import completeness, render_html
from ombud_cards.completeness import fields
from unit.cards import specimen

PROJECT = """
name: digits
task: {labels: [zero, one, two]}
modalities: [text, audio]
data: {training: x.parquet}
governance:
  owners: [anna@example.org]
  regulations: [ai_act]
  card: {risk.mitigations: Refuse below .6.}
"""


class House:
    """A card service with everything it needs, and hands to put evidence on record."""

    def __init__(self, uow: UnitOfWork, folder: Path) -> None:
        self.folder = folder
        self.uow = uow
        self.clock = MemoryClock()
        self.registry = MemoryRegistry(self.clock)
        self.recorder = Recorder(uow, self.clock)
        self.cards = CardService(uow, self.registry, self.clock, MemoryIds(), parse_project(PROJECT))

    def register(self) -> ModelVersion:
        self.clock.advance(minutes=1)
        number = len(self.registry.versions("digits")) + 1
        trained = tiny_model.trained(self.folder / str(number), number / 10)
        data = tiny_model.dataset()
        return self.registry.register(
            Submission(
                "digits",
                trained,
                tiny_model.LABELS,
                tiny_model.MODALITIES,
                data,
                {"train": data},
                f"run {number}",
            )
        )

    def record(self, kind: EvidenceKind, version: int, **changes: object) -> str:
        self.clock.advance(minutes=1)
        content = {**specimen.CONTENTS[kind], **changes}
        return self.recorder.record(kind, "digits", version, content, run_id="run-1", reason="test").digest

    def actions(self) -> list[str]:
        with self.uow.begin(write=False) as tx:
            return [unseal(e).action for e in tx.ledger.entries()]


@pytest.fixture(params=["memory", "sqlite"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    uow: UnitOfWork = (
        MemoryUnitOfWork() if request.param == "memory" else SqlUnitOfWork(f"sqlite:///{tmp_path}/ombud.db")
    )
    made = House(uow, tmp_path / "models")
    made.record(EvidenceKind.DATA_SHEET, 0)
    made.record(EvidenceKind.DATA_AUDIT, 0)
    made.register()
    for kind in (EvidenceKind.TRAINING, EvidenceKind.EVALUATION, EvidenceKind.BIAS_AUDIT):
        made.record(kind, 1)
    return made


def field(card: StoredCard, key: str) -> dict[str, object]:
    return next(dict(f) for f in fields(card.core) if f["key"] == key)


def test_a_card_is_stored_with_its_ledger_entry(house: House) -> None:
    card = house.cards.build(
        "digits", 1, actor=Actor("anna", frozenset({Role.MODEL_OWNER})), request_id="q-1"
    )
    with house.uow.begin(write=False) as tx:
        current = tx.cards.current("digits", 1)
        entries = tx.ledger.entries()
    assert current is not None
    assert digest(current.core) == card.core_digest == digest(card.core)
    assert digest(current.annex) == card.annex_digest
    event = unseal(entries[-1])
    assert (event.action, event.subject, event.after) == ("card.built", "model:digits/1", card.core_digest)
    assert (event.actor, event.role, event.request_id) == ("anna", "model_owner", "q-1")
    assert verify(entries).ok


def test_numbers_name_the_ledger_entry_that_recorded_them(house: House) -> None:
    card = house.cards.build("digits", 1)
    seq = field(card, "quantitative.accuracy")["ledger_seq"]
    assert isinstance(seq, int)
    with house.uow.begin(write=False) as tx:
        entry = tx.ledger.entries(after=seq - 1, limit=1)[0]
    assert unseal(entry).after == field(card, "quantitative.accuracy")["evidence"]["digest"]  # type: ignore[index]


def test_building_again_says_nothing_new_and_writes_nothing(house: House) -> None:
    first = house.cards.build("digits", 1)
    before = house.actions()
    house.clock.advance(hours=1)
    assert house.cards.build("digits", 1) == first
    assert house.actions() == before


def test_what_happens_later_keeps_the_core(house: House) -> None:
    first = house.cards.build("digits", 1)
    house.registry.set_alias("digits", Alias.CHAMPION, 1)
    with house.uow.begin() as tx:
        tx.approvals.add(
            Approval(
                "a-1", ApprovalKind.RELEASE, "digits", 1, first.core_digest,
                house.registry.version("digits", 1).model_digest, "anna", Role.MODEL_OWNER,
                Decision.APPROVED, "read", house.clock.now(),
            )
        )  # fmt: skip
        tx.commit()
    second = house.cards.build("digits", 1)
    assert second.core_digest == first.core_digest
    assert second.annex_digest != first.annex_digest
    assert "1 approved, 0 refused" in render_html(second)


def test_new_evidence_changes_the_core_and_the_ledger_says_so(house: House) -> None:
    first = house.cards.build("digits", 1)
    house.record(EvidenceKind.GATE, 1)
    second = house.cards.build("digits", 1)
    assert second.core_digest != first.core_digest
    with house.uow.begin(write=False) as tx:
        event = unseal(tx.ledger.entries()[-1])
    assert (event.before, event.after) == (first.core_digest, second.core_digest)
    assert "no longer count" in event.reason


def test_data_of_a_later_version_does_not_creep_into_an_older_card(house: House) -> None:
    first = house.cards.build("digits", 1)
    house.record(EvidenceKind.DATA_SHEET, 0, provenance="Something else.")
    house.register()
    assert house.cards.build("digits", 1).core_digest == first.core_digest
    newer = house.cards.build("digits", 2)
    assert field(newer, "data.provenance")["value"] == "Something else."
    assert field(newer, "identity.previous_version")["value"] == "1"


def test_training_evidence_decides_which_data_sheet_is_meant(house: House) -> None:
    meant = house.record(EvidenceKind.DATA_SHEET, 0, provenance="The one.")
    house.record(EvidenceKind.DATA_SHEET, 0, provenance="Another.")
    house.register()
    house.record(EvidenceKind.TRAINING, 2, data_sheet=meant)
    assert field(house.cards.build("digits", 2), "data.provenance")["value"] == "The one."


def test_a_version_from_elsewhere_has_the_sheet_of_the_data_it_was_judged_on(house: House) -> None:
    def sheet(provenance: str, test_digest: str) -> None:
        splits = {"test": {"n": 3, "digest": test_digest, "labels": {}, "modalities": {}}}
        house.record(EvidenceKind.DATA_SHEET, 0, provenance=provenance, splits=splits)
        house.record(EvidenceKind.DATA_AUDIT, 0, findings=[], about=provenance)

    def judged(test_digest: str) -> None:
        dataset = {"name": "test", "digest": test_digest, "n": 3, "synthetic": True}
        house.record(EvidenceKind.EVALUATION, 2, dataset=dataset)

    def provenance() -> object:
        return field(house.cards.build("digits", 2), "data.provenance")["value"]

    sheet("In force when it was registered.", "sha256:a")
    house.register()
    judged("sha256:b")
    sheet("The test data it was judged on.", "sha256:b")
    assert provenance() == "The test data it was judged on."
    first = house.cards.build("digits", 2).core_digest
    sheet("The same test data, with more to learn from.", "sha256:b")
    sheet("Other test data.", "sha256:c")
    assert house.cards.build("digits", 2).core_digest == first
    judged("sha256:c")
    assert provenance() == "Other test data."


def test_people_and_clauses_come_from_the_project(house: House) -> None:
    card = house.cards.build("digits", 1)
    assert field(card, "identity.owners")["value"] == ["anna@example.org"]
    assert field(card, "risk.mitigations")["source"] == "person"
    missing = {m.key: m.clauses for m in completeness(card.core).missing}
    assert "EU AI Act, Annex IV(5)" in missing["risk.assessment"]
    json.dumps(card.core, allow_nan=False)


def test_a_bare_version_has_a_card_too(house: House) -> None:
    house.register()
    card = house.cards.build("digits", 2)
    assert 0 < completeness(card.core).fraction < 1


def test_an_unknown_version_is_not_found_and_nothing_is_written(house: House) -> None:
    before = house.actions()
    with pytest.raises(NotFound):
        house.cards.build("digits", 9)
    assert house.actions() == before
