"""What the guides say is what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from ombud.errors import BadInput
from ombud.project import parse_project
from ombud.project.json_schema import json_schema
from ombud.project.schema import Governance, Project
from ombud_app.services.card_statements import clauses, declared, statements
from ombud_cards.catalogue import FIELDS

_DOCS = Path(__file__).parents[3] / "docs"
_GUIDE = (_DOCS / "project-file.md").read_text(encoding="utf-8")


def example() -> str:
    found = re.search(r"```yaml\n(.*?)```", _GUIDE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_published_schema_is_in_step() -> None:
    published = json.loads((_DOCS / "schema" / "ombud.schema.json").read_text(encoding="utf-8"))
    remedy = "run: python -m ombud.project.json_schema > docs/schema/ombud.schema.json"
    assert published == json.loads(json.dumps(json_schema())), remedy


def test_the_example_is_a_project_for_ombud_and_for_the_schema() -> None:
    assert parse_project(example()).name == "digits"
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(example()))


def test_the_example_of_who_brings_a_model_is_a_project_too() -> None:
    guide = (_DOCS / "bring-your-own-model.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    assert parse_project(text).trainer is None


def test_the_schema_refuses_what_ombud_refuses() -> None:
    wrong = yaml.safe_load(example()) | {"nmae": "digits"}
    assert list(jsonschema.Draft202012Validator(json_schema()).iter_errors(wrong))


def test_the_guide_names_every_key() -> None:
    for key in [*Project.model_fields, *Governance.model_fields]:
        assert re.search(rf"`[^`]*\b{key}\b[^`]*`", _GUIDE), key


def test_the_card_guide_names_every_field() -> None:
    guide = (_DOCS / "model-card.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+\.\w+)` \|", guide, re.MULTILINE) == [s.key for s in FIELDS]


def test_the_example_fills_what_people_fill() -> None:
    project = parse_project(example())
    said = statements(project)
    assert said["identity.owners"].value == ("anna@example.org",)
    assert said["risk.assessment"].origin == "ombud.yaml: governance.card.risk.assessment"
    asked = clauses(project)["risk.mitigations"]
    assert {c.regulation for c in asked} == {"EU AI Act", "NIST AI RMF"}


def test_settings_in_force_are_said_in_words() -> None:
    said = declared(parse_project(example()))
    assert dict(said["oversight.monitoring"])["False-alarm budget"] == (
        "at most 5% chance of any false page about one version in 30 days, over 4 planned looks"
    )
    assert (
        dict(said["oversight.rollout"])["Ramp"]
        == "10% for 200 labelled requests, 50% for 200 labelled requests"
    )


def test_a_misspelt_card_field_is_refused_with_the_nearest() -> None:
    wrong = parse_project(example().replace("risk.assessment:", "risk.asessment:"))
    with pytest.raises(BadInput, match=r"Did you mean 'risk\.assessment'"):
        statements(wrong)
