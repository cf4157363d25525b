"""``ombud calibrate``: what detectors promise, measured in public."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ombud.errors import BadInput
from ombud_app.cli.output import AsJson, show, table
from ombud_app.cli.progress import bar
from ombud_app.services.calibrating import Store, outcomes
from ombud_monitors.evaluate import Plan, document, json_of, page_of, pieces_of, tallied

__all__ = ["NAME", "command"]

NAME = "calibrate"

QUICK_REPEATS = 40
"""Some minutes for all of ours on two cores."""
FULL_REPEATS = 500
FULL_DEFAULT_REPEATS = 10_000
"""Clean windows for the default test with ``--full``: the 99.9% bounds are then .043 and .057."""
FULL_MONITOR_RUNS = 20


def command(
    detector: Annotated[
        list[str] | None, typer.Option(help="Only this one, by name, ours or a peer's.")
    ] = None,
    repeats: Annotated[
        int | None,
        typer.Option(help="Clean windows of each null for each of ours; 40, or 500 with --full."),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Every shift and curve for all of ours; takes hours.")
    ] = False,
    nulls: Annotated[
        int | None,
        typer.Option(help="Clean windows of load_digits for the default test, if more; 10000 with --full."),
    ] = None,
    monitor_runs: Annotated[
        int | None,
        typer.Option(min=0, help="Runs of all default monitors over 200 windows; 2, or 20 with --full."),
    ] = None,
    peers: Annotated[bool, typer.Option(help="Measure alibi-detect and Evidently too.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of all draws.")] = 0,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes with one thread each; one per core.")
    ] = None,
    store: Annotated[
        Path | None, typer.Option(help="File that keeps what is done, to resume or to add repeats.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="Write the page here, and its numbers beside it.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure false alarms, p-values and power of detectors; exit code 1 when a promise of ours is broken."""
    if page is not None and (page.suffix == ".json" or not page.parent.is_dir()):
        # Told now and not after hours of work.
        raise BadInput(
            f"{page}: expected the name of a page, not .json, in a folder that exists",
            remedy="Name one such as docs/calibration.md; its numbers go to calibration.json beside it.",
        )
    plan = Plan(
        repeats=repeats if repeats is not None else FULL_REPEATS if full else QUICK_REPEATS,
        default_repeats=nulls if nulls is not None else FULL_DEFAULT_REPEATS if full else 0,
        monitor_runs=monitor_runs if monitor_runs is not None else FULL_MONITOR_RUNS if full else 2,
        only=tuple(detector or ()),
        peers=peers,
        full=full,
        seed=seed,
    )
    with bar("calibrating") as told:
        done = outcomes(
            pieces_of(plan),
            jobs=jobs or os.cpu_count() or 1,
            store=None if store is None else Store(store),
            progress=told,
        )
    found = document(plan, tallied(done))
    if page is not None:
        written = json_of(found) + "\n"
        page.with_suffix(".json").write_text(written, "utf-8")
        # From what was written, so that nobody can read another number than the file's.
        page.write_text(page_of(json.loads(written)), "utf-8")
    show(found, as_json=as_json, text=_told(found))
    if not found["kept"]:
        raise typer.Exit(1)


def _told(found: Mapping[str, Any]) -> list[str | Table]:
    alarms = [
        (
            r["detector"],
            r["null"],
            f"{r['n_reference']}/{r['n']}",
            f"{r['rate']['hits']}/{r['rate']['repeats']}",
            f"{r['rate']['low']:.3f} to {r['rate']['high']:.3f}",
            "" if r["within_bound"] in (True, None) else "too many",
            None if r["cpu_ms"] is None else f"{r['cpu_ms']:.1f}",
        )
        for r in found["false_positives"]
    ]
    power = [
        (r["detector"], r["shift"], f"{r['size']:g}", r["n"], f"{r['rate']['hits']}/{r['rate']['repeats']}")
        for r in found["power"]
    ]
    promises = [
        (
            p["about"],
            p["claim"],
            f"{p['measured']:.3f}",
            f"{p['bound']:.3f}",
            "kept" if p["kept"] else "BROKEN",
            p["detail"],
        )
        for p in found["promises"]
    ]
    ours = [p for p in found["promises"] if p["camp"] == "ours"]
    broken = sum(not p["kept"] for p in ours)
    return [
        table(
            ["detector", "null", "rows", "alarms", "99.9% interval", "", "CPU ms"],
            alarms,
            title=f"Clean windows called drift, level {found['level']:.0%}",
        ),
        table(["detector", "shift", "size", "n", "alarms"], power, title="Shifts seen"),
        table(["about", "claim", "measured", "bound", "", "where"], promises, title="Promises"),
        f"{len(ours)} promises are ours: {broken or 'none'} broken.",
    ]
