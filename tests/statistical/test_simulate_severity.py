"""Every image corruption on the list is mild by the stated rule, which knows no drift detector."""

from __future__ import annotations

import pytest

from ombud_monitors.simulate import COLOUR_ONLY, MILDEST_SIZES, SHIFTS, severity
from ombud_monitors.simulate.image import IMAGE_SHIFTS
from ombud_monitors.simulate.severity import preferred_numbers

ON_DIGITS = [shift.code for shift in IMAGE_SHIFTS if shift.code not in COLOUR_ONLY]


def test_the_classifier_that_judges_is_good() -> None:
    assert severity(SHIFTS["image.brightness"]).accuracy_before >= 0.98


@pytest.mark.parametrize("code", ON_DIGITS)
def test_every_size_follows_the_rule(code: str) -> None:
    shift = SHIFTS[code]
    found = severity(shift)
    smaller = preferred_numbers(shift.size)[-2]
    print(f"{code}: size {found.size:g}, pixels {found.pixel_change:.4f}, loss {found.loss:.4f}")
    assert found.mild
    assert found.reached
    assert not severity(shift.at(smaller)).reached


@pytest.mark.parametrize("code", ON_DIGITS)
def test_every_mildest_size_is_the_first_that_is_mild(code: str) -> None:
    shift = SHIFTS[code].at(MILDEST_SIZES[code])
    found = severity(shift)
    print(f"{code}: size {found.size:g}, pixels {found.pixel_change:.4f}, loss {found.loss:.4f}")
    assert found.entered
    assert not severity(shift.at(preferred_numbers(shift.size)[-2])).entered
    assert shift.size <= SHIFTS[code].size
