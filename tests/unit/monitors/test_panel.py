"""The default panel: what each monitor claims, when it declines, and what its verdict carries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.domain.observations import Observations
from ombud.domain.verdict import Grade, Outcome, Verdict
from ombud.errors import BadInput
from ombud_monitors.catalogue import CATALOGUE, Kind
from ombud_monitors.crossmodal import conflict_rates, conflicts
from ombud_monitors.multiplicity import Budget
from ombud_monitors.panel import Monitor, Question, default_panel, shares
from ombud_monitors.performance import Calibration, errors, support
from ombud_monitors.simulate.multimodal import multimodal_window

PANEL = {monitor.code: monitor for monitor in default_panel((TEXT, IMAGE, AUDIO))}
LEVEL = 0.01


def judged(reference: Observations, current: Observations, level: float = LEVEL) -> dict[str, Verdict]:
    return {code: m.judge(Question(reference, current, level=level, seed=3)) for code, m in PANEL.items()}


@pytest.fixture(scope="module")
def reference() -> Observations:
    return multimodal_window(np.random.default_rng(0), 500)


@pytest.fixture(scope="module")
def damaged() -> Observations:
    return multimodal_window(np.random.default_rng(1), 300, prefix="c", speakers=12, damage={AUDIO: 3.0})


def test_the_catalogue_lists_exactly_this_panel_and_its_detectors(reference: Observations) -> None:
    monitors = {code: entry for code, entry in CATALOGUE.items() if entry.kind is Kind.MONITOR}
    assert list(monitors) == list(PANEL)
    for code, monitor in PANEL.items():
        assert (monitors[code].title, monitors[code].modality) == (monitor.title, monitor.modality)
        assert (monitors[code].severity.value != "info") == monitor.grade.pages
    used = {v.detector for v in judged(reference, reference).values()}
    assert {CATALOGUE[name].kind for name in used} == {Kind.DETECTOR}


def test_damage_to_one_modality_is_named_by_its_monitors(
    reference: Observations, damaged: Observations
) -> None:
    verdicts = judged(reference, damaged)
    fired = {code for code, v in verdicts.items() if v.fired}
    assert {"audio.harm", "audio.measured_harm", "audio.embedding", "audio.descriptors"} <= fired
    assert "cross_modal.conflict" in fired
    assert not {code for code in fired if code.startswith(("text.", "image."))}
    assert verdicts["audio.descriptors"].causes[0].name == "loudness"
    assert verdicts["audio.harm"].causes[0].name == "loudness"


def test_estimated_harm_is_near_measured_harm(reference: Observations, damaged: Observations) -> None:
    verdicts = judged(reference, damaged)
    for modality in ("audio", "fused"):
        estimated, measured = verdicts[f"{modality}.harm"], verdicts[f"{modality}.measured_harm"]
        assert estimated.effect is not None
        assert measured.effect is not None
        assert estimated.effect < 0
        assert estimated.effect == pytest.approx(measured.effect, abs=12)
        assert estimated.effect_unit == measured.effect_unit == "accuracy points"


def test_a_quiet_window_is_quiet(reference: Observations) -> None:
    current = multimodal_window(np.random.default_rng(2), 300, prefix="c", speakers=12)
    level = 0.05 / len(PANEL)
    assert not [code for code, v in judged(reference, current, level).items() if v.fired]


def test_every_applicable_verdict_carries_its_evidence(
    reference: Observations, damaged: Observations
) -> None:
    for code, verdict in judged(reference, damaged).items():
        assert verdict.outcome is not Outcome.NOT_APPLICABLE
        assert (verdict.monitor, verdict.grade) == (code, PANEL[code].grade)
        assert verdict.p_value is not None
        assert 0 < verdict.p_value <= 1
        assert verdict.fired == (verdict.p_value <= LEVEL) or verdict.grade is not Grade.CHANGED
        assert verdict.threshold == LEVEL
        for number in (verdict.statistic, verdict.effect, verdict.minimum_detectable_effect):
            assert number is not None
            assert np.isfinite(number)
        assert verdict.effect_unit
        assert min(verdict.n_reference, verdict.n_current) >= 50
        if not code.endswith(".missing"):
            assert verdict.clusters_current is not None
        effects = [abs(c.effect) for c in verdict.causes]
        assert effects == sorted(effects, reverse=True)


def test_the_same_seed_gives_the_same_verdicts(reference: Observations, damaged: Observations) -> None:
    assert judged(reference, damaged) == judged(reference, damaged)


@pytest.mark.parametrize("monitor", PANEL.values(), ids=PANEL)
def test_a_spent_budget_declines(monitor: Monitor, reference: Observations) -> None:
    verdict = monitor.judge(Question(reference, reference, level=0.0, seed=0))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "budget of this period is spent" in verdict.reason


@pytest.mark.parametrize("monitor", PANEL.values(), ids=PANEL)
def test_too_few_rows_decline_with_the_number_that_would_do(
    monitor: Monitor, reference: Observations
) -> None:
    tiny = multimodal_window(np.random.default_rng(3), 20, prefix="c")
    verdict = monitor.judge(Question(reference, tiny, level=LEVEL, seed=0))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.p_value is None
    assert "in each would do" in verdict.reason


def test_too_few_clusters_decline_with_the_number_that_would_do(reference: Observations) -> None:
    current = multimodal_window(np.random.default_rng(4), 300, prefix="c", speakers=1)
    verdict = PANEL["audio.harm"].judge(Question(reference, current, level=LEVEL, seed=0))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "2 clusters in the current window would do" in verdict.reason


def test_unlabelled_windows_have_no_measured_harm_but_estimated_harm(reference: Observations) -> None:
    current = multimodal_window(
        np.random.default_rng(5), 300, prefix="c", speakers=12, damage={AUDIO: 3.0}, labelled=False
    )
    assert (
        "labelled answers"
        in PANEL["audio.measured_harm"].judge(Question(reference, current, level=LEVEL, seed=0)).reason
    )
    assert PANEL["audio.harm"].judge(Question(reference, current, level=LEVEL, seed=0)).fired


def test_a_modality_is_not_blamed_for_another_s_fault(reference: Observations) -> None:
    """Audio turns sure of the wrong answers: image answers lose support, but show no doubt of their own."""
    rng = np.random.default_rng(11)
    current = multimodal_window(rng, 300, prefix="c", speakers=12)
    audio = current.modalities[AUDIO]
    assert audio.probabilities is not None
    wrong = np.eye(5, dtype=np.float32)[(current.truth + 1) % 5]
    fused = np.where(audio.present[:, None], wrong, current.probabilities)
    sure = replace(audio, probabilities=np.where(audio.present[:, None], wrong, np.nan).astype(np.float32))
    broken = replace(current, probabilities=fused, modalities={**current.modalities, AUDIO: sure})
    verdict = PANEL["image.harm"].judge(Question(reference, broken, level=LEVEL, seed=0))
    assert verdict.p_value is not None
    assert verdict.p_value <= LEVEL
    assert not verdict.fired
    assert "may lie with another modality" in verdict.reason
    assert PANEL["audio.measured_harm"].judge(Question(reference, broken, level=LEVEL, seed=0)).fired
    assert PANEL["cross_modal.conflict"].judge(Question(reference, broken, level=LEVEL, seed=0)).fired


def test_without_clusters_the_verdict_says_what_it_assumed() -> None:
    rng = np.random.default_rng(6)
    windows = [multimodal_window(rng, 200, clustered=False) for _ in range(2)]
    for code in ("audio.harm", "fused.harm", "audio.embedding", "audio.descriptors", "audio.missing"):
        verdict = PANEL[code].judge(Question(*windows, level=LEVEL, seed=0))
        assert "independent" in verdict.reason
        assert verdict.clusters_current is None


def test_the_final_answer_is_judged_under_every_clustering(reference: Observations) -> None:
    verdict = PANEL["fused.harm"].judge(Question(reference, reference, level=LEVEL, seed=0))
    assert "the clusters of text, image, audio in turn" in verdict.reason


def test_a_modality_that_goes_missing_is_noticed_without_paging(reference: Observations) -> None:
    current = multimodal_window(np.random.default_rng(7), 300, prefix="c", speakers=12, presence=0.5)
    verdicts = judged(reference, current)
    assert all(verdicts[f"{m}.missing"].fired for m in ("text", "image", "audio"))
    effect = verdicts["audio.missing"].effect
    assert effect is not None
    assert effect < -15


def test_failed_answers_are_harm(reference: Observations) -> None:
    current = multimodal_window(np.random.default_rng(8), 300, prefix="c", speakers=12)
    probabilities = current.probabilities.copy()
    probabilities[::3] = np.nan
    verdicts = judged(reference, replace(current, probabilities=probabilities))
    assert verdicts["fused.harm"].fired
    assert verdicts["fused.measured_harm"].fired


def test_a_modality_without_outputs_declines(reference: Observations) -> None:
    bare = {m: replace(c, probabilities=None, embeddings=None) for m, c in reference.modalities.items()}
    current = replace(reference, modalities=bare)
    verdicts = judged(reference, current)
    for claim in ("harm", "measured_harm", "embedding"):
        assert verdicts[f"audio.{claim}"].outcome is Outcome.NOT_APPLICABLE
    assert verdicts["cross_modal.conflict"].outcome is Outcome.NOT_APPLICABLE
    assert verdicts["fused.harm"].outcome is Outcome.QUIET


def test_inputs_of_a_model_without_embeddings_are_encoded_by_their_descriptors(
    reference: Observations,
) -> None:
    def bare(window: Observations, by: float) -> Observations:
        columns = window.modalities[AUDIO]
        moved = columns.descriptors + by
        moved[::7, 0] = np.nan
        return replace(window, modalities={AUDIO: replace(columns, embeddings=None, descriptors=moved)})

    for by, outcome in ((0.0, Outcome.QUIET), (3.0, Outcome.DRIFT)):
        verdict = PANEL["audio.embedding"].judge(
            Question(bare(reference, 0.0), bare(reference, by), level=0.05, seed=0)
        )
        assert verdict.outcome is outcome
        assert "encoded by its descriptors" in verdict.reason


def test_windows_of_another_label_space_or_descriptor_set_are_refused(reference: Observations) -> None:
    other = replace(reference, labels=("x", "y"))
    with pytest.raises(BadInput, match="labels"):
        PANEL["fused.harm"].judge(Question(reference, other, level=LEVEL, seed=0))
    columns = replace(reference.modalities[AUDIO], descriptor_names=("a", "b", "c", "d", "e", "g"))
    renamed = replace(reference, modalities={**reference.modalities, AUDIO: columns})
    with pytest.raises(BadInput, match="descriptors"):
        PANEL["audio.descriptors"].judge(Question(reference, renamed, level=LEVEL, seed=0))


def test_a_new_modality_needs_no_new_code() -> None:
    video = default_panel((Modality("video"),))
    codes = [monitor.code.removeprefix("video.") for monitor in video]
    assert codes[:5] == ["harm", "measured_harm", "embedding", "descriptors", "missing"]


def test_shares_leave_two_strangers_among_25_speakers_enough_level() -> None:
    paging, changed = shares(tuple(PANEL.values()), {"audio": 2.0})
    assert set(paging) | set(changed) == set(PANEL)
    assert paging["audio.harm"] == 2 * paging["text.harm"]
    even, _ = shares(tuple(PANEL.values()))
    assert Budget(0.05, looks=4).split(even).level("audio.harm", 1) >= 1 / 351


def test_conflict_counts_requests_with_two_answers_only() -> None:
    window = multimodal_window(np.random.default_rng(9), 200, presence=0.5)
    answered = sum(c.present.astype(int) for c in window.modalities.values())
    assert (np.isnan(conflicts(window)) == (answered < 2)).all()
    either = np.nanmax(np.stack([*conflict_rates(window).values(), np.zeros(200)]), axis=0)
    known = answered >= 2
    assert (conflicts(window)[known] == either[known]).all()


def test_support_of_a_lone_answer_is_its_own_confidence(reference: Observations) -> None:
    audio = reference.modalities[AUDIO]
    others = reference.modalities[TEXT].present | reference.modalities[IMAGE].present
    alone = audio.present & ~others
    assert audio.probabilities is not None
    assert support(reference, AUDIO)[alone] == pytest.approx(audio.probabilities[alone].max(axis=1), abs=1e-6)
    assert (np.isnan(support(reference, AUDIO)) == ~audio.present).all()


def test_calibration_rises_and_keeps_the_mean(reference: Observations) -> None:
    score, right = support(reference, AUDIO), 1 - errors(reference, AUDIO)
    curve = Calibration.fit(score, right)
    assert (np.diff(curve.accuracy) > 0).all()
    assert (np.diff(curve.score) > 0).all()
    assert np.nanmean(curve.accuracy_of(score)) == pytest.approx(np.nanmean(right), abs=0.02)
    assert Calibration.fit(score[:20], right[:20]).identity
