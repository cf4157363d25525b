"""Every failure leaves as problem details, and never as a trace."""

from __future__ import annotations

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient

from unit.portal.conftest import ClientOf
from unit.portal.demo_house import House


def _is_problem(answer: httpx.Response, status: int) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = dict(answer.json())
    assert problem["status"] == status
    assert str(problem["type"]).startswith("urn:ombud:problem:")
    assert "Traceback" not in answer.text
    return problem


def test_an_unknown_model_names_the_known_ones(client_of: ClientOf) -> None:
    problem = _is_problem(client_of("auditor").get("/api/v1/models/nope"), 404)
    assert "digits" in str(problem["detail"])


def test_an_unknown_address_is_a_problem_too(client_of: ClientOf) -> None:
    _is_problem(client_of("auditor").get("/api/v1/nothing-here"), 404)


def test_a_wrong_method_is_a_problem_too(client_of: ClientOf) -> None:
    answer = client_of("auditor").delete("/api/v1/alerts")
    _is_problem(answer, 405)
    assert "GET" in answer.headers["allow"]


def test_no_token_says_how_to_get_one(client_of: ClientOf) -> None:
    answer = client_of("").get("/api/v1/models")
    assert "Bearer" in str(_is_problem(answer, 401)["remedy"])
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_malformed_body_points_at_its_part(client_of: ClientOf) -> None:
    answer = client_of("ci").post("/api/v1/rollouts", json={"model": "digits", "version": "two"})
    problem = _is_problem(answer, 422)
    assert problem["errors"] == [
        {
            "pointer": "#/body/version",
            "detail": "Input should be a valid integer, unable to parse string as an integer",
        }
    ]


def test_a_failure_inside_shows_nothing_of_the_inside(house: House, client_of: ClientOf) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError("password=hunter2")

    client = client_of("auditor")
    house.__dict__["registry"] = Broken()
    answer = client.get("/api/v1/models")
    problem = _is_problem(answer, 500)
    assert "hunter2" not in answer.text
    assert problem["detail"] == "something failed that should not have"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_people_get_a_page_instead(house: House, app: FastAPI) -> None:
    client = TestClient(app, cookies={"ombud_session": house.token("auditor")})
    answer = client.get("/models/nope", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "no model" in answer.text


def test_the_openapi_document_has_examples_and_problems(client_of: ClientOf) -> None:
    document = client_of("auditor").get("/api/v1/openapi.json").json()
    start = document["paths"]["/api/v1/rollouts"]["post"]
    assert start["security"] == [{"HTTPBearer": []}]
    assert {"201", "401", "403", "422"} <= set(start["responses"])
    assert document["components"]["schemas"]["Start"]["properties"]["model"]["examples"] == ["digits"]
