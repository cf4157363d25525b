"""Second opinions are really alibi-detect's, handle its pitfalls, and decline bad input."""

import subprocess
import sys

import numpy as np
import pytest

from ombud.domain.modality import AUDIO, IMAGE, TEXT
from ombud.domain.observations import ModalityColumns, Observations
from ombud.domain.verdict import Grade, Outcome
from ombud.errors import BadInput
from ombud_monitors.backends.alibi import DEFAULTS, second_opinion

NAMES = ("alibi-detect:ks", "alibi-detect:mmd", "alibi-detect:lsdd")


def window(n, seed, *, shift=0.0, embeddings=True, speakers=None, width=16, absent=0.1):
    rng = np.random.default_rng(seed)
    present = rng.random(n) >= absent
    embedded = (rng.normal(size=(n, width)) + shift).astype(np.float32)
    described = rng.normal(size=(n, 3)) + np.array([shift, 0, 0])
    embedded[~present], described[~present] = np.nan, np.nan
    columns = ModalityColumns(
        present,
        ("loudness", "peak", "duration"),
        described,
        embedded if embeddings else None,
        None,
        None if speakers is None else np.array([f"s{i % speakers}" for i in range(n)]),
    )
    p = np.full((n, 2), 0.5, np.float32)
    return Observations(tuple(map(str, range(n))), ("x", "y"), p, np.full(n, -1), {AUDIO: columns})


def opinion(name, reference, current, *, level=0.01, seed=1, modality=AUDIO):
    return second_opinion(name, reference, current, modality, level=level, seed=seed)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("embeddings", [True, False])
def test_a_shift_is_seen_and_a_clean_window_is_quiet(name, embeddings):
    reference = window(200, 0, embeddings=embeddings)
    drifted = opinion(name, reference, window(120, 1, shift=1.0, embeddings=embeddings))
    quiet = opinion(name, reference, window(120, 2, embeddings=embeddings))
    assert drifted.outcome is Outcome.DRIFT
    assert quiet.outcome is Outcome.QUIET
    for verdict in (drifted, quiet):
        assert verdict.grade is Grade.CHANGED
        assert verdict.detector == name
        assert verdict.monitor == ("audio.embedding" if embeddings else "audio.descriptors")
        assert 0 < verdict.p_value <= 1
        assert verdict.threshold == 0.01
        assert verdict.minimum_detectable_effect > 0
        assert verdict.effect_unit
        assert "independent" in verdict.reason
    assert drifted.effect > drifted.minimum_detectable_effect
    assert drifted.causes[0].name == "loudness (dBFS)"
    assert drifted.causes[0].effect == pytest.approx(1.0, abs=0.35)


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_permutation_p_value_is_never_zero_where_alibi_says_zero(name):
    verdict = opinion(name, window(100, 0), window(100, 1, shift=3.0), level=0.05)
    assert verdict.p_value == pytest.approx(1 / 200)


def test_ks_reports_alibi_detects_own_statistic():
    from alibi_detect.cd import KSDrift

    reference, current = window(150, 0, absent=0), window(100, 1, shift=0.4, absent=0)
    x, y = (w.modalities[AUDIO].embeddings for w in (reference, current))
    theirs = KSDrift(x, p_val=0.01).predict(x=y)["data"]
    ours = opinion("alibi-detect:ks", reference, current)
    assert ours.statistic == pytest.approx(float(theirs["distance"].max()), abs=1e-6)
    assert ours.p_value == pytest.approx(float(theirs["p_val"].min()) * 16, rel=1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_verdicts_and_global_generators_stay(name):
    import torch

    reference, current = window(120, 0), window(80, 1, shift=0.2)
    np.random.seed(5)
    torch.manual_seed(5)
    first = opinion(name, reference, current, seed=3)
    drawn = np.random.random(), torch.rand(1).item()
    np.random.seed(5)
    torch.manual_seed(5)
    assert drawn == (np.random.random(), torch.rand(1).item())
    assert opinion(name, reference, current, seed=3) == first


def test_rows_are_capped_and_the_verdict_says_so():
    verdict = opinion("alibi-detect:lsdd", window(900, 0), window(500, 1))
    assert (verdict.n_reference, verdict.n_current) == (400, 400)
    assert "at most 400 rows" in verdict.reason


def test_repeating_units_are_named_because_alibi_ignores_them():
    verdict = opinion("alibi-detect:ks", window(100, 0, speakers=4), window(100, 1, speakers=2))
    assert "4 units in the reference, 2 in the window" in verdict.reason
    assert "fires too easily" in verdict.reason


@pytest.mark.parametrize("name", NAMES)
def test_little_data_is_not_applicable_with_the_number_needed(name):
    verdict = opinion(name, window(100, 0), window(15, 1))
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert verdict.p_value is None
    assert "at least 20" in verdict.reason


def test_a_modality_that_nobody_sent_is_not_applicable():
    for verdict in (
        opinion("alibi-detect:ks", window(100, 0), window(100, 1), modality=IMAGE),
        opinion("alibi-detect:ks", window(100, 0), window(100, 1, absent=1.1)),
    ):
        assert verdict.outcome is Outcome.NOT_APPLICABLE


def test_columns_without_variation_or_values_are_left_out():
    reference, current = window(100, 0, embeddings=False), window(100, 1, embeddings=False)
    for w in (reference, current):
        w.modalities[AUDIO].descriptors[:, 0] = np.where(w.modalities[AUDIO].present, 1.0, np.nan)
        w.modalities[AUDIO].descriptors[:, 1] = np.nan
    assert opinion("alibi-detect:ks", reference, current).outcome is Outcome.QUIET
    for w in (reference, current):
        w.modalities[AUDIO].descriptors[:, 2] = np.inf
    assert opinion("alibi-detect:ks", reference, current).outcome is Outcome.NOT_APPLICABLE


def test_a_level_that_permutations_cannot_reach_is_declined():
    verdict = opinion("alibi-detect:mmd", window(50, 0), window(50, 1), level=1e-4)
    assert verdict.outcome is Outcome.NOT_APPLICABLE
    assert "cannot decide" in verdict.reason


@pytest.mark.parametrize("name", ["alibi-detect:magic", "mmd", "", "evidently:ks"])
def test_an_unknown_name_is_refused_with_the_known_ones(name):
    with pytest.raises(BadInput, match="alibi-detect:lsdd"):
        opinion(name, window(50, 0), window(50, 1))


def test_every_modality_has_a_default_of_its_own():
    assert set(DEFAULTS) == {TEXT, IMAGE, AUDIO}
    assert len(set(DEFAULTS.values())) == 3


def test_the_false_alarm_rate_on_independent_rows_is_the_level():
    """60 clean windows at level .1: more than 13 alarms has probability .003."""
    alarms = sum(
        opinion("alibi-detect:lsdd", window(60, 2 * s), window(40, 2 * s + 1), level=0.1, seed=s).fired
        for s in range(60)
    )
    assert alarms <= 13


def test_importing_the_module_loads_neither_library():
    code = (
        "import sys, ombud_monitors.backends.alibi, ombud_monitors.backends.evidently;"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'alibi_detect', 'evidently', 'torch'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
