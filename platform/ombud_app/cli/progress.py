"""Progress: how far long work is, on standard error, so that standard output stays one document."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ombud_app.services.calibrating import Progress as Told

__all__ = ["bar"]


@contextmanager
def bar(title: str) -> Iterator[Told]:
    """A bar that moves whenever a part is done; silent where standard error is no terminal.

    Args:
        title: What is being done.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as shown:
        task = shown.add_task(title, total=None)

        def told(done: int, everything: int, what: str) -> None:
            shown.update(task, completed=done, total=everything, description=f"{title}: {what.split('/')[1]}")

        yield told
