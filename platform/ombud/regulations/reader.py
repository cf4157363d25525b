"""Reading the data files; every way in which one can be wrong is found at load, not at use."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from ombud.errors import BadInput, NotFound
from ombud.regulations.regulation import Clause, Clock, EffectiveDate, Regulation

__all__ = ["all_regulations", "clauses_for", "load", "matching", "parse"]


@cache
def load(name: str) -> Regulation:
    """Read one regulation by the name of its file.

    Raises:
        NotFound: There is no such file.
        BadInput: The file does not fit the shape.
    """
    if name not in _names():
        raise NotFound(f"no regulation data named {name!r}", remedy=f"Use one of {list(_names())}.")
    text = (files("ombud.regulations") / f"{name}.toml").read_text(encoding="utf-8")
    return parse(name, text)


def all_regulations() -> tuple[Regulation, ...]:
    """Every regulation shipped, by name."""
    return tuple(load(name) for name in _names())


def matching(named: Iterable[str]) -> tuple[Regulation, ...]:
    """The regulations that a project file lists, by file name, title or alias, in the order of files.

    Names without a data file are passed over: a project may live under laws that no file describes.

    Example:
        >>> [r.name for r in matching(["EU AI Act", "GDPR"])]
        ['ai_act']
    """
    wanted = {name.strip().lower() for name in named}
    return tuple(r for r in all_regulations() if wanted & {r.name, r.title.lower(), *r.aliases})


def clauses_for(regulations: Iterable[Regulation]) -> dict[str, tuple[tuple[Regulation, Clause], ...]]:
    """Card field → the clauses of these regulations that ask for it."""
    asked: dict[str, list[tuple[Regulation, Clause]]] = {}
    for regulation in regulations:
        for clause in regulation.clauses:
            for field in clause.fields:
                asked.setdefault(field, []).append((regulation, clause))
    return {field: tuple(pairs) for field, pairs in asked.items()}


def parse(name: str, text: str) -> Regulation:
    """Turn the text of a data file into a :class:`Regulation`.

    Raises:
        BadInput: It is not TOML, lacks a key, or a clause names a regime without a date.
    """
    try:
        raw = tomllib.loads(text)
        regulation = _regulation(name, raw)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name}.toml: not valid TOML: {error}", remedy="Mend the syntax.") from None
    except KeyError as error:
        raise BadInput(f"{name}.toml: key {error} is missing", remedy="Add it.") from None
    regimes = {d.regime for d in regulation.dates}
    for clause in regulation.clauses:
        if clause.regime and clause.regime not in regimes:
            raise BadInput(
                f"{name}.toml: {clause.reference} names the regime {clause.regime!r}, which has no date",
                remedy="Add a [[date]] for it.",
            )
    return regulation


def _regulation(name: str, raw: Mapping[str, Any]) -> Regulation:
    return Regulation(
        name=name,
        title=str(raw["title"]),
        citation=str(raw["citation"]),
        kind=str(raw["kind"]),
        as_of=_day(name, raw["as_of"]),
        sources=tuple(raw["sources"]),
        verified=str(raw["verified"]),
        aliases=tuple(raw.get("aliases", ())),
        clauses=tuple(
            Clause(c["reference"], c["title"], tuple(c["fields"]), c.get("regime", "")) for c in raw["clause"]
        ),
        dates=tuple(
            EffectiveDate(d["regime"], d["title"], _day(name, d["day"]), d.get("note", ""))
            for d in raw.get("date", ())
        ),
        clocks=tuple(
            Clock(c["name"], c["reference"], c["title"], int(c["days"]), c["starts"])
            for c in raw.get("clock", ())
        ),
    )


def _day(name: str, value: object) -> date:
    if not isinstance(value, date):
        raise BadInput(f"{name}.toml: expected a date, got {value!r}", remedy="Write it as 2027-12-02.")
    return value


@cache
def _names() -> tuple[str, ...]:
    folder = files("ombud.regulations").iterdir()
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder if f.name.endswith(".toml")))
