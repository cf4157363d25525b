"""``ombud.yaml``: schema, loader and defaults."""

from ombud.project.loader import load_project, parse_project
from ombud.project.schema import Project

__all__ = ["Project", "load_project", "parse_project"]
