"""Reading values out of evidence together with the place they were read from.

Builders never copy a bare number: they ask a :class:`Cited` for the value at a JSON pointer and get a
:class:`~ombud_cards.schema.Number` that carries digest, pointer, run and ledger entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ombud.domain.evidence import Evidence
from ombud.errors import BadInput, NotFound
from ombud_cards.schema import Citation, Number, finite

__all__ = ["Cited", "join", "resolve"]


def join(pointer: str, *steps: str | int) -> str:
    """Append steps to a JSON pointer, escaping ``~`` and ``/``.

    Source: RFC 6901, section 3.

    Example:
        >>> join("/metrics", "accuracy.only.a/b", 0)
        '/metrics/accuracy.only.a~1b/0'
    """
    escaped = (str(s).replace("~", "~0").replace("/", "~1") for s in steps)
    return pointer + "".join(f"/{step}" for step in escaped)


def resolve(content: Any, pointer: str) -> Any:
    """The value at ``pointer``.

    Source: RFC 6901, section 4.

    Raises:
        BadInput: ``pointer`` is not empty and does not start with ``/``.
        NotFound: Nothing stands there.

    Example:
        >>> resolve({"a/b": [10, 20]}, "/a~1b/1")
        20
    """
    if pointer and not pointer.startswith("/"):
        raise BadInput(f"JSON pointer {pointer!r} does not start with '/'", remedy="Write /key/0/key.")
    here = content
    for raw in pointer.split("/")[1:]:
        step = raw.replace("~1", "/").replace("~0", "~")
        try:
            here = here[step] if isinstance(here, Mapping) else _item(here, step)
        except (KeyError, IndexError, ValueError):
            raise NotFound(
                f"nothing at JSON pointer {pointer!r}: no step {step!r}",
                remedy="Check that the pointer belongs to this document.",
            ) from None
    return here


def _item(array: Any, step: str) -> Any:
    if not isinstance(array, Sequence) or isinstance(array, str) or not step.isascii() or not step.isdigit():
        raise ValueError(step)
    return array[int(step)]


@dataclass(frozen=True)
class Cited:
    """One place in one evidence document.

    Args:
        evidence: The document.
        ledger_seq: Ledger entry that recorded it; None where none did.
        pointer: The place.
    """

    evidence: Evidence
    ledger_seq: int | None
    pointer: str = ""

    @property
    def value(self) -> Any:
        """What stands here. Raises NotFound."""
        return resolve(self.evidence.content, self.pointer)

    @property
    def citation(self) -> Citation:
        """How to get here."""
        e = self.evidence
        return Citation(e.digest, e.kind.value, self.pointer, e.run_id, self.ledger_seq)

    def at(self, *steps: str | int) -> Cited:
        """A place below this one; whether anything stands there is not asked yet."""
        return Cited(self.evidence, self.ledger_seq, join(self.pointer, *steps))

    def get(self, *steps: str | int) -> Cited | None:
        """As :meth:`at`; None where nothing, or null, stands there."""
        below = self.at(*steps)
        try:
            return None if below.value is None else below
        except NotFound:
            return None

    def members(self) -> Iterator[tuple[str, Cited]]:
        """Members of the object here, by name, in alphabetical order; none if it is no object."""
        value = self.value
        if isinstance(value, Mapping):
            for key in sorted(value):
                yield key, self.at(key)

    def elements(self) -> Iterator[Cited]:
        """Items of the array here, in order; none if it is no array."""
        value = self.value
        if isinstance(value, Sequence) and not isinstance(value, str):
            for position in range(len(value)):
                yield self.at(position)

    def text(self, *steps: str | int) -> str:
        """The string below; empty where there is none."""
        found = self.get(*steps)
        return "" if found is None else str(found.value)

    def flag(self, *steps: str | int) -> bool:
        """Whether ``true`` stands below."""
        found = self.get(*steps)
        return found is not None and found.value is True

    def number(self, *, better: str = "", unit: str = "") -> Number:
        """The number here: either a bare JSON number or a number object with its interval.

        Args:
            better: Which direction is better, where one is.
            unit: Unit of a bare number; a number object brings its own.
        """
        raw = self.value
        if isinstance(raw, Mapping):
            value = raw.get("value")
            return Number(
                value=finite(value),
                low=finite(raw.get("low")),
                high=finite(raw.get("high")),
                n=raw.get("n"),
                unit=str(raw.get("unit", "")),
                citation=self.citation,
                reason=str(raw.get("reason", "")),
                better=better,
            )
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return Number(None, self.citation, reason=f"not a number: {raw!r}", unit=unit)
        reason = "" if finite(raw) is not None else "not finite"
        return Number(finite(raw), self.citation, unit=unit, better=better, reason=reason)
