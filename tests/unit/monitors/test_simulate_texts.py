"""Texts: shifts change the stated share of words, and nothing else."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest

from ombud.errors import BadInput
from ombud_monitors.simulate import NULLS, SHIFTS, Texts, hashed_words, sentences, text_embedding
from ombud_monitors.simulate.text.sentences import TOPICS
from ombud_monitors.text import Vocabulary, words_of

MANY = sentences(400, np.random.default_rng(1))


def after(name: str, texts: Texts, size: float | None = None) -> Texts:
    shift = SHIFTS[f"text.{name}"] if size is None else SHIFTS[f"text.{name}"].at(size)
    changed = shift.apply(texts, np.random.default_rng(3))
    assert isinstance(changed, Texts)
    return changed


def words(texts: Texts) -> list[list[str]]:
    return [words_of(text) for text in texts.texts]


def share_changed(before: Texts, changed: Texts) -> float:
    """Share of words that differ, place by place."""
    pairs = [
        (x, y) for a, b in zip(words(before), words(changed), strict=True) for x, y in zip(a, b, strict=True)
    ]
    return float(np.mean([x != y for x, y in pairs]))


@pytest.mark.parametrize("name", ["unknown-words", "typos", "language-mix"])
def test_the_stated_share_of_words_is_replaced(name: str) -> None:
    for size in (0.05, 0.1, 0.3):
        assert share_changed(MANY, after(name, MANY, size)) == pytest.approx(size, abs=0.03)


def test_a_replaced_word_is_unknown_or_german() -> None:
    known = Vocabulary.fit(MANY.texts)
    invented = {w for row in words(after("unknown-words", MANY, 1.0)) for w in row}
    assert sum(w in known for w in invented) / len(invented) < 0.05
    assert {"und", "nicht"} <= {w for row in words(after("language-mix", MANY, 1.0)) for w in row}


def test_a_typo_is_one_neighbouring_key() -> None:
    before, typed = "Pa55 whale", after("typos", Texts(("Pa55 whale",)), 1.0).texts[0]
    assert [len(w) for w in words_of(typed)] == [4, 5]
    rows = "qwertyuiop asdfghjkl zxcvbnm"
    for old, new in zip(before.split(), typed.split(), strict=True):
        ((a, b),) = [(x, y) for x, y in zip(old, new, strict=True) if x != y]
        assert a.isupper() == b.isupper()
        assert a.lower() + b.lower() in rows or b.lower() + a.lower() in rows


def test_words_without_letters_have_no_typos() -> None:
    assert after("typos", Texts(("12 345.",)), 1.0).texts == ("12 345.",)


def test_left_out_words_are_gone_and_the_rest_stays_in_order() -> None:
    changed = after("word-dropout", MANY)
    left = sum(map(len, words(changed))) / sum(map(len, words(MANY)))
    assert left == pytest.approx(0.9, abs=0.015)
    for old, new in zip(words(MANY), words(changed), strict=True):
        rest = iter(old)
        assert all(word in rest for word in new)
    assert all(len(row) == 1 for row in words(after("word-dropout", MANY, 1.0)))


def test_shuffling_keeps_the_words_and_the_marks_of_each_text() -> None:
    changed = after("word-shuffle", MANY)
    for old, new in zip(MANY.texts, changed.texts, strict=True):
        assert Counter(words_of(old)) == Counter(words_of(new))
        assert re.sub(r"\w+", "w", old) == re.sub(r"\w+", "w", new)
    # A fifth of words move; some find themselves, or their like, in their old place.
    assert 0.1 < share_changed(MANY, changed) < 0.2


def test_capitals_change_case_only() -> None:
    changed = after("casing", MANY)
    assert [t.casefold() for t in changed.texts] == [t.casefold() for t in MANY.texts]
    assert np.mean([w.isupper() for row in words(changed) for w in row if w.isalpha()]) > 0.1


def test_truncation_keeps_a_beginning_of_the_stated_length() -> None:
    changed = after("truncation", MANY)
    for old, new in zip(MANY.texts, changed.texts, strict=True):
        assert old.startswith(new)
        count = len(words_of(old))
        assert len(words_of(new)) == count - round(0.1 * count)
    assert all(len(row) == 1 for row in words(after("truncation", MANY, 1.0)))


def test_stop_words_are_added_and_nothing_is_lost() -> None:
    changed = after("stop-words", MANY)
    grown = sum(map(len, words(changed))) / sum(map(len, words(MANY)))
    assert grown == pytest.approx(1.1, abs=0.015)
    for old, new in zip(words(MANY), words(changed), strict=True):
        assert not Counter(old) - Counter(new)


def test_marks_are_left_out_and_words_stay() -> None:
    changed = after("punctuation", MANY, 0.5)
    assert words(changed) == words(MANY)
    marks = [sum(not c.isalnum() and not c.isspace() for t in s.texts for c in t) for s in (MANY, changed)]
    assert marks[1] / marks[0] == pytest.approx(0.5, abs=0.06)


def test_the_other_topic_takes_the_stated_share_of_rows() -> None:
    changed = after("topic-mix", MANY)
    differ = [a != b for a, b in zip(MANY.texts, changed.texts, strict=True)]
    assert sum(differ) == 40
    finance = set(TOPICS[3].nouns) - {noun for topic in TOPICS[:3] for noun in topic.nouns}
    about = [bool(finance & set(row)) for row in words(changed)]
    assert np.mean([a for a, d in zip(about, differ, strict=True) if d]) > 0.8
    assert np.mean([a for a, d in zip(about, differ, strict=True) if not d]) < 0.02


def test_marks_in_a_text_of_one_word_or_none_do_no_harm() -> None:
    odd = Texts(("", "?!", "one", "Don't", "日本語"))
    for code, shift in SHIFTS.items():
        if code.startswith("text."):
            assert len(shift.at(1.0).apply(odd, np.random.default_rng(0))) == len(odd)


def test_projected_distances_are_those_of_bags_of_words_on_average() -> None:
    # Squared distance of two projections has expectation 32 times that of the bags themselves.
    texts = Texts(tuple(f"w{i} w{i + 1}" for i in range(0, 800, 2)))
    projected = hashed_words(texts)
    squared = ((projected[::2] - projected[1::2]) ** 2).sum(axis=1)
    assert squared.mean() == pytest.approx(32 * 2, rel=0.05)
    assert not hashed_words(Texts(("",))).any()


def test_embeddings_of_the_null_are_finite_and_vary_in_every_column() -> None:
    embedded = text_embedding(MANY, Vocabulary.fit(MANY.texts[:200]))
    assert embedded.shape == (400, 40)
    assert np.isfinite(embedded).all()
    assert (embedded.std(axis=0) > 0).all()
    assert (NULLS["text"].source.embedded.std(axis=0) > 0).all()


def test_topics_have_their_stated_shares() -> None:
    shares = np.bincount(np.asarray(MANY.topics), minlength=3) / 400
    np.testing.assert_allclose(shares, [0.40, 0.35, 0.25], atol=0.08)


def test_texts_that_are_none_are_refused() -> None:
    with pytest.raises(BadInput, match="expected strings"):
        Texts(("a", None))  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="labels"):
        Texts(("a",), np.zeros(2, np.int64))
    with pytest.raises(BadInput, match="number of texts"):
        sentences(-1, np.random.default_rng(0))
