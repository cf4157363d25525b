"""JSON as lines that can be linked to: the id of a line is the JSON pointer of what stands there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ombud_cards.citing import join

__all__ = ["anchored_lines"]


def anchored_lines(value: object) -> Iterator[tuple[str, str]]:
    """(JSON pointer, line) of the indented document; closing brackets have no pointer of their own.

    Source: RFC 6901, section 3 (JSON pointer).

    Example:
        >>> for pointer, line in anchored_lines({"a": [1]}):
        ...     print(f"{pointer:<5}|{line}")
             |{
        /a   |  "a": [
        /a/0 |    1
             |  ]
             |}
    """
    return _lines(value, "", "", "", "")


def _lines(value: object, pointer: str, margin: str, name: str, comma: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        inner = [
            (json.dumps(str(k), ensure_ascii=False) + ": ", join(pointer, str(k)), v)
            for k, v in value.items()
        ]
        opening, closing = "{", "}"
    elif isinstance(value, list | tuple) and value:
        inner = [("", join(pointer, index), v) for index, v in enumerate(value)]
        opening, closing = "[", "]"
    else:
        yield pointer, f"{margin}{name}{json.dumps(value, ensure_ascii=False, default=str)}{comma}"
        return
    yield pointer, f"{margin}{name}{opening}"
    for place, (key, child, item) in enumerate(inner, start=1):
        yield from _lines(item, child, margin + "  ", key, "," if place < len(inner) else "")
    yield "", f"{margin}{closing}{comma}"
