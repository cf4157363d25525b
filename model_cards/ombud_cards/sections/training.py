"""Architecture and environment: what the training run left behind.

``TRAINING`` evidence is ``{"hyperparameters": {name: scalar}, "metrics": {name: number},
"architecture": {field: sentence}, "environment": {name: sentence}}`` and whatever else the training
service adds; every part is optional, because a version made elsewhere brings none of it.
"""

from __future__ import annotations

from ombud.domain.evidence import EvidenceKind
from ombud_cards.citing import Cited
from ombud_cards.schema import Cell
from ombud_cards.sections.filled import Filled, SourceMaterial

__all__ = ["fill"]

_MEASURED: dict[str, tuple[tuple[str, ...], str]] = {
    "environment.duration": (("fit_seconds", "seconds"), "s"),
    "environment.energy": (("energy_kwh",), "kWh"),
    "environment.co2": (("co2_kg",), "kg"),
}
_NAMED: dict[str, tuple[str, ...]] = {
    "identity.base_model": ("base_model",),
    "identity.container": ("container",),
    "architecture.family": ("family",),
    "environment.hardware": ("hardware",),
}


def fill(source: SourceMaterial) -> dict[str, Filled]:
    """Fields that come from the training run."""
    training = source.document(EvidenceKind.TRAINING)
    if training is None:
        return {}
    filled: dict[str, Filled] = {}
    architecture = training.get("architecture")
    environment = training.get("environment")
    metrics = training.get("metrics")
    for key, names in _NAMED.items():
        place = _first(names, architecture, environment)
        if place is not None and str(place.value):
            filled[key] = Filled.cited_text(place)
    for key, (measures, unit) in _MEASURED.items():
        place = _first(measures, metrics)
        if place is not None:
            filled[key] = Filled.number(place.number(unit=unit))
    for key, part in (
        ("architecture.description", architecture),
        ("architecture.hyperparameters", training.get("hyperparameters")),
        ("architecture.training", metrics),
        ("architecture.software", environment),
    ):
        pairs = [] if part is None else [(_title(name), _shown(place)) for name, place in part.members()]
        if pairs:
            filled[key] = Filled.record(pairs, place=part)
    return filled


def _first(names: tuple[str, ...], *places: Cited | None) -> Cited | None:
    found = (place.get(name) for place in places if place is not None for name in names)
    return next((f for f in found if f is not None), None)


def _shown(place: Cited) -> Cell:
    value = place.value
    if isinstance(value, bool):
        return value
    if not isinstance(value, int | float):
        return str(value)
    return place.number()


def _title(name: str) -> str:
    words = name.replace("_", " ").replace(".", ": ")
    return words[:1].upper() + words[1:]
