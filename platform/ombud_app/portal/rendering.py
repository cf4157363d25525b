"""Drawing pages: the Jinja environment, its filters, and what every page knows."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ombud.settings import Settings
from ombud_app.portal.anchored_json import anchored_lines
from ombud_app.portal.tokens import csrf_token

__all__ = ["number", "page", "short_digest", "when", "where_now"]


def when(moment: datetime) -> str:
    """A moment as people read it, in UTC.

    Example:
        >>> when(datetime(2026, 3, 1, 9, 5, tzinfo=UTC))
        '2026-03-01 09:05 UTC'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def number(value: float | int | None, digits: int = 3) -> str:
    """A number with as many digits as a reader needs; a dash where there is none.

    Example:
        >>> number(0.012345), number(31), number(None), number(4.2e-9), number(123456.7)
        ('0.0123', '31', '–', '4.2e-09', '123,457')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, int) or value == int(value) if math.isfinite(value) else False:
        return f"{int(value):,}"
    if math.isfinite(value) and abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def short_digest(digest: str) -> str:
    """The first twelve hex digits of a digest: enough to recognise it, never to verify it.

    Example:
        >>> short_digest("sha256:0123456789abcdef")
        '0123456789ab'
    """
    return digest.removeprefix("sha256:")[:12]


def where_now(href: str, settings: Settings) -> str:
    """A stored link, led to where the house listens today.

    Alerts and windows keep the addresses that were told when they were made. An embedded house may
    have been started on other ports since; a link to a name that somebody chose is left alone.

    Example:
        >>> where_now("http://127.0.0.1:1/models/m/windows", Settings())
        '/models/m/windows'
        >>> where_now("http://127.0.0.1:2/runs/17", Settings())
        'http://127.0.0.1:8601/runs/17'
        >>> where_now("https://portal.example.org/alerts/a", Settings())
        'https://portal.example.org/alerts/a'
    """
    parts = urlsplit(href)
    if parts.hostname not in _LOOPBACK:
        return href
    path = parts._replace(scheme="", netloc="").geturl()
    return settings.dagster_url + path if path.startswith("/runs/") else path


_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(
    when=when, number=number, short=short_digest, anchored_lines=anchored_lines, where_now=where_now
)


def page(request: Request, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """Render a template for whoever is signed in."""
    actor = getattr(request.state, "actor", None)
    token = getattr(request.state, "token", "")
    html = _environment.get_template(template).render(
        request_path=request.url.path,
        actor=actor,
        csrf=csrf_token(token) if token else "",
        settings=request.app.state.platform.settings,
        **context,
    )
    return HTMLResponse(html, status_code=status)
