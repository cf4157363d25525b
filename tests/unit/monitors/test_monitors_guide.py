"""The guide knows every monitor and detector of the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ombud_monitors.catalogue import CATALOGUE

GUIDE = Path(__file__).parents[3] / "docs" / "monitors.md"
HEADINGS = {h.strip() for h in re.findall(r"^#+ (.+)$", GUIDE.read_text("utf-8"), flags=re.MULTILINE)}


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_anchor_leads_to_a_heading(code: str) -> None:
    page, _, anchor = CATALOGUE[code].docs.partition("#")
    assert page == GUIDE.name
    assert anchor in HEADINGS
