"""The detector's shape, and that importing statistics stays cheap."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ombud.errors import BadInput
from ombud_monitors.catalogue import CATALOGUE, Kind
from ombud_monitors.detector import Detector, Fitted, digest, matrix
from ombud_monitors.two_sample import KS, MMD, Mean, Ranks


def test_the_whole_program_of_the_readme() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 8)), rng.normal(1.0, size=(100, 8))
    assert MMD(permutations=100).fit(x).test(y, seed=1).p_value == pytest.approx(1 / 101)


@pytest.mark.parametrize("detector", [Mean(), Ranks(), KS(), MMD()], ids=lambda d: d.name)
def test_every_detector_is_in_the_catalogue_and_speaks_the_protocol(detector: Detector) -> None:
    assert CATALOGUE[detector.name].kind is Kind.DETECTOR
    fitted: Fitted = detector.fit(np.arange(20.0))
    assert fitted.digest == detector.fit(np.arange(20.0)).digest
    assert fitted.digest != detector.fit(np.arange(21.0)).digest
    assert fitted.digest != detector.fit(np.arange(20.0), clusters=["a"] * 20).digest


def test_matrix_takes_a_vector_as_one_column_and_refuses_what_is_no_matrix() -> None:
    assert matrix([1.0, 2.0], window="reference").shape == (2, 1)
    with pytest.raises(BadInput, match="non-empty"):
        matrix(np.zeros((2, 2, 2)), window="reference")
    with pytest.raises(BadInput, match=r"columns \[1\]"):
        matrix([[1.0, np.nan]], window="reference")
    assert np.isnan(matrix([[1.0, np.nan]], window="reference", undefined=True)[0, 1])


def test_digests_tell_apart_shape_type_and_absence() -> None:
    zeros = np.zeros(4)
    distinct = {
        digest(zeros),
        digest(zeros.reshape(2, 2)),
        digest(zeros.astype(np.float32)),
        digest(None),
        digest(),
    }
    assert len(distinct) == 5


def test_importing_statistics_pulls_neither_torch_nor_a_backend() -> None:
    code = (
        "import sys, ombud_monitors, ombud_monitors.two_sample, ombud_monitors.sequential, "
        "ombud_monitors.multiplicity, ombud_monitors.panel, ombud_monitors.catalogue\n"
        "heavy = {'torch', 'alibi_detect', 'evidently', 'sklearn', 'pandas', 'mlflow'} & set(sys.modules)\n"
        "sys.exit(', '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
