"""The default monitors under one budget: what a run is, what it counts, and what breaks the promise."""

from __future__ import annotations

import numpy as np
import pytest

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud_monitors.evaluate import Plan, document, page_of, tallied
from ombud_monitors.evaluate.monitor_runs import LOOKS, MonitorRun, OneLook, PanelJudge, window
from ombud_monitors.evaluate.monitor_study import MONITORS, monitor_pieces, monitor_promises, monitored


def test_only_the_image_embeddings_move() -> None:
    clean, shifted = window(80, 3), window(80, 3, strength=0.5)
    for modality in (TEXT, IMAGE, AUDIO):
        before, after = clean.modalities[modality], shifted.modalities[modality]
        assert before.embeddings is not None
        assert after.embeddings is not None
        moved = np.nanmean(after.embeddings - before.embeddings)
        assert moved == pytest.approx(0.5 if modality == IMAGE else 0.0, abs=1e-6)
        np.testing.assert_array_equal(before.descriptors, after.descriptors)
    np.testing.assert_array_equal(clean.probabilities, shifted.probabilities)


def test_levels_of_all_monitors_and_looks_add_up_to_the_budget() -> None:
    judge = PanelJudge.of(window(100, 0), seed=0)
    spent = sum(judge.budget.level(m.code, k) for m in judge.panel for k in range(1, LOOKS + 1))
    assert spent == pytest.approx(0.05)
    assert spent <= 0.05 + 1e-12
    assert all(judge.budget.level(m.code, LOOKS + 1) == 0 for m in judge.panel)


def test_a_gross_shift_is_alarmed_and_remembered_as_loud() -> None:
    judge = PanelJudge.of(window(300, 0), seed=0, looks=2)
    assert not judge(1, window(60, 1))
    assert judge(2, window(60, 2, strength=5.0))
    assert [bool(codes) for _, codes in judge.remembered] == [False, True]
    assert judge.remembered[1][1] == {"image.embedding"}


def found(
    clean: list[int | None], shifted: list[int | None]
) -> dict[MonitorRun | OneLook, dict[str, object]]:
    runs = {MonitorRun(60, 200, 0, 0, i): {"alarm": a} for i, a in enumerate(clean)}
    later = {MonitorRun(60, 12, 3, 0, i): {"alarm": a} for i, a in enumerate(shifted)}
    return {**runs, **later}


@pytest.mark.parametrize(
    ("clean", "shifted", "kept"),
    [
        ([None] * 20, [13, 14, 15] * 8, [True, True]),
        ([7] * 20, [14] * 20, [False, True]),
        ([None] * 20, [None] * 20, [True, False]),
    ],
)
def test_neither_always_nor_never_firing_keeps_both_halves(
    clean: list[int | None], shifted: list[int | None], kept: list[bool]
) -> None:
    assert [promise.kept for promise in monitor_promises(found(clean, shifted))] == kept


def test_the_plan_runs_the_panel_when_nobody_or_it_is_named() -> None:
    assert Plan().panel_runs == 2
    assert Plan(only=("ks",)).panel_runs == 0
    assert Plan(only=(MONITORS,), monitor_runs=5).panel_runs == 5
    assert len({piece.key for piece in monitor_pieces(3, seed=0)}) == len(monitor_pieces(3, seed=0))


def test_the_page_tells_what_the_runs_found() -> None:
    outcomes = found([None] * 4, [14, 15])
    assert monitored(outcomes.items()) == outcomes
    page = page_of(document(Plan(only=(MONITORS,)), tallied(outcomes.items())))
    assert "0 of 4" in page
    assert "2 of 2" in page
