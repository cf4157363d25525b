"""Monitor runs: the whole default panel under its budget, window after window.

What is run is what the product runs: every monitor of :func:`~ombud_monitors.panel.default_panel` over
text, image and audio, each look at the level that :func:`~ombud_monitors.panel.panel_budget` allows, with
:func:`~ombud_monitors.panel.look` looking back on quiet windows. The shift adds the same amount to every
dimension of the image embeddings and to nothing else, so only the aggregated test of those embeddings can
see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time

import numpy as np

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.observations import Observations
from ombud_monitors.evaluate.budgeted import BudgetedRuns, Run
from ombud_monitors.evaluate.contestants import LEVEL
from ombud_monitors.evaluate.pieces import Outcome, seed_of
from ombud_monitors.multiplicity import Budget
from ombud_monitors.panel import Monitor, PanelBudget, Question, default_panel, look, panel_budget
from ombud_monitors.simulate.multimodal import multimodal_window

__all__ = ["LOOKS", "SHIFT", "MonitorRun", "OneLook", "PanelJudge", "runs_of", "strength_for", "window"]

LOOKS = 200
"""Windows of a period, and looks that its budget is planned for."""
REFERENCE_ROWS = 500
MODALITIES = (TEXT, IMAGE, AUDIO)
WATCHED = "image.embedding"
SHIFT = "every dimension of the image embeddings moves by the same amount"
STRENGTHS: Mapping[int, float] = {60: 0.25, 200: 0.15, 500: 0.11}
"""Rows of a window → size of the shift; found by trying sizes on 80 windows each, and measured anew in every
study, beside the delays (:class:`OneLook`)."""


def strength_for(rows: int) -> float:
    """Size of the shift, in standard deviations of a row, that one look at ``rows`` rows sees with power .9.

    Example:
        >>> strength_for(60) > strength_for(500)
        True
    """
    return STRENGTHS[rows]


def window(rows: int, seed: int, *, strength: float = 0.0) -> Observations:
    """One window; rows are independent, and 95% of the inputs are there."""
    rng = np.random.default_rng(seed)
    seen = multimodal_window(rng, rows, modalities=MODALITIES, presence=0.95, clustered=False)
    image = seen.modalities[IMAGE]
    if not strength or image.embeddings is None:
        return seen
    moved = replace(image, embeddings=image.embeddings + np.float32(strength))
    return replace(seen, modalities={**seen.modalities, IMAGE: moved})


@dataclass
class PanelJudge:
    """The default panel with its reference and its memory: what one model version's monitoring does.

    Args:
        reference: Reference window.
        budget: What each look may spend.
        panel: The monitors.
        seed: Seed of every random choice.
        remembered: Windows seen, with the codes that fired on each.

    Example:
        >>> judge = PanelJudge.of(window(500, 0), seed=0, looks=1)
        >>> judge(1, window(60, 2, strength=5.0))
        True
    """

    reference: Observations
    budget: PanelBudget
    panel: Sequence[Monitor]
    seed: int
    remembered: list[tuple[Observations, frozenset[str]]] = field(default_factory=list)

    @classmethod
    def of(cls, reference: Observations, *, seed: int, looks: int = LOOKS) -> PanelJudge:
        """The default panel under the default budget."""
        panel = default_panel(MODALITIES)
        return cls(reference, panel_budget(panel, Budget(looks=looks)), panel, seed)

    def __call__(self, k: int, current: Observations) -> bool:
        """Whether any monitor alarms at the k-th window, from 1."""
        fired = frozenset(m.code for m in self.panel if self._fires(m, k, current))
        self.remembered.append((current, fired))
        return bool(fired)

    def _fires(self, monitor: Monitor, k: int, current: Observations) -> bool:
        quiet = [seen for seen, codes in self.remembered if monitor.code not in codes]
        question = Question(self.reference, current, level=self.budget.level(monitor.code, k), seed=self.seed)
        return look(monitor, question, quiet).fired


@dataclass(frozen=True)
class MonitorRun:
    """A piece: one run of the panel over clean windows, and over shifted ones after them.

    Args:
        rows: Rows of a window.
        clean: Clean windows.
        shifted: Shifted windows after them; 0 for none.
        seed: Seed of the study.
        number: Which run.
    """

    rows: int
    clean: int
    shifted: int
    seed: int
    number: int

    @property
    def key(self) -> str:
        """All that the outcome depends on."""
        return f"monitors/{self.rows}/{self.clean}/{self.shifted}/{self.seed}/{self.number}"

    def run(self) -> Outcome:
        """Play the run to its first alarm, or to its end."""
        started = process_time()
        alarm = self._run().alarm()
        return {"alarm": alarm, "cpu_seconds": process_time() - started}

    def _run(self) -> Run[Observations]:
        drawn = seed_of(self.seed, "monitors", self.rows, self.shifted > 0, self.number)

        def draw(k: int) -> Observations:
            strength = strength_for(self.rows) if k > self.clean else 0.0
            return window(self.rows, seed_of(drawn, k), strength=strength)

        judge = PanelJudge.of(window(REFERENCE_ROWS, seed_of(drawn, 0)), seed=drawn)
        return Run(judge, draw, self.clean, self.shifted)


@dataclass(frozen=True)
class OneLook:
    """A piece: how often one look at a single shifted window sees it at the level .05, the shift's size.

    Args:
        rows: Rows of the window.
        repeats: Windows.
        seed: Seed of the study.
        number: Which piece.
    """

    rows: int
    repeats: int
    seed: int
    number: int

    @property
    def key(self) -> str:
        """All that the outcome depends on."""
        return f"one-look/{self.rows}/{self.repeats}/{self.seed}/{self.number}"

    def run(self) -> Outcome:
        """Count."""
        monitor = next(m for m in default_panel(MODALITIES) if m.code == WATCHED)
        seen = 0
        for i in range(self.repeats):
            drawn = seed_of(self.seed, "one-look", self.rows, self.number, i)
            current = window(self.rows, seed_of(drawn, 1), strength=strength_for(self.rows))
            question = Question(window(REFERENCE_ROWS, seed_of(drawn, 0)), current, level=LEVEL, seed=drawn)
            seen += monitor.judge(question).fired
        return {"seen": seen, "repeats": self.repeats}


def runs_of(pieces: Sequence[tuple[MonitorRun, Outcome]]) -> BudgetedRuns:
    """What several runs came to.

    Example:
        >>> quiet, seen = (MonitorRun(60, 4, 3, 0, number) for number in range(2))
        >>> runs_of([(quiet, {"alarm": None}), (seen, {"alarm": 6})]).delays
        (None, 2)
    """
    early = [(run, o["alarm"]) for run, o in pieces]
    clean = tuple(a if a is not None and a <= run.clean else None for run, a in early)
    delays = tuple(
        None if a is None else a - run.clean
        for run, a in early
        if run.shifted and (a is None or a > run.clean)
    )
    return BudgetedRuns(clean, delays)
