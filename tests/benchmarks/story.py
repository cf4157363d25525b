"""How long the story takes, and how much memory all its processes hold together.

    python -m tests.benchmarks.story [DATA.parquet]

Prints one JSON object: seconds and peak proportional set size (PSS, MB) over the whole process tree,
and seconds per step. PSS counts a page shared by k processes as 1/k in each, so the sum is what the
machine really gave. Linux only: elsewhere the peak is null.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_EVERY_SECONDS = 1.0


def _descendants(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children.get(pid, [])


def _pss_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def measure(data: str | None) -> dict[str, object]:
    """Play the story once in a fresh home; returns the figures."""
    with tempfile.TemporaryDirectory(prefix="ombud-bench-") as home, tempfile.TemporaryFile("w+") as out:
        command = [Path(sys.executable).with_name("ombud"), "quickstart", "--json", "--home", f"{home}/home"]
        if data:
            command += ["--data", data]
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=dict(os.environ))
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, sum(_pss_mb(pid) for pid in _descendants(process.pid)))
            time.sleep(_EVERY_SECONDS)
        seconds = time.monotonic() - started
        out.seek(0)
        report = json.loads(out.read())
    return {
        "data": data or "synthetic",
        "exit_code": process.returncode,
        "seconds": round(seconds, 1),
        "peak_pss_mb": round(peak) if Path("/proc/self/smaps_rollup").exists() else None,
        "steps": {s["title"]: s["seconds"] for s in report["steps"]},
        "failure": report["failure"],
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1] if len(sys.argv) > 1 else None), indent=2))
