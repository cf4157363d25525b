"""``ombud init``: write a commented project file to start from."""

from __future__ import annotations

from typing import Annotated

import typer

from ombud.errors import Conflict
from ombud.project import parse_project
from ombud_app.cli.opening import settings_of
from ombud_app.cli.output import AsJson, show

__all__ = ["NAME", "TEMPLATE", "command"]

NAME = "init"

TEMPLATE = """\
# The project file: one watched model, as code. Unknown keys are refused; docs/project-file.md has them all.
name: {name}
environment: development        # demo | development | production

task:
  type: classification
  labels: ["no", "yes"]         # in the order of the model's probability columns

modalities: [text, image, audio] # those that the model reads

data:
  training: data/training.parquet # relative to here; columns in docs/project-file.md
  labelled: data/labelled         # folder for newly labelled Parquet files; a drift alert retrains on them
  synthetic: false
  provenance: ""                # where it came from, in one sentence
  licence: ""

# What repeats: rows of one speaker are not independent, and tests permute speakers, not rows.
clusters: {{}}                    # {{audio: speaker_id, image: writer_id, text: document_id}}

protected: []                   # attributes audited for disparities, e.g. [speaker_gender]
intersections: []               # e.g. [[speaker_gender, speaker_age]]

trainer: null                   # module:function; null means that you register versions yourself

budget:                         # at most this chance of any false page about one version in one period
  probability: 0.05
  period_days: 30
  looks: 30                     # days per period that may page; fewer looks see smaller harm

monitors: {{}}                    # {{audio: {{share: 2, second_opinion: "alibi-detect:mmd"}}}}

gate:                           # what a version must show before people are asked to sign
  min_accuracy: 0.5
  release_roles: [model_owner, compliance_officer]
  release_signatures: 2

rollout:
  alpha: 0.05                   # chance of a false rollback over the whole rollout
  delta: 0.02                   # "not worse" means: by less than this
  shadow_requests: 200
  ramp: [{{weight: 0.1}}, {{weight: 0.5}}]
  bake_seconds: 60

notifications:                  # console | file | webhook | apprise
  - type: console

governance:                     # what people must say; missing fields are named on the card, never padded
  owners: []
  intended_use: ""
  out_of_scope_use: ""
  limitations: ""
  oversight: ""
  risk_class: ""                # minimal | limited | high
"""


def command(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Name of the model.")] = "my-model",
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a commented ombud.yaml into the home directory."""
    path = settings_of(context).project_file
    if path.exists() and not force:
        raise Conflict(f"{path} is there already", remedy="Edit it, or overwrite it with --force.")
    text = TEMPLATE.format(name=name)
    parse_project(text, source="the new project file")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    done = f"Wrote {path}. Fill in labels, modalities and data, then ask `ombud doctor`."
    show({"written": str(path)}, as_json=as_json, text=done)
