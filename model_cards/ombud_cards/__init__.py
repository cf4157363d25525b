"""Model cards: typed documents built from evidence, in which every number can be followed to its proof.

Four verbs: :func:`build` makes a core (what people sign) and an annex (what keeps happening) from
:class:`CardInputs`; :func:`completeness` counts what is filled, by whom, and names what is missing;
:func:`diff` compares two cores by meaning; :func:`render_html` turns a stored card into one page that
needs nothing else. Everything is pure: no clock, no store, no network.
"""

from ombud_cards.build import CardDraft, build
from ombud_cards.completeness import Completeness, MissingField, completeness
from ombud_cards.diff import Change, diff
from ombud_cards.inputs import AnnexInputs, CardInputs, LedgerHead, Statement
from ombud_cards.render import render_html
from ombud_cards.schema import Clause

__all__ = [
    "AnnexInputs",
    "CardDraft",
    "CardInputs",
    "Change",
    "Clause",
    "Completeness",
    "LedgerHead",
    "MissingField",
    "Statement",
    "build",
    "completeness",
    "diff",
    "render_html",
]
