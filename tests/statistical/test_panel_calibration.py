"""The default panel under its budget: few false pages on clustered traffic, real harm paged."""

from __future__ import annotations

import numpy as np

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.observations import Observations
from ombud_monitors.multiplicity import Budget
from ombud_monitors.panel import Question, default_panel, shares
from ombud_monitors.simulate.multimodal import multimodal_window
from statistical.binomial import at_most

PANEL = default_panel((TEXT, IMAGE, AUDIO))
PAGING, _ = shares(PANEL)
# One look may spend the whole budget here: the strictest test that one window allows.
SPLIT = Budget(0.05, looks=1).split(PAGING)


def pages(reference: Observations, current: Observations, seed: int) -> set[str]:
    """Codes of the paging monitors that fired."""
    asked = Question(reference, current, level=1.0, seed=seed)
    paging = [m for m in PANEL if m.grade.pages]
    return {m.code for m in paging if m.judge(asked.at(SPLIT.level(m.code, 1))).fired}


def test_any_false_page_on_clustered_traffic_stays_within_the_budget() -> None:
    rng = np.random.default_rng(1)
    repeats = 60
    paged = 0
    for i in range(repeats):
        reference = multimodal_window(rng, 400)
        current = multimodal_window(rng, 200, speakers=8, prefix="c")
        paged += bool(pages(reference, current, i))
    print(f"any false page: {paged / repeats:.3f} of {repeats} windows")
    assert paged <= at_most(0.05, repeats)


def test_two_strangers_who_are_misheard_are_paged_as_audio_harm() -> None:
    rng = np.random.default_rng(2)
    named = [
        pages(
            multimodal_window(rng, 500),
            multimodal_window(rng, 240, speakers=2, prefix="c", damage={AUDIO: 3.0}),
            seed,
        )
        for seed in range(20)
    ]
    assert sum("audio.harm" in codes for codes in named) >= 18
    assert sum("image.harm" in codes or "text.harm" in codes for codes in named) <= 2
