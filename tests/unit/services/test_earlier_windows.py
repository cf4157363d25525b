"""What a monitor of change looks back on: the period's windows before today's, without the loud ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from ombud.adapters.memory.inference_log import MemoryInferenceLog
from ombud.domain.inference import Inference, Variant
from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.verdict import Grade, Outcome, StoredVerdict, Verdict
from ombud.domain.window import Window
from ombud_app.services.earlier_windows import EarlierWindows, read_earlier
from ombud_monitors.panel import MEMORY

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 20


def answered(day: int, number: int, *, version: int = 1, variant: Variant = Variant.CHAMPION) -> Inference:
    return Inference(
        request_id=f"{day}-{number}-{version}-{variant.value}",
        model="pets",
        version=version,
        variant=variant,
        time=START + timedelta(days=day, minutes=number),
        present=(TEXT,),
        probabilities=np.array([0.3, 0.7], np.float32),
        prediction="dog",
        confidence=0.7,
    )


def window(day: int) -> Window:
    start = START + timedelta(days=day)
    return Window(f"pets/1/{day}", "pets", 1, f"{day}", start, start + timedelta(days=1), 3, 0, start)


def said(day: int, code: str, outcome: Outcome, *, advisory: bool = False) -> StoredVerdict:
    verdict = Verdict(code, TEXT, "mmd", outcome, Grade.CHANGED, 10, 3)
    return StoredVerdict(f"{day}/{code}", "pets", 1, f"pets/1/{day}", advisory, START, "run", verdict)


def look_back(today: int, *verdicts: StoredVerdict, looked: range = range(DAYS)) -> EarlierWindows:
    log = MemoryInferenceLog()
    log.append([answered(day, i) for day in range(DAYS) for i in range(3)])
    log.append([answered(day, 9, version=2) for day in range(DAYS)])
    log.append([answered(day, 8, variant=Variant.SHADOW) for day in range(DAYS)])
    return read_earlier(
        log,
        window(today),
        [window(day) for day in looked if day != today],
        verdicts,
        labels=("cat", "dog"),
        modalities=(TEXT, AUDIO),
        clusters={},
    )


def test_the_first_window_of_a_period_has_nothing_before_it() -> None:
    assert look_back(0).windows == {}
    assert look_back(7, looked=range(7, 9)).quiet("text.embedding") == ()


def test_only_the_same_version_s_champion_rows_of_earlier_windows_are_read() -> None:
    before = look_back(3)
    assert list(before.windows) == ["pets/1/0", "pets/1/1", "pets/1/2"]
    assert [len(seen) for seen in before.windows.values()] == [3, 3, 3]
    assert before.windows["pets/1/1"].ids == ("1-0-1-champion", "1-1-1-champion", "1-2-1-champion")


def test_memory_is_bounded_and_keeps_the_latest() -> None:
    assert list(look_back(19).windows) == [f"pets/1/{day}" for day in range(19 - MEMORY, 19)]


def test_windows_on_which_a_monitor_fired_are_left_out_for_that_monitor_alone() -> None:
    before = look_back(
        3,
        said(1, "text.embedding", Outcome.DRIFT),
        said(2, "text.embedding", Outcome.QUIET),
        said(0, "text.missing", Outcome.DRIFT, advisory=True),
    )
    assert len(before.quiet("text.embedding")) == 2
    assert before.quiet("text.embedding")[0] is before.windows["pets/1/0"]
    assert len(before.quiet("text.missing")) == 3
