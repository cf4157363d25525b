"""``ombud bench``: how fast, beside whom, and how far from what this machine allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.table import Table

from ombud.errors import BadInput
from ombud_app.cli.output import AsJson, show, table
from ombud_app.cli.progress import bar
from ombud_monitors.evaluate import PATIENCE, racers, speed_document

__all__ = ["NAME", "app"]

NAME = "bench"
app = typer.Typer(help="Benchmarks; they tell figures and promise none.")


@app.command("drift")
def drift(
    racer: Annotated[list[str] | None, typer.Option(help="Only these, by name, ours or a peer's.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Run what is extrapolated otherwise; takes an hour and 6 GB.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Time drift tests beside alibi-detect, Evidently and scipy, one run in one process.

    CPU seconds of a window, peak extra memory, growth with rows and columns, and the floor for this machine.
    Threads are those of OMP_NUM_THREADS. Figures are no promises: the exit code is 0 whatever they are.
    """
    known = racers()
    for name in racer or ():
        if name not in known:
            raise BadInput(f"unknown racer {name!r}", remedy=f"Choose from {', '.join(known)}.")
    with bar("timing") as told:
        found = speed_document(
            names=tuple(racer or ()), patience=math.inf if full else PATIENCE, progress=told
        )
    show(found, as_json=as_json, text=_told(found))


def _told(found: Mapping[str, Any]) -> list[str | Table]:
    laps = [
        (
            r["racer"],
            f"{r['n']} x {r['d']}",
            f"{r['cpu_seconds']:.4f}",
            f"{r['whole_seconds']:.4f}",
            None if r["extra_bytes"] is None else f"{r['extra_bytes'] / 1e6:.0f}",
            None if r["floor_seconds"] is None else f"{r['cpu_seconds'] / r['floor_seconds']:.1f}",
            "extrapolated" if r["extrapolated"] else "",
        )
        for r in found["laps"]
    ]
    ratios = [
        (
            r["ours"],
            r["peer"],
            f"{r['n']} x {r['d']}",
            f"{r['ratio']:.0f}",
            f"{r['whole']:.0f}",
            None if r["goal"] is None else f"{r['goal']:.0f}: {'reached' if r['reached'] else 'not reached'}",
            "extrapolated" if r["extrapolated"] else "",
        )
        for r in found["ratios"]
    ]
    exponents = [(r["racer"], r["rows"], r["columns"]) for r in found["exponents"]]
    m, e, memory = found["machine"], found["environment"], found["memory"]
    closing = [
        f"This machine: {m['gemm'] / 1e9:.0f} GFLOP/s in single-precision products, "
        f"{m['bandwidth'] / 1e9:.1f} GB/s in copies, {e['cores']} cores, "
        f"threads: {e['threads'] or 'all'}; {found['device']}."
    ]
    if memory is not None:
        closing.append(
            f"Exact MMD at the largest size: {memory['extra_bytes'] / 1e6:.0f} MB extra, goal "
            f"{memory['goal'] / 1e6:.0f} MB: {'reached' if memory['reached'] else 'not reached'}."
        )
    return [
        table(
            ["racer", "n x d", "CPU s", "with fit", "extra MB", "times the floor", ""],
            laps,
            title=f"A window of n rows beside a reference of n, {found['permutations']} permutations of MMD",
        ),
        table(["racer", "exponent of n", "exponent of d"], exponents, title="Growth of CPU seconds"),
        table(["ours", "peer", "n x d", "times less CPU", "with fit", "goal", ""], ratios, title="Ratios"),
        *closing,
    ]
