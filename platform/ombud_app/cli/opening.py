"""Opening the platform for a command, and finding out who is at the keyboard."""

from __future__ import annotations

import os

import typer

from ombud.domain.identity import Actor
from ombud.errors import Unauthenticated
from ombud.settings import Settings
from ombud_app.portal.tokens import actor_behind
from ombud_app.wiring import Platform, open_platform

__all__ = ["opened", "settings_of", "signed_in", "token_of"]


def settings_of(context: typer.Context) -> Settings:
    """The settings that the root command read."""
    found = context.find_object(Settings)
    return found if found is not None else Settings()


def opened(context: typer.Context) -> Platform:
    """The platform below the home directory."""
    return open_platform(settings_of(context))


def token_of() -> str:
    """The token in ``OMBUD_TOKEN``.

    Raises:
        Unauthenticated: There is none.
    """
    token = os.environ.get("OMBUD_TOKEN", "")
    if not token:
        raise Unauthenticated(
            "this needs an identity, and OMBUD_TOKEN is not set",
            remedy="Make one with `ombud tokens create IDENTITY --role ROLE`, and export it as OMBUD_TOKEN.",
        )
    return token


def signed_in(platform: Platform) -> Actor:
    """Who is at the keyboard: the identity behind ``OMBUD_TOKEN``.

    Raises:
        Unauthenticated: No token, or one that is not valid here.
    """
    return actor_behind(platform.uow, platform.clock, token_of())
