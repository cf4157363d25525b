"""``ombud quickstart``: one honest story on embedded parts."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ombud.domain.modality import KNOWN_MODALITIES
from ombud.domain.sample import Dataset
from ombud.errors import Conflict, OmbudError
from ombud.settings import Settings
from ombud_app.cli.children import dagster, server
from ombud_app.cli.opening import settings_of
from ombud_app.cli.output import AsJson, say, show, table
from ombud_app.cli.supervisor import Supervisor
from ombud_app.cli.vacancy import require_free
from ombud_app.portal.tokens import make_token
from ombud_app.services.quickstart import (
    CAST,
    People,
    Receiver,
    Stage,
    Story,
    StoryReport,
    Traffic,
    World,
    divide,
    story_project,
)
from ombud_app.wiring import Platform, open_platform, story_data, write_splits

__all__ = ["NAME", "command"]

NAME = "quickstart"
_MARKER = "quickstart.json"
_LOOK_SECONDS = 0.3
"""Traffic of the story is fast; a worker that looks once a second would let much of it go by."""


def command(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Parquet file to play it on; without it, synthetic data.")
    ] = None,
    home: Annotated[Path | None, typer.Option(help="State of this installation; as `ombud --home`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Play the whole loop: train, sign, watch, alert, retrain, roll out, roll back, document."""
    settings = settings_of(context) if home is None else Settings(home=home)
    # Asked before anything is read or removed: a home that is served must not lose its files.
    ports = {"portal": settings.portal_port, "dagster": settings.dagster_port}
    require_free(settings.home, settings.host, ports)
    _require_own(settings.home)
    tell = _Teller()
    world, splits = _world(data, tell)
    with Receiver() as receiver:
        _prepare_home(settings, world, receiver.url)
        platform = open_platform(settings)
        # Made here and now, so that the servers do not both find an empty store and make its tables.
        platform.registry.models()
        report = StoryReport(
            home=str(settings.home.absolute()),
            data=str(data) if data else "synthetic digits: drawn, synthesised and templated",
            synthetic=splits["train"].synthetic,
        )
        lively = settings.model_copy(update={"look_seconds": _LOOK_SECONDS})
        children = [server(lively), dagster(lively)]
        with Supervisor(settings.home.absolute(), children, say=tell):
            _play(platform, world, receiver, report, tell)
    show(report.to_json(), as_json=as_json, text=_told(report, settings))
    if not report.ok:
        raise OmbudError(
            f"the story ended early: {report.failure}",
            remedy=f"Read the logs in {settings.home / 'logs'}, then run `ombud quickstart` again.",
        )


def _world(data: Path | None, tell: Callable[[str], None]) -> tuple[World, dict[str, Dataset]]:
    tell("reading the data" if data else "generating synthetic data (about 10 s)")
    splits = story_data(data)
    world = divide(splits, cluster="speaker_id")
    counts = ", ".join(f"{name} {len(rows)}" for name, rows in world.training.items())
    tell(f"the platform is given {counts} rows; the world keeps the rest")
    return world, splits


def _play(
    platform: Platform, world: World, receiver: Receiver, report: StoryReport, tell: Callable[[str], None]
) -> None:
    settings = platform.settings
    people = _hire(platform)
    traffic = Traffic(
        settings.portal_url,
        platform.project.name,
        application_token=people.token("application"),
        annotator_token=people.token("annotator"),
        modalities=KNOWN_MODALITIES,
    )
    story = Story(
        Stage(platform, settings.portal_url, people, traffic, tell),
        world,
        receiver,
        deliver=lambda rows: write_splits(
            settings.home / "data" / "labelled" / "delivery-1.parquet", {"labelled": rows}
        ),
        report=report,
        today=platform.clock.now().date(),
    )
    try:
        story.play()
    finally:
        traffic.close()


def _prepare_home(settings: Settings, world: World, webhook: str) -> None:
    """Make the home afresh."""
    home = settings.home
    _require_own(home)
    if home.exists():
        shutil.rmtree(home)
    (home / "data").mkdir(parents=True)
    (home / _MARKER).write_text("{}\n", "utf-8")
    write_splits(home / "data" / "training.parquet", world.training)
    text, _ = story_project(world.training, webhook=webhook)
    settings.project_file.write_text(text, "utf-8")


def _require_own(home: Path) -> None:
    """Leave a home alone that is not a story's.

    Raises:
        Conflict: Somebody's own installation is there.
    """
    if home.exists() and any(home.iterdir()) and not (home / _MARKER).exists():
        raise Conflict(
            f"{home} holds an installation that is not a quickstart's",
            remedy="Choose another home: `ombud quickstart --home DIR`.",
        )


def _hire(platform: Platform) -> People:
    """A token for everybody in the story, good for a day."""
    return People(
        {
            part: make_token(
                platform.uow,
                platform.clock,
                platform.ids,
                actor=actor,
                lifetime=timedelta(days=1),
                issued_by="ombud quickstart",
            )[0]
            for part, actor in CAST.items()
        }
    )


class _Teller:
    """Progress lines with the seconds since the start."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __call__(self, message: str) -> None:
        say(f"{time.monotonic() - self._started:6.1f} s  {message}")


def _told(report: StoryReport, settings: Settings) -> list[str | Table]:
    rows = [
        (s.number, f"{s.title}\n" + "\n".join(f"· {fact}" for fact in s.facts), f"{s.seconds:.1f}", s.look_at)
        for s in report.steps
    ]
    parts: list[str | Table] = ["", table(["", "what happened", "seconds", "where to look"], rows)]
    if report.synthetic:
        parts.append("The data of this story is synthetic.")
    parts.append("Left out: cards as PDF, which this release does not write; nothing else is missing.")
    if report.ok:
        parts.append(f"To look around: ombud --home {settings.home} up")
    return parts
