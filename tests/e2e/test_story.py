"""`ombud quickstart` as its users run it: what it reports, and whether the stores say the same."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from e2e.played_story import PlayedStory
from ombud.adapters.sql import SqlUnitOfWork
from ombud.domain.model_version import Alias
from ombud.domain.rollout import RolloutState
from ombud.domain.verdict import Outcome, StoredVerdict
from ombud.governance.ledger import verify
from ombud_cards.citing import resolve

# The first test that needs the story waits for all of it.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1000)]

MODEL = "digits"
VERSIONS = (1, 2, 3)


def test_the_report_names_what_happened(story: PlayedStory) -> None:
    assert story.exit_code == 0, story.progress
    report = story.report
    assert report["ok"] is True
    assert report["failure"] == ""
    assert report["synthetic"] is True
    assert [step["number"] for step in report["steps"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert all(step["facts"] and step["look_at"] and step["seconds"] > 0 for step in report["steps"])
    assert [change["version"] for change in report["champions"]] == [1, 2]
    assert all(change["actor"] and change["reason"] and change["at"] for change in report["champions"])
    assert report["alert"]["modality"] == "audio"
    assert report["alert"]["cause"]
    assert report["alert"]["evidence"]
    assert report["alert"]["deliveries_to_webhook"] == 1
    assert report["rolled_back"] == 3
    assert report["ledger"]["ok"] is True
    assert report["ledger"]["entries"] > 0
    assert set(report["cards"]) == {"1", "2", "3"}
    assert all(digest.startswith("sha256:") for digest in report["cards"].values())


def test_progress_names_the_steps_and_their_seconds(story: PlayedStory) -> None:
    assert "synthetic data" in story.progress
    for step in story.report["steps"]:
        assert f"step {step['number']} done in {step['seconds']} s" in story.progress


def test_nothing_runs_on_when_it_has_ended(story: PlayedStory) -> None:
    assert story.remains == ()


def test_champion_is_version_2(story: PlayedStory) -> None:
    registry = story.platform.registry
    assert registry.alias(MODEL, Alias.CHAMPION) == 2
    assert [v.version for v in registry.versions(MODEL)] == [1, 2, 3]


def test_rollouts_ended_as_told(story: PlayedStory) -> None:
    with story.read() as tx:
        states = {r.challenger: r.state for r in tx.rollouts.list(model=MODEL)}
        path = [e.target for e in tx.rollouts.events(story.rollout_id(2))]
        broken = tx.rollouts.events(story.rollout_id(3))
    assert states == {1: RolloutState.PROMOTED, 2: RolloutState.PROMOTED, 3: RolloutState.ROLLED_BACK}
    stages = [RolloutState.SHADOW, RolloutState.RAMP, RolloutState.CERTIFIED, RolloutState.BAKING]
    assert [s for s in dict.fromkeys(path) if s in stages] == stages
    decision = next(e for e in broken if e.target is RolloutState.ROLLING_BACK)
    assert decision.actor == "ombud:judge"
    assert "worse" in decision.reason


@pytest.mark.parametrize("version", VERSIONS)
def test_two_people_signed_each_version(story: PlayedStory, version: int) -> None:
    with story.read() as tx:
        signed = tx.approvals.list(MODEL, version=version)
        (rollout,) = [r for r in tx.rollouts.list(model=MODEL) if r.challenger == version]
        card = tx.cards.current(MODEL, version)
    assert len({a.actor for a in signed}) == len(signed) == 2
    assert len({a.role for a in signed}) == 2
    assert rollout.submitted_by not in {a.actor for a in signed}
    assert card is not None
    digest = story.platform.registry.version(MODEL, version).model_digest
    # Rebuilding the cards at the end did not take anybody's signature away.
    assert {(a.card_digest, a.model_digest) for a in signed} == {(card.core_digest, digest)}
    assert story.report["cards"][str(version)] == card.core_digest


def test_the_alert_was_told_once_on_every_route(story: PlayedStory) -> None:
    with story.read() as tx:
        (alert,) = [a for a in tx.alerts.list(model=MODEL) if a.kind == "drift"]
        deliveries = [tx.outbox.get(f"alert:{alert.alert_id}:{n.route}") for n in story.platform.notifiers]
        windows = {tx.verdicts.get(e).window_id for e in alert.evidence}
    assert alert.alert_id == story.alert_id
    assert alert.modality == "audio"
    assert alert.links
    assert len(windows) == 2, "both shifted days are evidence of the one alert"
    assert [d.error for d in deliveries] == [""] * 3
    assert all(d.done_at is not None for d in deliveries)
    lines = [json.loads(line) for line in (story.home / "alerts.jsonl").read_text("utf-8").splitlines()]
    assert len([line for line in lines if line["alert_id"] == alert.alert_id]) == 1


def test_audio_is_blamed_on_the_shifted_days_and_nobody_else_is(story: PlayedStory) -> None:
    days = sorted({v.window_id for v in own_verdicts(story)})
    assert len(days) == 4
    paging = [v for v in own_verdicts(story) if v.verdict.fired and v.verdict.grade.pages]
    assert {v.window_id for v in paging} == set(days[2:])
    # Final answers may suffer with it; that is the harm, not another cause.
    assert {v.verdict.modality for v in paging} - {"fused"} == {"audio"}


def test_every_verdict_says_what_it_rests_on(story: PlayedStory) -> None:
    for stored in own_verdicts(story):
        v = stored.verdict
        if v.outcome is Outcome.NOT_APPLICABLE:
            assert v.reason, stored.verdict_id
            continue
        assert v.p_value is not None or v.e_value is not None, stored.verdict_id
        assert v.p_value is None or 0 < v.p_value <= 1, stored.verdict_id
        for value in (v.statistic, v.threshold, v.effect, v.minimum_detectable_effect):
            assert value is not None, stored.verdict_id
        assert v.n_reference > 0
        assert v.n_current > 0


def test_looks_cost_no_more_than_the_budget(story: PlayedStory) -> None:
    budget = story.platform.project.budget.probability
    for pages in (True, False):
        spent = sum(v.verdict.threshold or 0 for v in own_verdicts(story) if v.verdict.grade.pages is pages)
        assert 0 < spent <= budget + 1e-12


def test_second_opinions_only_advise(story: PlayedStory) -> None:
    with story.read() as tx:
        second = [v for v in tx.verdicts.list(MODEL) if v.verdict.detector.startswith("alibi-detect:")]
        evidence = {e for a in tx.alerts.list(model=MODEL) for e in a.evidence}
    assert len(second) == 12, "three modalities on four days"
    assert {v.verdict.modality for v in second} == {"text", "image", "audio"}
    assert all(v.advisory for v in second)
    assert not evidence & {v.verdict_id for v in second}


def test_an_evidently_report_stands_beside_every_window(story: PlayedStory) -> None:
    with story.read() as tx:
        windows = tx.windows.list(MODEL)
    assert len(windows) == 4
    for window in windows:
        link = window.links["Evidently report"]
        page = story.platform.artifacts.get(link.rpartition("/")[2]).decode("utf-8").strip().lower()
        assert page.startswith("<!doctype html>")
        assert page.endswith("</html>")
        assert f"<title>{window.window_id}" in page
        assert 'src="http' not in page, "it is read where there is no internet"


def test_retraining_started_from_the_alert(story: PlayedStory) -> None:
    version = story.platform.registry.version(MODEL, 2)
    assert story.alert_id in version.tags["reason"]


def test_the_ledger_verifies_and_names_who_and_why(story: PlayedStory) -> None:
    with story.read() as tx:
        entries = tx.ledger.entries()
    assert verify(entries).ok
    assert len(entries) >= story.report["ledger"]["entries"]
    then = verify(entries[: story.report["ledger"]["entries"]])
    assert then.root == story.report["ledger"]["root"]
    events = [json.loads(e.payload) for e in entries]
    assert all(e["actor"] and e["action"] and e["subject"] and e["reason"] for e in events)
    signatures = [e for e in events if e["action"].startswith("approval.")]
    assert {e["actor"] for e in signatures} == {"olga.owner@example.org", "carl.compliance@example.org"}
    assert len(signatures) == 6


def test_a_changed_byte_in_the_ledger_is_detected(story: PlayedStory, tmp_path: Path) -> None:
    copy = tmp_path / "ombud.db"
    with (
        closing(sqlite3.connect(story.home / "ombud.db")) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with closing(sqlite3.connect(copy)) as forger, forger:
        for (trigger,) in forger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            forger.execute(f"DROP TRIGGER {trigger}")
        payload = bytearray(forger.execute("SELECT payload FROM audit_event WHERE seq = 7").fetchone()[0])
        payload[len(payload) // 2] ^= 1
        forger.execute("UPDATE audit_event SET payload = ? WHERE seq = 7", (bytes(payload),))
    with SqlUnitOfWork(f"sqlite:///{copy}").begin(write=False) as tx:
        report = verify(tx.ledger.entries())
    assert not report.ok
    assert report.problems[0].startswith("entry 7:")


@pytest.mark.parametrize("version", VERSIONS)
def test_every_number_of_the_card_stands_in_its_evidence(story: PlayedStory, version: int) -> None:
    seen = 0
    with story.read() as tx:
        card = tx.cards.current(MODEL, version)
        assert card is not None
        for number in numbers(card.core):
            cited = number["evidence"]
            evidence = tx.evidence.get(cited["digest"])
            assert evidence.kind.value == cited["kind"]
            found = resolve(evidence.content, cited["pointer"])
            value = found["value"] if isinstance(found, Mapping) else found
            assert value == number["value"], cited
            seen += 1
    assert seen > 100


def own_verdicts(story: PlayedStory) -> list[StoredVerdict]:
    """What our own monitors said."""
    with story.read() as tx:
        return [v for v in tx.verdicts.list(MODEL) if not v.advisory]


def numbers(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every number in a card's core that points at a proof."""
    if isinstance(tree, Mapping):
        if "evidence" in tree and "pointer" in (tree["evidence"] or {}) and "low" in tree:
            yield tree
            return
        for value in tree.values():
            yield from numbers(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from numbers(value)
