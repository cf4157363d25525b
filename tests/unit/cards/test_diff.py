"""Diffs speak of meaning: worse first, then moved thresholds, then the rest."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from ombud.domain.evidence import EvidenceKind
from ombud_cards import build, diff
from ombud_cards.diff import ChangeKind
from unit.cards import specimen


def core(**contents: Any) -> Any:
    given = specimen.inputs()
    changed = {EvidenceKind(k): specimen.evidence_of(EvidenceKind(k), v) for k, v in contents.items()}
    return build(replace(given, evidence={**given.evidence, **changed})).core


def test_a_card_does_not_differ_from_itself() -> None:
    assert diff(core(), core()) == ()


def test_a_lost_modality_is_the_first_thing_said() -> None:
    broken = specimen.evaluation(audio=0.31)
    broken["metrics"]["accuracy.only.text"] = specimen.number(0.961, 0.944, 0.975, 1200)
    changes = diff(core(), core(evaluation=broken))
    assert changes[0].kind is ChangeKind.REGRESSION
    assert "audio" in changes[0].where
    assert changes[0].clear is True
    assert changes[-1].kind is ChangeKind.IMPROVEMENT
    assert "text" in changes[-1].where
    assert changes[-1].clear is True


def test_a_small_fall_is_a_regression_that_is_not_clear() -> None:
    (change,) = diff(core(), core(evaluation=specimen.evaluation(audio=0.932)))
    assert (change.kind, change.clear) == (ChangeKind.REGRESSION, False)


def test_swapping_the_versions_swaps_the_meaning() -> None:
    old, new = core(), core(evaluation=specimen.evaluation(audio=0.31))
    assert {c.kind for c in diff(new, old)} == {ChangeKind.IMPROVEMENT}


def test_moved_thresholds_are_called_out() -> None:
    gate = copy.deepcopy(specimen.CONTENTS[EvidenceKind.GATE])
    gate["checks"][0]["threshold"] = 0.5
    (change,) = diff(core(), core(gate=gate))
    assert (change.kind, change.before, change.after) == (ChangeKind.THRESHOLD, "0.900", "0.500")


def test_a_new_finding_is_a_regression_and_a_lost_statement_is_removed() -> None:
    bias = specimen.bias()
    bias["attributes"][1]["disparities"][1]["status"] = "finding"
    kinds = {c.kind for c in diff(core(), core(bias_audit=bias))}
    assert kinds == {ChangeKind.REGRESSION}
    silent = build(specimen.inputs(statements={})).core
    assert {c.kind for c in diff(core(), silent)} == {ChangeKind.REMOVED}


def test_difference_and_ratio_of_one_metric_are_told_apart() -> None:
    bias = specimen.bias()
    bias["attributes"][1]["disparities"][0]["value"] = specimen.number(0.16, 0.12, 0.2, 1200)
    (change,) = diff(core(), core(bias_audit=bias))
    assert change.kind is ChangeKind.REGRESSION
    assert change.where == "Disparities by writer_group, Accuracy (difference), Disparity"
    assert change.clear is True
