"""Which verdicts wake somebody, and what they are told."""

from __future__ import annotations

from datetime import UTC, datetime

from ombud.alerts import problems
from ombud.domain.alert import Severity
from ombud.domain.modality import AUDIO, CROSS_MODAL, FUSED, IMAGE, TEXT, Modality
from ombud.domain.verdict import Contribution, Grade, Outcome, StoredVerdict, Verdict

DAY = datetime(2026, 3, 1, tzinfo=UTC)


def stored(
    modality: Modality,
    outcome: Outcome,
    grade: Grade = Grade.ESTIMATED_HARM,
    *,
    advisory: bool = False,
    window: str = "digits/1/2026-03-01",
    version: int = 1,
    detector: str = "mean",
    causes: tuple[Contribution, ...] = (),
) -> StoredVerdict:
    kind = {Grade.ESTIMATED_HARM: "harm", Grade.MEASURED_HARM: "measured_harm", Grade.CHANGED: "descriptors"}
    verdict = Verdict(
        monitor=f"{modality}.{kind[grade]}",
        modality=modality,
        detector=detector,
        outcome=outcome,
        grade=grade,
        n_reference=400,
        n_current=180,
        clusters_reference=40,
        clusters_current=12,
        p_value=0.00041,
        threshold=0.0021,
        effect=-38.1,
        effect_unit="accuracy points",
        causes=causes,
    )
    return StoredVerdict(
        f"{window}/{verdict.monitor}/{detector}", "digits", version, window, advisory, DAY, "run", verdict
    )


QUIET_DAY = [stored(m, Outcome.QUIET) for m in (TEXT, IMAGE, AUDIO, FUSED)]
BAD_AUDIO = [
    stored(TEXT, Outcome.QUIET),
    stored(IMAGE, Outcome.QUIET),
    stored(AUDIO, Outcome.DRIFT, causes=(Contribution("snr", 21.32, 4.2, -3.1),)),
    stored(AUDIO, Outcome.DRIFT, Grade.CHANGED, causes=(Contribution("loudness", -20.0, -38.0, -2.0),)),
]


def test_a_quiet_day_wakes_nobody() -> None:
    assert problems(QUIET_DAY) == ()


def test_mere_change_and_advice_wake_nobody() -> None:
    changed = [stored(m, Outcome.DRIFT, Grade.CHANGED) for m in (TEXT, CROSS_MODAL)]
    advice = stored(AUDIO, Outcome.DRIFT, advisory=True, detector="alibi-detect:mmd")
    declined = stored(IMAGE, Outcome.NOT_APPLICABLE, Grade.MEASURED_HARM)
    assert problems([*changed, advice, declined]) == ()


def test_one_harmed_modality_is_one_problem_with_its_cause_in_sentences() -> None:
    (problem,) = problems(BAD_AUDIO, links={"Window": "http://portal/w"})
    assert problem.fingerprint == "digits/1/drift/audio"
    assert problem.title == "digits v1: estimated accuracy of audio fell by 38.1 accuracy points"
    assert problem.severity is Severity.WARNING
    assert problem.evidence == (
        "digits/1/2026-03-01/audio.harm/mean",
        "digits/1/2026-03-01/audio.descriptors/mean",
    )
    assert problem.links == {"Window": "http://portal/w"}
    for told in (
        "The estimated accuracy of the answers from audio alone fell by 38.1 accuracy points.",
        "p = 0.00041",
        "level 0.0021",
        "180 requests from 12 clusters against 400 in the reference from 40 clusters",
        "snr 21.3 → 4.2 (-3.1 standard deviations); loudness -20 → -38",
        "Text and image stayed quiet.",
    ):
        assert told in problem.cause


def test_accuracies_that_are_known_are_told_from_and_to() -> None:
    moved = (Contribution("estimated_accuracy", 93.1, 55.0, -1.4), Contribution("snr", 2.0, 1.0, -0.5))
    (problem,) = problems([stored(AUDIO, Outcome.DRIFT, causes=moved)])
    assert "fell from 93.1% to 55.0%" in problem.cause
    assert "Moved most: snr" in problem.cause
    assert "estimated_accuracy" not in problem.cause


def test_estimated_and_measured_harm_of_one_modality_are_one_louder_problem() -> None:
    (problem,) = problems([*BAD_AUDIO, stored(AUDIO, Outcome.DRIFT, Grade.MEASURED_HARM)])
    assert (problem.grade, problem.severity) == (Grade.MEASURED_HARM, Severity.CRITICAL)
    assert problem.title.startswith("digits v1: measured accuracy of audio")


def test_worse_final_answers_are_evidence_of_the_harmed_input_not_a_problem_of_their_own() -> None:
    final = stored(FUSED, Outcome.DRIFT)
    (problem,) = problems([*BAD_AUDIO, final])
    assert problem.modality == AUDIO
    assert final.verdict_id in problem.evidence
    assert "the final answers fell" in problem.cause
    (alone,) = problems([final, *QUIET_DAY[:3]])
    assert alone.modality == FUSED


def test_two_harmed_modalities_and_two_versions_are_problems_of_their_own() -> None:
    found = problems(
        [
            stored(TEXT, Outcome.DRIFT),
            *BAD_AUDIO[1:],
            stored(AUDIO, Outcome.DRIFT, version=2, window="digits/2/2026-03-01"),
        ]
    )
    assert [p.fingerprint for p in found] == [
        "digits/1/drift/text",
        "digits/1/drift/audio",
        "digits/2/drift/audio",
    ]
    assert "Text got worse too (an alert of its own)." in found[1].cause


def test_modalities_that_could_not_be_judged_are_not_called_quiet() -> None:
    (problem,) = problems(
        [
            *BAD_AUDIO[2:],
            stored(TEXT, Outcome.NOT_APPLICABLE),
            stored(IMAGE, Outcome.DRIFT, Grade.CHANGED),
        ]
    )
    assert "Text could not be judged." in problem.cause
    assert "Image changed without showing harm." in problem.cause
    assert "quiet" not in problem.cause
