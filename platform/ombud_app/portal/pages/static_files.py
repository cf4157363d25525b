"""The portal's own files: one style sheet and one icon, served from the package."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Response

from ombud.errors import NotFound

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).parent.parent / "static"
_MEDIA_TYPES = {"portal.css": "text/css", "icon.svg": "image/svg+xml"}


@router.get("/static/{name}")
def static_file(name: str) -> Response:
    """A file of the fixed list; no path ever comes from the request."""
    if name not in _MEDIA_TYPES:
        raise NotFound(f"no file {name!r} here", remedy=f"There is: {', '.join(_MEDIA_TYPES)}.")
    headers = {"Cache-Control": "public, max-age=3600"}
    return Response((_FOLDER / name).read_bytes(), media_type=_MEDIA_TYPES[name], headers=headers)


@router.get("/favicon.ico")
def favicon() -> Response:
    """The icon where browsers look for it on pages that name none (cards, reports)."""
    return static_file("icon.svg")
