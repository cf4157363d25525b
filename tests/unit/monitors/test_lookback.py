"""Looking back: three windows together see what one cannot, and only quiet ones count as normal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.observations import Observations
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud_monitors.panel import MEMORY, PresenceChanged, Question, default_panel, look, pooled
from ombud_monitors.panel.lookback import RECENT, TODAY
from ombud_monitors.simulate.multimodal import multimodal_window

LEVEL = 1e-3


@dataclass
class Recorder:
    """A monitor that notes what it was asked; its p-value depends on which question it is."""

    code: str = "audio.embedding"
    modality: str = AUDIO
    grade: Grade = Grade.CHANGED
    title: str = ""
    p_values: dict[int, float | None] = field(default_factory=dict)
    asked: list[tuple[int, int, float]] = field(default_factory=list)

    def judge(self, question: Question) -> Verdict:
        reference, current, level = question.reference, question.current, question.level
        self.asked.append((len(reference), len(current), level))
        p = self.p_values.get(len(current), 1.0)
        fired = p is not None and p <= level
        outcome = Outcome.DRIFT if fired else Outcome.QUIET if p is not None else Outcome.NOT_APPLICABLE
        return Verdict(
            self.code, AUDIO, "recorder", outcome, self.grade, len(reference), len(current),
            p_value=p, threshold=level,
        )  # fmt: skip


def window(rows: int, seed: int = 0, **about: object) -> Observations:
    return multimodal_window(np.random.default_rng(seed), rows, **about)  # type: ignore[arg-type]


def ask(monitor: Recorder, earlier: int) -> Verdict:
    return look(
        monitor,
        Question(window(100), window(20), level=LEVEL, seed=0),
        [window(20, s) for s in range(earlier)],
    )


def test_without_earlier_windows_the_whole_level_is_spent_on_today() -> None:
    monitor = Recorder()
    ask(monitor, 0)
    assert monitor.asked == [(100, 20, LEVEL)]


@pytest.mark.parametrize(
    ("earlier", "reference", "recent"), [(1, 100, 40), (2, 100, 60), (5, 160, 60), (40, 300, 60)]
)
def test_recent_windows_are_judged_against_reference_and_memory(
    earlier: int, reference: int, recent: int
) -> None:
    monitor = Recorder()
    ask(monitor, earlier)
    assert [rows[:2] for rows in monitor.asked] == [(100, 20), (reference, recent)]
    assert sum(level for *_, level in monitor.asked) == pytest.approx(LEVEL)
    assert recent <= RECENT * 20
    assert reference <= 100 + (MEMORY - RECENT + 1) * 20


def test_the_weighted_p_value_pays_for_both_questions() -> None:
    share = 1 - TODAY
    both = ask(Recorder(p_values={20: 0.5, 60: 0.9 * share * LEVEL}), 2)
    assert both.fired
    assert both.p_value == pytest.approx(0.9 * LEVEL)
    assert both.threshold == LEVEL
    assert "last 3 windows" in both.reason
    assert not ask(Recorder(p_values={20: 0.5, 60: 1.1 * share * LEVEL}), 2).fired
    assert ask(Recorder(p_values={20: TODAY * LEVEL, 60: 1.0}), 2).fired


def test_a_fired_verdict_is_at_its_threshold_and_a_quiet_one_above() -> None:
    for today in (1e-5, 2e-4, 3e-4, 0.2):
        for together in (1e-5, 7e-4, 8e-4, 0.2):
            verdict = ask(Recorder(p_values={20: today, 60: together}), 2)
            assert verdict.p_value is not None
            assert verdict.fired == (verdict.p_value <= LEVEL)


def test_where_today_is_too_small_the_three_together_may_speak() -> None:
    assert ask(Recorder(p_values={20: None, 60: 1e-5}), 2).fired
    assert ask(Recorder(p_values={20: None, 60: None}), 2).outcome is Outcome.NOT_APPLICABLE


def test_harm_judges_today_with_its_whole_level() -> None:
    monitor = Recorder(grade=Grade.ESTIMATED_HARM)
    ask(monitor, 5)
    assert monitor.asked == [(100, 20, LEVEL)]


def test_pooled_windows_keep_rows_and_drop_what_one_of_them_lacks() -> None:
    first, second = window(30, 1), window(20, 2, clustered=False)
    both = pooled([first, second])
    assert len(both) == 50
    assert both.ids == first.ids + second.ids
    audio = both.modalities[AUDIO]
    assert audio.clusters is None
    assert audio.embeddings is not None
    np.testing.assert_array_equal(audio.embeddings[30:], second.modalities[AUDIO].embeddings)
    assert set(both.modalities) == {TEXT, IMAGE, AUDIO}
    assert pooled([first]) is first


def test_every_monitor_of_the_panel_can_look_back() -> None:
    reference, current = window(200, 3), window(80, 4, prefix="c")
    earlier = [window(80, 5 + i, prefix=f"e{i}") for i in range(4)]
    for monitor in default_panel((TEXT, IMAGE, AUDIO)):
        verdict = look(monitor, Question(reference, current, level=0.01, seed=0), earlier)
        assert verdict.monitor == monitor.code
        assert verdict.outcome is not Outcome.NOT_APPLICABLE, verdict.reason
        assert verdict.threshold == 0.01


def test_a_shift_too_small_for_one_look_is_seen_over_three() -> None:
    monitor = PresenceChanged("audio.missing", AUDIO, Grade.CHANGED, "Audio: missing more or less often")
    reference = window(500, 1)
    quiet = [window(200, 10 + i, prefix=f"q{i}") for i in range(10)]
    shifted = [window(200, 30 + i, prefix=f"s{i}", presence=0.7) for i in range(3)]
    today = [Question(reference, window, level=1e-5, seed=0) for window in shifted]
    assert not look(monitor, today[0], quiet).fired
    assert look(monitor, today[2], [*quiet, *shifted[:2]]).fired
