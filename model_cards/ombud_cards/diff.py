"""What changed between two cards, by meaning: regressions first, then thresholds, then the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ombud.domain.evidence import JsonObject
from ombud_cards.completeness import fields
from ombud_cards.wording import number_text, plain

__all__ = ["Change", "ChangeKind", "diff"]


class ChangeKind(StrEnum):
    """What a change means; the order here is the reading order."""

    REGRESSION = "regression"
    THRESHOLD = "threshold"
    REMOVED = "removed"
    CHANGED = "changed"
    ADDED = "added"
    IMPROVEMENT = "improvement"


@dataclass(frozen=True)
class Change:
    """One change.

    Args:
        kind: What it means.
        field: Key of the field.
        where: Place inside the field, for people; empty for the field itself.
        before: What stood there; empty where nothing did.
        after: What stands there now; empty where nothing does.
        clear: For numbers with intervals on both sides, whether the intervals do not even touch;
            None where that cannot be said.
        size: How far a number moved, in its own unit; None for text.
    """

    kind: ChangeKind
    field: str
    where: str
    before: str
    after: str
    clear: bool | None = None
    size: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "kind": self.kind.value,
            "field": self.field,
            "where": self.where,
            "before": self.before,
            "after": self.after,
            "clear": self.clear,
            "size": self.size,
        }


_SETTINGS = ("oversight.monitoring", "oversight.rollout", "oversight.records")
# These differ between any two versions and say nothing about how the model behaves.
_EXPECTED = ("identity.version", "identity.date", "identity.previous_version", "identity.run")
_PROOF = ("identity.artifact", "integrity.model_digest", "integrity.evidence")


def diff(old: JsonObject, new: JsonObject) -> tuple[Change, ...]:
    """Changes from one core to another, regressions first, the largest first among equals.

    Limits: "Clear" compares intervals by eye's rule (they do not touch), which is stricter than a test
    of the difference: two versions may differ significantly while their intervals overlap a little.
    """
    before, after = dict(_leaves(old)), dict(_leaves(new))
    changes = []
    for place in list(dict.fromkeys([*before, *after])):
        if place[0] in _EXPECTED or place[0] in _PROOF:
            continue
        change = _change(place, before.get(place), after.get(place))
        if change is not None:
            changes.append(change)
    order = list(ChangeKind)
    return tuple(
        sorted(changes, key=lambda c: (order.index(c.kind), c.clear is not True, -abs(c.size or 0.0)))
    )


Place = tuple[str, str]


def _leaves(core: JsonObject) -> Iterator[tuple[Place, Any]]:
    """Every value of a core under (field key, place inside it)."""
    for field in fields(core):
        key, value = str(field["key"]), field["value"]
        if value is None:
            continue
        if field["kind"] == "record":
            for title, cell in value:
                yield (key, str(title)), cell
        elif field["kind"] == "tables":
            for table in value:
                # The caption may carry a verdict; the part before the colon names the table.
                name = str(table["caption"]).partition(":")[0]
                firsts = [row[0] for row in table["rows"]]
                for row in table["rows"]:
                    # The same metric may stand there as a difference and as a ratio.
                    called = f"{row[0]} ({row[1]})" if firsts.count(row[0]) > 1 else str(row[0])
                    for title, cell in zip(table["columns"][1:], row[1:], strict=True):
                        if cell is not None:
                            yield (key, f"{name}, {called}, {title}"), cell
        elif field["kind"] == "list":
            yield (key, ""), "; ".join(value)
        else:
            yield (key, ""), value


def _change(place: Place, old: Any, new: Any) -> Change | None:
    key, where = place
    before, after = _text(old), _text(new)
    if old is None or new is None:
        kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED
        return Change(kind, key, where, before, after)
    if isinstance(old, dict) and isinstance(new, dict) and None not in (old["value"], new["value"]):
        return _moved(key, where, old, new)
    if before == after:
        return None
    if key in _SETTINGS:
        return Change(ChangeKind.THRESHOLD, key, where, before, after)
    worse = {"failed": 2, "finding": 2, "warning": 1}
    if before in worse or after in worse:
        worsened = worse.get(after, 0) > worse.get(before, 0)
        return Change(
            ChangeKind.REGRESSION if worsened else ChangeKind.IMPROVEMENT, key, where, before, after
        )
    return Change(ChangeKind.CHANGED, key, where, before, after)


def _moved(key: str, where: str, old: JsonObject, new: JsonObject) -> Change | None:
    size = float(new["value"]) - float(old["value"])
    if size == 0:
        return None
    ends = (old["low"], old["high"], new["low"], new["high"])
    clear = None if None in ends else bool(new["high"] < old["low"] or new["low"] > old["high"])
    better = new["better"]
    if where.endswith(", Threshold"):
        kind = ChangeKind.THRESHOLD
    elif not better:
        kind = ChangeKind.CHANGED
    else:
        kind = ChangeKind.IMPROVEMENT if (size > 0) == (better == "higher") else ChangeKind.REGRESSION
    return Change(kind, key, where, _text(old), _text(new), clear, size)


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, dict):
        return number_text(cell)
    return plain(cell) if isinstance(cell, int | float) and not isinstance(cell, bool) else str(cell)
