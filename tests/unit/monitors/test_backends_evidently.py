"""Evidently reports load nothing from outside, survive bad columns, and stay calm on clean windows."""

import os
import re

import numpy as np
import pytest

from ombud.domain.modality import AUDIO, TEXT
from ombud.domain.observations import ModalityColumns, Observations
from ombud.errors import BadInput
from ombud_monitors.backends import evidently
from ombud_monitors.backends.evidently import report_html
from ombud_monitors.backends.frames import frames


def window(n, seed, *, shift=0.0, failed=0):
    rng = np.random.default_rng(seed)
    heard = rng.random(n) < 0.8
    sound = rng.normal(size=(n, 3)) + np.array([shift, 0, 0])
    sound[:, 2] = np.nan
    sound[~heard] = np.nan
    text = np.stack([rng.poisson(12, n), np.full(n, 7.0)], axis=1).astype(float)
    text[:1, 0] = np.inf
    p = rng.dirichlet(np.ones(3), n).astype(np.float32)
    p[:failed] = np.nan
    columns = {
        AUDIO: ModalityColumns(heard, ("loudness", "peak", "broken"), sound),
        TEXT: ModalityColumns(np.ones(n, bool), ("words", "constant"), text),
    }
    return Observations(tuple(map(str, range(n))), ("a", "b", "c"), p, np.full(n, -1), columns)


@pytest.fixture(scope="module")
def page():
    report = report_html(window(200, 0), window(80, 1, shift=2.0, failed=5), title="Window <1> & more")
    return report.decode()


def test_the_page_has_its_title_escaped_and_its_assumptions(page):
    assert "<title>Window &lt;1&gt; &amp; more</title>" in page
    assert "<h1>Window &lt;1&gt; &amp; more</h1>" in page
    assert "Rows are taken as independent" in page
    assert "Nothing is decided by it" in page


def test_the_page_names_every_usable_column(page):
    for column in ("audio.loudness", "audio.peak", "text.words", "confidence", "prediction", "audio.present"):
        assert column in page
    for column in ("audio.broken", "text.constant", "text.present"):
        assert column not in page


def test_the_page_loads_nothing_from_outside(page):
    assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)=[\"']?(https?:)?//", page)
    assert not re.search(r"url\(\s*[\"']?(https?:)?//", page)
    assert "@import" not in "".join(re.findall(r"<style>.*?</style>", page, flags=re.DOTALL))


def test_evidently_does_not_phone_home(page):
    assert page
    assert os.environ["DO_NOT_TRACK"]


def test_frames_leave_out_what_cannot_be_compared():
    before, after, numbers, categories = frames(window(200, 0), window(80, 1, failed=5))
    assert numbers == ["audio.loudness", "audio.peak", "text.words", "confidence"]
    assert categories == ["prediction", "audio.present"]
    assert list(before.columns) == list(after.columns) == numbers + categories
    assert not np.isinf(before[numbers].to_numpy()).any()
    assert (after["prediction"] == "(no answer)").sum() == 5
    assert after["confidence"].isna().sum() == 5


@pytest.mark.parametrize(("n_reference", "n_current"), [(200, 19), (19, 200), (200, 0)])
def test_too_few_rows_are_refused_with_the_number_needed(n_reference, n_current):
    with pytest.raises(BadInput, match="at least 20"):
        report_html(window(n_reference, 0), window(n_current, 1), title="x")


def test_nothing_to_compare_is_refused():
    p = np.full((50, 2), np.nan, np.float32)
    silent = Observations(tuple(map(str, range(50))), ("x", "y"), p, np.full(50, -1), {})
    with pytest.raises(BadInput, match="no column"):
        report_html(silent, silent, title="x")


@pytest.mark.parametrize("n_current", [50, 100])
def test_clean_windows_are_calm_where_evidentlys_defaults_alarm(n_current):
    """100 clean windows: at level .05 for all columns, more than 12 alarms has probability .001."""
    from scipy import stats

    alarms = 0
    for seed in range(100):
        before, after, numbers, categories = frames(window(500, 2 * seed), window(n_current, 2 * seed + 1))
        share = 0.05 / (len(numbers) + len(categories))
        p = [stats.ks_2samp(before[c].dropna(), after[c].dropna()).pvalue for c in numbers]
        p += [evidently._chi_square(before[c], after[c], None, share)[0] for c in categories]
        alarms += min(p) <= share
    assert alarms <= 12


def test_evidently_runs_our_tests_at_our_threshold():
    """The page's own data says which test judged a column and at which threshold."""
    before, after, numbers, categories = frames(window(200, 0), window(80, 1, shift=2.0))
    page = evidently._rendered(before, after, numbers, categories, 0.05 / 6)
    assert "two-sample chi-square p_value" in page
    assert "K-S p_value" in page


def test_a_category_that_is_new_in_the_window_is_not_proof_of_drift():
    import pandas as pd

    before = pd.Series(["a"] * 60 + ["b"] * 40)
    after = pd.Series(["a"] * 30 + ["b"] * 19 + ["c"])
    p_value, drifted = evidently._chi_square(before, after, None, 0.01)
    assert p_value > 0.1
    assert not drifted
