"""Asking the gateway over a real socket."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from ombud.domain.inference import Variant
from ombud.domain.modality import IMAGE, TEXT
from unit.gateway.served import MODEL, Served, outputs, png


def problem(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert {"type", "title", "status", "detail", "remedy"} <= set(body)
    assert body["status"] == status
    return str(body["detail"])


def test_an_answer_and_its_record(served: Served) -> None:
    served.champion()
    answer = served.ask(
        ["hello", None],
        image=[None, png()],
        id="req",
        attributes=[{"speaker_id": "s1"}, {"speaker_id": "s2", "ombud.rollout": "forged/shadow/0"}],
        event_time="2026-01-02T03:04:05+01:00",
    )
    data = outputs(answer)
    assert data["prediction"] == ["yes", "yes"]
    assert data["probabilities"] == pytest.approx([0.4, 0.6, 0.4, 0.6])
    assert data["version"] == [1, 1]
    body = answer.json()
    assert (body["model_name"], body["model_version"], body["id"]) == (MODEL, "1", "req")
    assert body["parameters"]["request_ids"] == ["req-0", "req-1"]
    first, second = served.records()
    assert (first.request_id, first.variant, first.version) == ("req-0", Variant.CHAMPION, 1)
    assert first.present == (TEXT,)
    assert first.time == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
    assert first.attributes == {"speaker_id": "s1"}
    assert first.descriptors == {"text.length": 5.0}
    assert first.payload_digests == {TEXT: f"sha256:{hashlib.sha256(b'hello').hexdigest()}"}
    assert list(first.embeddings) == [TEXT]
    assert second.present == (IMAGE,)
    assert second.attributes == {"speaker_id": "s2"}, "clients cannot forge the platform's own names"
    assert not second.embeddings


def test_health_metadata_and_direct_versions(served: Served) -> None:
    assert served.client.get("/v2/health/live").status_code == 200
    assert served.client.get("/v2/health/ready").status_code == 503
    problem(served.client.get(f"/v2/models/{MODEL}"), 503)
    served.champion()
    assert served.client.get("/v2/health/ready").json() == {"ready": True, "models": {MODEL: True}}
    assert served.client.get("/v2").json()["name"] == "ombud"
    assert served.client.get(f"/v2/models/{MODEL}/ready").json()["ready"] is True
    metadata = served.client.get(f"/v2/models/{MODEL}").json()
    assert [t["name"] for t in metadata["inputs"]] == ["text", "image", "audio"]
    assert metadata["parameters"]["labels"] == ["no", "yes"]
    path = f"/v2/models/{MODEL}/versions/3/infer"
    while (answer := served.ask(["hi"], path=path)).status_code == 503:
        assert answer.headers["retry-after"]
    assert outputs(answer)["version"] == [3]
    assert served.records() == [], "a direct question is not traffic"


def test_tokens_are_needed_but_for_health(served: Served) -> None:
    anonymous = httpx.Client(base_url=served.url)
    assert anonymous.get("/v2/health/live").status_code == 200
    problem(anonymous.post(f"/v2/models/{MODEL}/infer", json={}), 401)
    problem(anonymous.get("/v2"), 401)
    anonymous.close()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "request body"),
        (b'{"inputs": []}', "at least one tensor"),
        (b'{"inputs": [{"name": "video", "shape": [1], "data": ["x"]}]}', "unknown tensor 'video'"),
        (b'{"inputs": [{"name": "text", "shape": [2], "data": ["x"]}]}', "expected shape [2]"),
        (b'{"inputs": [{"name": "text", "shape": [1], "data": [""]}]}', "row 0, text: the text is empty"),
        (
            b'{"inputs": [{"name": "text", "shape": [1], "data": [null]}]}',
            "row 0: all modalities are missing",
        ),
        (b'{"inputs": [{"name": "text", "shape": [1], "data": [7]}]}', "row 0, text: expected a string"),
        (b'{"inputs": [{"name": "image", "shape": [1], "data": ["%%"]}]}', "row 0, image: not valid base64"),
        (b'{"inputs": [{"name": "text", "shape": [0], "data": []}]}', "1 to 256"),
        (
            b'{"inputs": [{"name": "text", "shape": [1], "data": ["a"]}], '
            b'"parameters": {"event_time": "2026-01-01"}}',
            "with a zone",
        ),
        (
            b'{"inputs": [{"name": "text", "shape": [2], "data": ["a", "b"]}], '
            b'"parameters": {"request_ids": ["x", "x"]}}',
            "given twice",
        ),
    ],
)
def test_malformed_requests_are_refused_by_name_and_not_recorded(
    served: Served, body: bytes, said: str
) -> None:
    served.champion()
    assert said in problem(served.client.post(f"/v2/models/{MODEL}/infer", content=body), 422)
    assert served.records() == []


def test_a_corrupt_payload_is_refused_with_row_and_modality_and_nothing_is_half_written(
    served: Served,
) -> None:
    served.champion()
    answer = served.ask(["fine", "also fine"], image=[png(), png(b"JUNK")])
    assert problem(answer, 422) == "row 1, image: image cannot be decoded"
    assert answer.json()["remedy"] == "Send a PNG."
    assert served.records() == []


def test_unknown_models_and_versions(served: Served) -> None:
    served.champion()
    assert "is not served here" in problem(served.ask(["x"], path="/v2/models/other/infer"), 404)
    problem(served.client.get(f"/v2/models/{MODEL}/versions/latest"), 404)


@pytest.mark.parametrize("mood", ["nan", "raise", "shape", "hang"])
def test_a_failing_champion_is_an_error_and_the_failure_is_on_record(served: Served, mood: str) -> None:
    served.champion()
    answer = served.ask([f"{mood} 1"])
    detail = problem(answer, 502)
    assert detail.startswith("model digits version 1: ")
    assert "cheese" not in detail, "the model's inside stays inside"
    assert "roll the version back" in answer.json()["remedy"]
    (record,) = served.records()
    assert record.prediction is None
    assert record.probabilities is None
    assert record.error


def test_one_bad_row_does_not_spoil_its_neighbours(served: Served) -> None:
    served.champion()
    answer = served.ask(["raise 1", "fine"])
    assert outputs(answer)["prediction"] == ["", "yes"]
    assert outputs(answer)["probabilities"][:2] == [0.5, 0.5]
    parameters = answer.json()["parameters"]
    assert parameters["fallback"] == ["uniform", ""]
    assert [bool(p) for p in parameters["problems"]] == [True, False]
    assert [bool(r.error) for r in served.records()] == [True, False]


def test_a_request_that_comes_again_is_answered_again_and_recorded_once(served: Served) -> None:
    served.champion()
    first, again = (served.ask(["a", "b"], id="same") for _ in range(2))
    assert outputs(first) == outputs(again)
    assert "repeated" not in first.json()["parameters"]
    assert again.json()["parameters"]["repeated"] == ["same-0", "same-1"]
    assert len(served.records()) == 2
    assert served.gateway.recorder.duplicates == 2


def test_an_id_that_comes_back_with_other_inputs_is_refused(served: Served) -> None:
    served.champion()
    assert served.ask(["a"], id="same").status_code == 200
    # Whether the first record is still under way or written makes no difference.
    for _ in range(2):
        answer = served.ask(["new", "b"], request_ids=["fresh", "same-0"])
        assert "'same-0' was used before" in problem(answer, 409)
        assert len(served.records()) == 1
    assert served.ask(["else"], request_ids=["fresh"]).status_code == 200, "a refused request claims no id"


def test_a_model_that_breaks_on_bytes_it_cannot_read_is_not_blamed(tmp_path: Path) -> None:
    house = Served(tmp_path, unreadable=b"PNG cut short")
    with house.running():
        house.champion()
        answer = house.ask(["fine", "raise 1"], image=[png(), png(b"PNG cut short")])
        assert problem(answer, 422) == "row 1, image: cannot be decoded"
        assert house.records() == []
        assert problem(house.ask(["raise 1"], image=[png()]), 502)


def test_a_full_disk_sends_requests_away_and_loses_nothing(served: Served) -> None:
    served.champion()
    served.log.full = True
    answered = 0
    while (answer := served.ask(["x"] * 100, id=f"q{answered}")).status_code == 200:
        answered += 1
    assert answered == 5
    assert "behind by 500 records" in problem(answer, 503)
    assert answer.headers["retry-after"] == "1"
    assert "No space left" in answer.json()["remedy"]
    served.log.full = False
    assert len(served.records()) == 500
    assert served.ask(["x"]).status_code == 200


def test_a_body_over_the_limit_is_refused(served: Served) -> None:
    served.champion()
    served.gateway.limits = type(served.gateway.limits)(body_bytes=1000)
    assert "larger than 1000 bytes" in problem(served.ask(["x" * 2000]), 422)


def test_shutdown_writes_what_is_queued(tmp_path: Path) -> None:
    house = Served(tmp_path)
    with house.running():
        house.champion()
        for i in range(20):
            house.ask(["x"] * 5, id=f"q{i}")
    assert len(house.records()) == 100
