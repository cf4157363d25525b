"""One card as one HTML page: own styles, no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ombud.domain.card import StoredCard
from ombud.domain.evidence import JsonObject
from ombud_cards import wording
from ombud_cards.addresses import Addresses
from ombud_cards.completeness import MissingField, completeness, fields
from ombud_cards.plot import modality_plot

__all__ = ["render_html"]

_HEADLINES = (
    "quantitative.accuracy",
    "quantitative.calibration",
    "quantitative.log_loss",
)


def render_html(card: StoredCard, *, root: str = "") -> str:
    """The card as one self-contained HTML document.

    Everything that came from outside is escaped; a field that holds markup shows it as text.

    Args:
        card: What to render.
        root: Address of the installation, put before every link; empty for a page that it serves.
    """
    by_key = {str(f["key"]): f for f in fields(card.core)}
    filled = completeness(card.core)
    modalities = by_key.get("quantitative.modalities")
    has_table = modalities is not None and modalities["kind"] == "tables"
    return (
        _environment()
        .get_template("card.html")
        .render(
            card=card,
            core=card.core,
            annex=card.annex,
            by_key=by_key,
            headlines=[by_key[k] for k in _HEADLINES if _is_number(by_key.get(k))],
            completeness=filled,
            missing_by_who=_by_who(filled.missing),
            plot=modality_plot(modalities["value"][0]) if modalities is not None and has_table else None,
            signatures=_signatures(card),
            to=Addresses(root),
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("ombud_cards"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        explain=wording.explain,
        interval=wording.interval,
        number_text=wording.number_text,
        plain=wording.plain,
        short=wording.short,
        when=wording.when,
        words=wording.words,
    )
    environment.tests["number"] = _is_number_object
    return environment


def _is_number(field: JsonObject | None) -> bool:
    return field is not None and field["kind"] == "number" and field["value"] is not None


def _is_number_object(value: Any) -> bool:
    return isinstance(value, Mapping) and "evidence" in value


def _by_who(missing: Sequence[MissingField]) -> list[tuple[str, list[MissingField]]]:
    grouped: dict[str, list[MissingField]] = {}
    for field in missing:
        grouped.setdefault(field.who, []).append(field)
    return sorted(grouped.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _signatures(card: StoredCard) -> list[tuple[JsonObject, bool]]:
    """Each approval with whether it was given for exactly this core and this model."""
    current = (card.core_digest, card.core["model_digest"])
    return [(a, (a["card_digest"], a["model_digest"]) == current) for a in card.annex["approvals"]]
