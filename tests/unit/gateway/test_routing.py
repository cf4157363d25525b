"""Who answers: by the state of the rollout, sticky, and at once after a rollback."""

from __future__ import annotations

import threading

from ombud.domain.inference import Variant
from ombud.domain.model_version import Alias
from ombud.domain.rollout import RolloutState as S
from ombud_app.services.rollout_evidence import ROLLOUT_ATTRIBUTE
from unit.gateway.served import MODEL, Served, outputs


def test_shadow_copies_are_answered_off_the_response_path(served: Served) -> None:
    served.champion(1)
    rollout = served.walk(2, S.SHADOW)
    served.wait_route(shadow=2)
    assert outputs(served.ask(["hi", "hang 2"]))["version"] == [1, 1]
    champion, shadow = served.records(Variant.CHAMPION), served.records(Variant.SHADOW)
    assert [r.request_id for r in champion] == [r.request_id for r in shadow]
    assert {r.version for r in shadow} == {2}
    tag = f"{rollout.rollout_id}/shadow/0"
    assert {r.attributes[ROLLOUT_ATTRIBUTE] for r in champion + shadow} == {tag}
    assert "no answer within" in shadow[1].error


def test_the_ramp_is_sticky_and_keeps_its_weight(served: Served) -> None:
    served.champion(1)
    served.walk(2, S.SHADOW, S.RAMP, weight=0.3)
    served.wait_route(challenger=2)
    sessions = [f"user-{i}" for i in range(200)]
    first = outputs(served.ask(["hi"] * 200, id="a", session=sessions))["version"]
    again = outputs(served.ask(["hi"] * 200, id="b", session=sessions))["version"]
    assert first == again
    assert 0.2 < first.count(2) / 200 < 0.4
    variants = {r.version: r.variant for r in served.records()}
    assert variants == {1: Variant.CHAMPION, 2: Variant.CHALLENGER}


def test_a_failing_challenger_is_covered_by_the_champion_and_blamed(served: Served) -> None:
    served.champion(1)
    served.walk(2, S.SHADOW, S.RAMP, weight=0.5)
    served.wait_route(challenger=2)
    for mood in ("nan", "raise", "shape", "hang"):
        answer = served.ask([f"{mood} 2"] * 8, id=mood)
        data = outputs(answer)
        assert data["prediction"] == ["yes"] * 8
        assert data["version"] == [1] * 8
        assert "champion" in answer.json()["parameters"]["fallback"]
    challenger = served.records(Variant.CHALLENGER)
    assert challenger
    assert all(r.prediction is None and r.error and r.version == 2 for r in challenger)


def test_a_challenger_that_cannot_be_loaded_fails_on_record(served: Served) -> None:
    served.champion(1)
    served.walk(9, S.SHADOW)
    served.wait_route(shadow=9)
    assert outputs(served.ask(["hi"]))["version"] == [1]
    (shadow,) = served.records(Variant.SHADOW)
    assert "cannot be loaded" in shadow.error


def test_a_hold_keeps_the_traffic_as_it_is(served: Served) -> None:
    served.champion(1)
    rollout = served.walk(2, S.SHADOW, S.RAMP)
    served.wait_route(challenger=2)
    served.move(rollout, S.HOLD)
    served.gateway.routes.refresh()
    route = served.gateway.routes.of(MODEL)
    assert route is not None
    assert (route.challenger, route.weight) == (2, 0.5)


def test_promotion_and_rollback_swap_versions_without_a_failed_request(served: Served) -> None:
    served.champion(1)
    rollout = served.walk(2, S.SHADOW, S.RAMP)
    served.wait_route(challenger=2)
    failed: list[int] = []
    stop = threading.Event()

    def hammer() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            status = served.ask(["hi"], id=f"{threading.get_ident()}-{n}").status_code
            if status != 200:
                failed.append(status)

    users = [threading.Thread(target=hammer) for _ in range(3)]
    for user in users:
        user.start()
    rollout = served.move(rollout, S.CERTIFIED, S.PROMOTING, S.BAKING)
    served.wait_route(champion=2, shadow=1)
    assert outputs(served.ask(["hi"], id="baking"))["version"] == [2]
    served.move(rollout, S.ROLLING_BACK)
    served.wait_route(champion=1, shadow=None)
    assert outputs(served.ask(["hi"], id="back"))["version"] == [1]
    stop.set()
    for user in users:
        user.join()
    assert failed == []


def test_a_registry_that_was_in_use_is_served_by_its_alias(served: Served) -> None:
    served.registry.set_alias(MODEL, Alias.CHAMPION, 3)
    served.wait_route(champion=3)
    assert outputs(served.ask(["hi"]))["version"] == [3]


def test_many_clients_share_batches(served: Served) -> None:
    served.champion(1)
    predictor = served.gateway.fleet.get(MODEL, 1).predictor
    clients = [
        threading.Thread(target=lambda i=i: [served.ask(["hi"], id=f"c{i}-{j}") for j in range(20)])
        for i in range(8)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert sum(predictor.batches) == 160  # type: ignore[attr-defined]
    assert max(predictor.batches) <= 32  # type: ignore[attr-defined]
    assert len(served.records()) == 160
