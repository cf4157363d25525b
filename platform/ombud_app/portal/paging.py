"""Cursor pagination: a page is what follows the item that the cursor names."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

from ombud.errors import BadInput

__all__ = ["Cursor", "Limit", "Page", "cursor_of", "paged", "position_of"]

T = TypeVar("T")
U = TypeVar("U")

Limit = Annotated[int, Query(ge=1, le=500, description="Items a page")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None = Field(
        None, description="Send it as `cursor` for the next page; null at the end"
    )


def cursor_of(key: str) -> str:
    """An opaque cursor that stands for a key.

    Example:
        >>> position_of(cursor_of("a-1"))
        'a-1'
    """
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def position_of(cursor: str) -> str:
    """The key behind a cursor.

    Raises:
        BadInput: It is not a cursor.
    """
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise BadInput(
            f"cursor {cursor!r} is not one of ours", remedy="Use `next_cursor` of the page before, unchanged."
        ) from None


def paged(
    items: Sequence[U],
    *,
    key: Callable[[U], str],
    cursor: str | None,
    limit: int,
    show: Callable[[U], T],
) -> Page[T]:
    """The page that follows ``cursor``. Items that arrive meanwhile shift no page.

    Raises:
        BadInput: The cursor names no item of this list.

    Example:
        >>> first = paged(["a", "b", "c"], key=str, cursor=None, limit=2, show=str.upper)
        >>> rest = paged(["a", "b", "c"], key=str, cursor=first.next_cursor, limit=2, show=str.upper)
        >>> first.items, rest.items
        (['A', 'B'], ['C'])
    """
    start = 0
    if cursor is not None:
        wanted = position_of(cursor)
        start = next((i + 1 for i, item in enumerate(items) if key(item) == wanted), -1)
        if start < 0:
            raise BadInput(
                f"cursor {cursor!r} points at nothing here", remedy="Start again without a cursor."
            )
    chosen = items[start : start + limit]
    more = start + limit < len(items)
    return Page(items=[show(i) for i in chosen], next_cursor=cursor_of(key(chosen[-1])) if more else None)
