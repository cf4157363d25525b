"""Evidently reports: one self-contained HTML page per window, for people who like to look.

The page is material for a reader, never a verdict: nothing in Ombud decides by it.
"""

from __future__ import annotations

import html
import os
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from ombud.domain.observations import Observations
from ombud.errors import BadInput
from ombud_monitors.backends.frames import frames

__all__ = ["FEWEST_ROWS", "report_html"]

_LEVEL = 0.05
FEWEST_ROWS = 20
"""Rows in each window below which a report would compare noise with noise."""


def report_html(
    reference: Observations, current: Observations, *, title: str, level: float = _LEVEL
) -> bytes:
    """Write an Evidently data-drift report about descriptors, answers and presence.

    Evidently's defaults are not used: they choose a distance with a fixed threshold by sample size
    and call every clean window of 50 to 100 rows drifted. Here numbers are compared by the two-sample
    Kolmogorov-Smirnov test and categories by the two-sample chi-square test (Evidently's own takes
    the reference as exact, so that one category new in the window means p = 0). The threshold is
    ``level`` over the number of columns, and one column beyond it marks the data set.

    Args:
        reference: What the window is compared with.
        current: The window.
        title: Heading of the page.
        level: Chance of marking any column in a clean window of independent rows.

    Returns:
        HTML of about 5 MB that loads nothing from outside. Element ids differ from call to call, so
        equal inputs do not give equal bytes.

    Raises:
        BadInput: A window has fewer than 20 rows, or no column can be compared.

    Limits: rows are taken as independent; the page says so. The first call imports Evidently, which
        takes seconds; a call takes about 0.1 s per column.
    """
    if min(len(reference), len(current)) < FEWEST_ROWS:
        raise BadInput(
            f"Evidently report: {len(reference)} reference rows and {len(current)} current rows; "
            f"expected at least {FEWEST_ROWS} of each",
            remedy="Wait until the window has more traffic.",
        )
    before, after, numbers, categories = frames(reference, current)
    columns = [*numbers, *categories]
    if not columns:
        raise BadInput(
            "Evidently report: no column has enough values in both windows",
            remedy="Record descriptors or predictions for this model.",
        )
    page = _rendered(before, after, numbers, categories, level / len(columns))
    return _headed(page, title, _explained(len(columns), level, reference, current)).encode()


def _rendered(
    before: pd.DataFrame, after: pd.DataFrame, numbers: list[str], categories: list[str], threshold: float
) -> str:
    # Evidently reads this variable when it is imported; without it, it would try to phone home.
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # Lazily: the import takes 5 to 9 seconds, and only report jobs need it.
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    preset = DataDriftPreset(
        columns=[*numbers, *categories],
        num_method="ks",
        num_threshold=threshold,
        cat_method=_two_sample_chi_square(),
        cat_threshold=threshold,
        drift_share=1 / (len(numbers) + len(categories)),
    )
    snapshot = Report([preset]).run(
        Dataset.from_pandas(after, data_definition=definition),
        Dataset.from_pandas(before, data_definition=definition),
    )
    page: str = snapshot.get_html_str(as_iframe=False)
    return page


@cache
def _two_sample_chi_square() -> Any:
    """Evidently's registry entry for our test; registered once a process."""
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    test = StatTest(
        name="ombud_two_sample_chisquare",
        display_name="two-sample chi-square p_value",
        allowed_feature_types=[ColumnType.Categorical],
    )
    register_stattest(test, default_impl=_chi_square)
    return test


def _chi_square(
    reference: pd.Series[Any], current: pd.Series[Any], _kind: object, threshold: float
) -> tuple[float, bool]:
    table = pd.concat([reference.value_counts(), current.value_counts()], axis=1).fillna(0).to_numpy()
    table = table[table.sum(axis=1) > 0]
    if len(table) < 2 or not (table.sum(axis=0) > 0).all():
        return 1.0, False
    p_value = float(stats.chi2_contingency(table, correction=False).pvalue)
    return (p_value, p_value <= threshold) if np.isfinite(p_value) else (1.0, False)


def _explained(columns: int, level: float, reference: Observations, current: Observations) -> str:
    return (
        f"Reference: {len(reference)} rows. Window: {len(current)} rows. {columns} columns, each judged at "
        f"p ≤ {level / columns:.2g} ({level:g} shared by all): Kolmogorov-Smirnov for numbers, two-sample "
        "chi-square for categories. Rows are taken as independent; speakers, writers and documents that "
        "repeat make this report fire too easily. Nothing is decided by it."
    )


def _headed(page: str, title: str, note: str) -> str:
    heading = (
        '<header style="font-family:sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem">'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(note)}</p></header>"
    )
    page = page.replace("<head>", f"<head><title>{html.escape(title)}</title>", 1)
    return page.replace("<body>", f"<body>{heading}", 1)
