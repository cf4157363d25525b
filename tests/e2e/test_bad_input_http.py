"""Bad input at the server's door: one message with its remedy, the right status, nothing half-written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.fragile_house import MODEL, FragileHouse, base64_of, picture, problem, sound
from ombud.domain.evidence import EvidenceKind
from ombud_app.cli.entry import run

JUNK = b"\x00\x01 these bytes are neither a picture nor a sound"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FragileHouse]:
    made = FragileHouse(tmp_path_factory.mktemp("bad-input") / "home")
    with made.serving():
        yield made


@pytest.mark.parametrize(
    ("modality", "payload", "said"),
    [
        ("image", JUNK, "not a readable image"),
        ("image", picture()[:-40], "not a readable image"),
        ("audio", JUNK, "not a readable sound"),
        ("audio", sound()[:60], "not a readable sound"),
    ],
    ids=["image of junk", "image cut short", "audio of junk", "audio cut short"],
)
def test_corrupt_bytes(house: FragileHouse, modality: str, payload: bytes, said: str) -> None:
    with house.nothing_written():
        answer = house.ask({"text": "fine"}, {"text": "also fine", modality: base64_of(payload)})
    found = problem(answer, 422)
    assert found["detail"].startswith(f"row 1, {modality}: {said}")
    assert found["remedy"].startswith("Send a whole ")


@pytest.mark.parametrize("text", ["", " \n"])
@pytest.mark.parametrize("beside", [{}, {"image": base64_of(picture())}], ids=["alone", "beside an image"])
def test_empty_text(house: FragileHouse, text: str, beside: dict[str, str]) -> None:
    with house.nothing_written():
        found = problem(house.ask({"text": text, **beside}), 422)
    assert found["detail"] == "row 0, text: the text is empty"
    assert found["remedy"] == "Send null where the modality is absent."


def test_all_modalities_missing(house: FragileHouse) -> None:
    with house.nothing_written():
        found = problem(house.ask({"text": "fine", "image": None}, {"text": None, "image": None}), 422)
    assert found["detail"] == "row 1: all modalities are missing"
    assert found["remedy"] == "Give at least one of text, image, audio in every row."


def test_nan_probabilities_are_no_answer_and_one_whole_record_of_the_failure(house: FragileHouse) -> None:
    request_id = house.new_id()
    with house.nothing_written():
        assert problem(house.ask({"text": "nan"}, path=f"/v2/models/{MODEL}/versions/1/infer"), 502)
    found = problem(house.ask({"text": "nan"}, ids=[request_id]), 502)
    assert found["detail"] == f"model {MODEL} version 1: probabilities are not finite"
    assert "roll the version back" in found["remedy"]
    house.good_request()
    record = house.record(request_id)
    assert record is not None
    assert record.error == "probabilities are not finite"
    assert (record.probabilities, record.prediction) == (None, None)
    assert not record.unimodal


def test_nan_probabilities_beside_a_good_row_are_named_and_the_good_row_is_answered(
    house: FragileHouse,
) -> None:
    answer = house.ask({"text": "nan"}, {"text": "fine"})
    assert answer.status_code == 200
    body = answer.json()
    outputs = {o["name"]: o["data"] for o in body["outputs"]}
    assert outputs["prediction"] == ["", "yes"]
    assert body["parameters"]["fallback"] == ["uniform", ""]
    first, second = body["parameters"]["problems"]
    assert first.startswith("probabilities are not finite. Do not act on this answer.")
    assert second == ""


def test_nan_probabilities_are_refused_by_the_evaluation(
    house: FragileHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["--home", str(house.home), "models", "evaluate", MODEL, "1"])
    told = capsys.readouterr().err
    assert code == 2
    assert "the first is that about 'test-spoilt' (image, text): probabilities are not finite" in told
    assert "Remedy: Mend the model" in told
    with house.platform.uow.begin(write=False) as tx:
        for kind in (EvidenceKind.EVALUATION, EvidenceKind.REFERENCE, EvidenceKind.BIAS_AUDIT):
            assert tx.evidence.latest(kind, MODEL, 1) is None
        assert not tx.cards.list(MODEL)


def test_unknown_label(house: FragileHouse) -> None:
    known = house.good_request()
    with house.nothing_written():
        found = problem(house.label((known, "yes"), (known, "perhaps")), 422)
    assert found["detail"] == "unknown label 'perhaps': expected one of ['no', 'yes']"
    assert "Correct the label" in found["remedy"]


def test_duplicate_request_id_with_the_same_inputs_is_answered_again_and_recorded_once(
    house: FragileHouse,
) -> None:
    row = {"text": "again", "image": base64_of(picture())}
    known = house.new_id()
    first = house.ask(row, ids=[known])
    with house.nothing_written():
        again = house.ask(row, ids=[known])
    assert first.json()["outputs"] == again.json()["outputs"]
    assert again.json()["parameters"]["repeated"] == [known]


def test_duplicate_request_id_with_other_inputs(house: FragileHouse) -> None:
    known = house.good_request()
    with house.nothing_written():
        found = problem(house.ask({"text": "new"}, {"text": "other"}, ids=[house.new_id(), known]), 409)
    assert found["detail"] == f"request id {known!r} was used before with other inputs"
    assert "an id of its own" in found["remedy"]


def test_duplicate_request_id_within_one_request(house: FragileHouse) -> None:
    with house.nothing_written():
        found = problem(house.ask({"text": "one"}, {"text": "two"}, ids=["same", "same"]), 422)
    assert found["detail"] == "parameters.request_ids: an id is empty or given twice"
    assert found["remedy"] == "Give each row its own id."


def test_a_label_for_an_unknown_request(house: FragileHouse) -> None:
    with house.nothing_written():
        found = problem(house.label(("r-unheard-of", "yes")), 404)
    assert found["detail"] == "none of these requests is in the inference log: 'r-unheard-of'"
    assert found["remedy"].startswith("Correct the request ids")


def test_a_label_for_an_unknown_request_among_others(house: FragileHouse) -> None:
    answer = house.label((house.good_request(), "yes"), ("r-unheard-of", "yes"))
    assert answer.status_code == 207
    assert answer.json()["accepted"] == 1
    (found,) = answer.json()["problems"]
    assert (found["request_id"], found["status"]) == ("r-unheard-of", 404)
    assert found["remedy"]


def test_gateway_and_portal_complain_in_one_shape(house: FragileHouse) -> None:
    with house.nothing_written():
        gateway = problem(house.client.post(f"/v2/models/{MODEL}/infer", content=b"{"), 422)
        portal = problem(house.client.post("/api/v1/labels", content=b"{"), 422)
        assert gateway["type"] == portal["type"] == "urn:ombud:problem:bad-input"
        for path in ("/v2/models/none", "/api/v1/models/none"):
            assert problem(house.client.get(path), 404)["type"] == "urn:ombud:problem:not-found"
        for path in ("/v2", "/api/v1/models"):
            stranger = house.client.get(path, headers={"Authorization": "Bearer wrong"})
            assert problem(stranger, 401)["type"] == "urn:ombud:problem:unauthenticated"
