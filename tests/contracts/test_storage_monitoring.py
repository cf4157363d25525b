"""Windows, verdicts and alerts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.storage_examples import alert, at, verdict, window
from ombud.domain.alert import AlertStatus
from ombud.domain.ports import UnitOfWork
from ombud.errors import Conflict, NotFound


def test_a_window_again_replaces_counts_and_links_only(uow: UnitOfWork) -> None:
    first = window("2026-11-02", minutes=1440)
    again = replace(first, n=120, labelled=7, links={"run": "/runs/2"}, created_at=at(9999))
    with uow.begin() as tx:
        for look in (first, window("2026-11-01"), window("2026-11-01", version=2), again):
            tx.windows.put(look)
        assert tx.windows.get(first.window_id) == replace(again, created_at=first.created_at)
        assert [w.partition for w in tx.windows.list("digits", version=1)] == ["2026-11-01", "2026-11-02"]
        assert len(tx.windows.list("digits")) == 3
        with pytest.raises(NotFound):
            tx.windows.get("digits/9/never")


def test_the_first_verdict_under_an_id_stays(uow: UnitOfWork) -> None:
    first = verdict("w/audio.harm/mmd", minutes=2)
    with uow.begin() as tx:
        assert tx.verdicts.put(first)
        assert not tx.verdicts.put(replace(first, run_id="run-2"))
        assert tx.verdicts.put(verdict("w2/audio.harm/mmd", window_id="w2", version=2, minutes=1))
        tx.commit()
    with uow.begin(write=False) as tx:
        assert tx.verdicts.get("w/audio.harm/mmd") == first, "infinities and causes included"
        assert [v.window_id for v in tx.verdicts.list("digits")] == ["w2", "w"]
        assert [v.window_id for v in tx.verdicts.list("digits", version=2)] == ["w2"]
        assert [v.version for v in tx.verdicts.list("digits", window_id="w")] == [1]
        with pytest.raises(NotFound):
            tx.verdicts.get("w/none")


def test_at_most_one_unresolved_alert_per_fingerprint(uow: UnitOfWork) -> None:
    with uow.begin() as tx:
        tx.alerts.put(alert("a-1"))
        with pytest.raises(Conflict, match="a-1 is already open"):
            tx.alerts.put(alert("a-2"))
        tx.alerts.put(alert("a-3", fingerprint="digits/1/drift/image"))
        tx.alerts.put(alert("a-1", status=AlertStatus.ACKNOWLEDGED, evidence=("v-1", "v-2")))
        found = tx.alerts.unresolved("digits/1/drift/audio")
        assert found == alert("a-1", status=AlertStatus.ACKNOWLEDGED, evidence=("v-1", "v-2"))
        with pytest.raises(Conflict, match="acknowledged"):
            tx.alerts.put(alert("a-2"))
        tx.alerts.put(alert("a-1", status=AlertStatus.RESOLVED))
        assert tx.alerts.unresolved("digits/1/drift/audio") is None
        tx.alerts.put(alert("a-2", minutes=5))
        with pytest.raises(Conflict, match="a-2"):
            tx.alerts.put(alert("a-1"))
        tx.commit()
    with uow.begin(write=False) as tx:
        assert [a.alert_id for a in tx.alerts.list(model="digits")] == ["a-2", "a-3", "a-1"]
        assert list(tx.alerts.list(model="other")) == []
        assert tx.alerts.get("a-1").status is AlertStatus.RESOLVED
        with pytest.raises(NotFound):
            tx.alerts.get("a-9")
