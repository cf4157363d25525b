"""The JSON Schema of ``ombud.yaml``, for editors and other tools.

It is generated from :class:`ombud.project.schema.Project`; ``python -m ombud.project.json_schema`` writes
it to standard output, and the published copy is ``docs/schema/ombud.schema.json``.

Limits: Says which keys and values there are. What ties keys together (a monitor needs a declared
modality) is checked only when Ombud reads the file.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ombud.project.schema import Project

__all__ = ["json_schema"]


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12.

    Example:
        >>> sorted(json_schema()["required"])
        ['data', 'name', 'task']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Project.model_json_schema(),
        "title": "ombud.yaml",
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n")
