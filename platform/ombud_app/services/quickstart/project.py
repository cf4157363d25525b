"""The project file of the story, written to fit the data it is played on."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from ombud.domain.modality import AUDIO, IMAGE, KNOWN_MODALITIES, TEXT
from ombud.domain.sample import Dataset
from ombud.project import Project, parse_project

__all__ = ["MODEL", "story_project"]

MODEL = "digits"

_CLUSTERS = {AUDIO: ("speaker_id",), IMAGE: ("writer_id",), TEXT: ("document_id", "text_file")}
_PROTECTED = ("speaker_gender", "speaker_language", "writer_group", "text_surface_type")
_PRESENCE = {
    "text+image+audio": 0.45,
    "audio": 0.25,
    "image+audio": 0.10,
    "text+image": 0.10,
    "text": 0.05,
    "image": 0.05,
}


def story_project(splits: Mapping[str, Dataset], *, webhook: str, seed: int = 0) -> tuple[str, Project]:
    """The text of ``ombud.yaml``, and the project it validates to.

    Args:
        splits: The data the story is played on.
        webhook: Address of the receiver that alerts are posted to.
        seed: Seed of training and masking.
    """
    train, test = splits["train"], splits["test"]
    names = {name for s in train for name in s.attributes}
    labels = sorted({s.label for s in train if s.label is not None}, key=_label_order)
    content = {
        "name": MODEL,
        "environment": "demo",
        "task": {"type": "classification", "labels": labels},
        "modalities": list(KNOWN_MODALITIES),
        "data": {
            "training": "data/training.parquet",
            "labelled": "data/labelled",
            "synthetic": train.synthetic,
            "provenance": train.provenance,
            "licence": train.licence,
        },
        "clusters": {str(m): c for m, found in _CLUSTERS.items() for c in found if c in names},
        "presence": _PRESENCE,
        "protected": [p for p in _PROTECTED if p in names and _groups(test, p) > 1],
        "trainer": "ombud.reference.trainer:train",
        "seed": seed,
        # Two quiet days and two shifted ones are looked at; audio has hurt before, so it gets more.
        "budget": {"probability": 0.05, "period_days": 30, "looks": 4},
        "monitors": {
            "text": {"share": 1.0, "second_opinion": "alibi-detect:ks"},
            "image": {"share": 1.0, "second_opinion": "alibi-detect:mmd"},
            "audio": {"share": 2.0, "second_opinion": "alibi-detect:mmd"},
            "fused": {"share": 1.0},
        },
        "gate": {"min_accuracy": 0.9, "max_disparity": 0.25, "min_unimodal_accuracy": 0.6},
        "rollout": {
            "alpha": 0.05,
            "delta": 0.05,
            "shadow_requests": 60,
            "ramp": [{"weight": 0.25, "min_requests": 10}, {"weight": 0.5, "min_requests": 15}],
            "bake_seconds": 2,
            "bake_requests": 10,
            "hold_seconds": 600,
        },
        "notifications": [
            {"type": "console"},
            {"type": "file", "target": "alerts.jsonl"},
            {"type": "webhook", "target": webhook},
        ],
        "governance": _GOVERNANCE,
    }
    text = _HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    return text, parse_project(text, source="the story's ombud.yaml")


_HEADER = "# Written by `ombud quickstart`. See docs/project-file.md for every key.\n"

_GOVERNANCE = {
    "owners": ["olga.owner@example.org"],
    "escalation": ["oncall@example.org"],
    "intended_use": "Demonstration: reads one digit from a sentence, a picture and a spoken word.",
    "out_of_scope_use": "Anything that matters to anybody; this model exists to be watched.",
    "users": "People who try Ombud for the first time.",
    "limitations": "Audio was learned from few speakers; unseen accents are known to hurt it.",
    "oversight": "Alerts page the on-call; two people sign every release.",
    "risk_class": "limited",
    "regulations": ["ai_act"],
    "licence": "Apache-2.0",
    "contact": "olga.owner@example.org",
}


def _groups(data: Dataset, attribute: str) -> int:
    return len({s.attributes.get(attribute) for s in data} - {None, ""})


def _label_order(label: str) -> tuple[int, str]:
    """Numbers in numeric order, then words."""
    return (int(label), label) if label.isdigit() else (10**9, label)
