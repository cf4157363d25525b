"""Text descriptors on texts whose truth can be counted by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ombud.errors import BadInput, Corrupted
from ombud_monitors.text import TEXT_QUANTITIES, Vocabulary, describe_text


def measured(text, vocabulary=None):
    return dict(zip((q.name for q in TEXT_QUANTITIES), describe_text(text, vocabulary), strict=True))


def test_counts_of_a_plain_sentence():
    row = measured("The cat saw the CAT.")
    assert row["characters"] == 20
    assert row["words"] == 5
    assert row["mean_word_length"] == 3
    assert row["repeated_word_share"] == pytest.approx(2 / 5)
    assert row["punctuation_share"] == pytest.approx(1 / 16)
    assert row["upper_case_share"] == pytest.approx(4 / 15)
    assert row["is_empty"] == 0


@pytest.mark.parametrize(
    ("text", "share"),
    [("naïve façade Łódź ǅ ﬀ", 0.0), ("привет", 1.0), ("你好", 1.0), ("ab יש", 0.5), ("ELLÁ αβγδ", 0.5)],
)
def test_script(text, share):
    assert measured(text)["non_latin_share"] == pytest.approx(share)


@pytest.mark.parametrize(("text", "share"), [("a1b2", 0.5), ("٣٤", 1.0), ("none", 0.0)])
def test_digits_of_any_script(text, share):
    assert measured(text)["digit_share"] == pytest.approx(share)


def test_emoji_are_not_punctuation():
    row = measured("ok 😀!❤️")
    assert row["emoji_share"] == pytest.approx(2 / 5)
    assert row["punctuation_share"] == pytest.approx(1 / 5)


def test_underscore_is_punctuation():
    assert measured("a_b")["punctuation_share"] == pytest.approx(1 / 3)


def test_vocabulary_ignores_case_and_counts_each_word():
    vocabulary = Vocabulary.fit(["The cat", None, "sat"])
    assert measured("CAT zebra cat zebra", vocabulary)["out_of_vocabulary_share"] == 0.5
    assert math.isnan(measured("cat")["out_of_vocabulary_share"])
    assert math.isnan(measured("...", vocabulary)["out_of_vocabulary_share"])


def test_vocabulary_keeps_the_most_frequent_words():
    vocabulary = Vocabulary.fit(["a a a b b c"], limit=2)
    assert "a" in vocabulary
    assert "b" in vocabulary
    assert "c" not in vocabulary


@given(st.lists(st.text(max_size=30), max_size=5))
def test_a_vocabulary_survives_bytes_and_knows_its_own_texts(texts):
    vocabulary = Vocabulary.fit(texts)
    again = Vocabulary.from_bytes(vocabulary.to_bytes())
    assert again == vocabulary
    for text in texts:
        assert measured(text, again)["out_of_vocabulary_share"] in (0.0, pytest.approx(math.nan, nan_ok=True))


@pytest.mark.parametrize("raw", [b"", b"OMBUDVOC1\n123", b"something else"])
def test_a_vocabulary_refuses_other_bytes(raw):
    with pytest.raises(Corrupted, match="vocabulary"):
        Vocabulary.from_bytes(raw)


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_string_is_measured_and_shares_are_shares(text):
    for quantity, value in zip(TEXT_QUANTITIES, describe_text(text), strict=True):
        if quantity.unit == "share":
            assert math.isnan(value) or 0 <= value <= 1, quantity.name
        else:
            assert value >= 0 or math.isnan(value)


def test_lone_surrogates_are_measured():
    assert measured("a\ud800b", Vocabulary.fit(["\ud800"]))["characters"] == 3


def test_a_very_long_text_is_refused():
    with pytest.raises(BadInput, match="at most 1,000,000"):
        describe_text("x" * 1_000_001)
