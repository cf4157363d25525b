"""A core is deterministic, canonical, and each number in it can be followed to its proof."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ombud.domain.evidence import EvidenceKind
from ombud.errors import BadInput
from ombud.governance.canonical import canonical, digest
from ombud_cards import AnnexInputs, Statement, build, completeness
from ombud_cards.catalogue import FIELDS, SECTIONS
from ombud_cards.citing import resolve
from ombud_cards.completeness import fields
from unit.cards import specimen


def numbers(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "better" in value:
            yield value
        for below in value.values():
            yield from numbers(below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from numbers(below)


def field(core: Any, key: str) -> dict[str, Any]:
    return next(dict(f) for f in fields(core) if f["key"] == key)


def test_same_inputs_same_bytes() -> None:
    one, two = build(specimen.inputs()), build(specimen.inputs())
    assert canonical(one.core) == canonical(two.core)
    assert canonical(one.annex) == canonical(two.annex)


def test_a_card_survives_the_store() -> None:
    core = build(specimen.inputs()).core
    assert digest(json.loads(canonical(core))) == digest(core)


def test_every_number_stands_where_it_says() -> None:
    given = specimen.inputs()
    documents = {e.digest: e for e in given.evidence.values()}
    found = list(numbers(build(given).core))
    assert len(found) > 80
    for number in found:
        proof = number["evidence"]
        there = resolve(documents[proof["digest"]].content, proof["pointer"])
        value, low = (there["value"], there["low"]) if isinstance(there, dict) else (there, None)
        assert (number["value"], number["low"]) == (value, low)
        assert number["ledger_seq"] == given.ledger_seq[proof["digest"]]
        assert proof["run_id"] == documents[proof["digest"]].run_id


def test_changing_one_number_in_the_evidence_changes_the_core() -> None:
    worse = specimen.evidence_of(EvidenceKind.EVALUATION, specimen.evaluation(audio=0.932))
    given = specimen.inputs()
    other = replace(given, evidence={**given.evidence, EvidenceKind.EVALUATION: worse})
    assert digest(build(given).core) != digest(build(other).core)


def test_what_happens_later_changes_the_annex_and_never_the_core() -> None:
    before, after = build(specimen.inputs(annex=AnnexInputs())), build(specimen.inputs())
    assert digest(before.core) == digest(after.core)
    assert digest(before.annex) != digest(after.annex)


def test_every_field_of_the_catalogue_is_on_every_card() -> None:
    bare = build(specimen.inputs(evidence={}, statements={}, declared={}, clauses={}, annex=AnnexInputs()))
    assert [f["key"] for f in fields(bare.core)] == [s.key for s in FIELDS]
    assert {s.key.partition(".")[0] for s in FIELDS} == {key for key, _ in SECTIONS}
    assert len({s.key for s in FIELDS}) == len(FIELDS)


def test_missing_fields_are_named_never_padded() -> None:
    core = build(specimen.inputs()).core
    blank = field(core, "risk.assessment")
    assert (blank["source"], blank["value"]) == ("missing", None)
    assert blank["who"] == "compliance officer"
    missing = {m.key: m for m in completeness(core).missing}
    assert missing["risk.assessment"].clauses == ("EU AI Act, Annex IV(5)",)
    assert missing["oversight.measures"].clauses == ("EU AI Act, Art. 14", "EU AI Act, Annex IV(2)(e)")


def test_statements_say_where_they_were_given() -> None:
    given = {"risk.mitigations": Statement("Refuse below .6.", "portal", "carl@example.org", "2026-03-02")}
    said = field(build(specimen.inputs(statements=given)).core, "risk.mitigations")
    assert (said["source"], said["origin"], said["author"], said["date"]) == (
        "person", "portal", "carl@example.org", "2026-03-02",
    )  # fmt: skip


def test_a_statement_about_an_unknown_field_is_refused() -> None:
    with pytest.raises(BadInput, match=r"risk\.asessment"):
        build(specimen.inputs(statements={"risk.asessment": Statement("x", "ombud.yaml")}))


def test_completeness_adds_up_and_leaves_the_gate_out() -> None:
    given = specimen.inputs()
    with_gate = completeness(build(given).core)
    ungated = {k: v for k, v in given.evidence.items() if k is not EvidenceKind.GATE}
    without_gate = completeness(build(replace(given, evidence=ungated)).core)
    assert with_gate.total == with_gate.machine + with_gate.person + len(with_gate.missing)
    assert with_gate == without_gate
    assert 0 < with_gate.auto_filled_fraction < with_gate.fraction < 1
    assert with_gate.to_json()["fraction"] == round(with_gate.fraction, 4)


def test_a_version_made_elsewhere_has_a_card_too() -> None:
    few = {EvidenceKind.EVALUATION: specimen.evidence_of(EvidenceKind.EVALUATION, {"metrics": {}})}
    core = build(specimen.inputs(evidence=few, ledger_seq={}, annex=AnnexInputs(), modalities=())).core
    assert field(core, "architecture.family")["source"] == "missing"
    assert field(core, "quantitative.accuracy")["source"] == "missing"


def test_infinite_evidence_never_reaches_the_json() -> None:
    latest = build(specimen.inputs()).annex["drift"][2]["latest"][0]
    assert (latest["outcome"], latest["e_value"]) == ("drift", None)


def test_drift_counts_windows_not_verdicts() -> None:
    drift = {d["modality"]: d for d in build(specimen.inputs()).annex["drift"]}
    assert [(drift[m]["looks"], drift[m]["fired"]) for m in ("text", "image", "audio")] == [
        (9, 0),
        (9, 0),
        (9, 3),
    ]
    assert [t["outcome"] for t in drift["text"]["timeline"]][2] == "not_applicable"
