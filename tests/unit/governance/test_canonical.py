"""Canonical JSON: RFC 8785's own vectors, our conversions, and the laws that digests rest on."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.domain.identity import Role
from ombud.errors import BadInput
from ombud.governance.canonical import canonical, digest, expect_digest, jsonable, utc_text

documents: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_the_example_of_the_standard() -> None:
    """RFC 8785, section 3.2.3: numbers, escapes and order of keys in one."""
    document = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    expected = (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    assert canonical(document).decode() == expected


def test_keys_sort_by_utf16_code_units() -> None:
    """RFC 8785, section 3.2.3: the emoji (a surrogate pair) comes before U+FB33."""
    keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    assert list(json.loads(canonical(dict.fromkeys(keys)))) == [
        "\r", "1", "\u0080", "\u00f6", "\u20ac", "\U0001f600", "\ufb33",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("bits", "text"),
    [
        # RFC 8785, appendix B.
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555556", "333333333.3333334"),
        ("41b3de4355555557", "333333333.33333343"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_of_the_standard(bits: str, text: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(number).decode() == text


@given(documents)
def test_reading_and_writing_again_gives_the_same_bytes(document: Any) -> None:
    once = canonical(document)
    assert canonical(json.loads(once)) == once


@given(st.dictionaries(st.text(), st.integers(0, 9), min_size=2))
def test_order_of_keys_does_not_matter(document: dict[str, int]) -> None:
    assert digest(dict(reversed(document.items()))) == digest(document)


def test_nouns_become_json() -> None:
    @dataclass(frozen=True)
    class Noun:
        role: Role
        at: datetime
        names: frozenset[str]
        scores: Any

    noun = Noun(
        Role.ON_CALL,
        datetime(2026, 11, 21, 7, 30, tzinfo=timezone(timedelta(hours=1))),
        frozenset({"b", "a"}),
        np.array([[1.0, 0.5]], dtype=np.float32),
    )
    assert jsonable({Role.ADMIN: (noun,)}) == {
        "admin": [
            {
                "role": "on_call",
                "at": "2026-11-21T06:30:00.000000Z",
                "names": ["a", "b"],
                "scores": [[1.0, 0.5]],
            }
        ]
    }


@given(st.lists(st.datetimes(timezones=st.just(UTC)), min_size=2, max_size=2))
def test_times_sort_as_their_texts(times: list[datetime]) -> None:
    first, second = times
    assert (first < second) == (utc_text(first) < utc_text(second))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": [1, math.nan]}, r"document\.a\[1\]: expected a finite number, got nan"),
        ({"a": -math.inf}, r"document\.a: expected a finite number, got -inf"),
        ({"a": np.float32("nan")}, r"document\.a: expected a finite number"),
        ({"a": b"bytes"}, r"document\.a: expected a JSON value, got bytes"),
        ({1: "a"}, "expected strings as keys, got 1"),
        ({"a": datetime(2026, 1, 1)}, "expected a time zone"),  # noqa: DTZ001
        ({"a": 2**53 + 1}, "the integer 9007199254740993 is not exact"),
        ({"a": "\ud800"}, "lone surrogate"),
        ({"a": object()}, "expected a JSON value, got object"),
    ],
)
def test_what_json_cannot_say_is_refused_with_its_path(document: object, message: str) -> None:
    with pytest.raises(BadInput, match=message) as caught:
        canonical(document)
    assert caught.value.remedy


def test_infinities_can_be_spelled_where_asked() -> None:
    spelled = jsonable([math.nan, math.inf, -math.inf, 1.5], nonfinite="text")
    assert spelled == ["NaN", "Infinity", "-Infinity", 1.5]


def test_a_wrong_digest_is_refused() -> None:
    expect_digest("sheet", digest({"a": 1}), {"a": 1})
    with pytest.raises(BadInput, match="sheet: expected digest sha256:"):
        expect_digest("sheet", digest({"a": 2}), {"a": 1})
