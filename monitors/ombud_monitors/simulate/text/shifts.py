"""Shifts of text: the documented list.

Sizes are shares of words, 10% where nothing is said: what easy data augmentation takes to leave the
meaning of a sentence alone (Wei & Zou, 2019).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ombud.domain.modality import TEXT
from ombud_monitors.simulate.null import Null, Pool
from ombud_monitors.simulate.rows import Texts
from ombud_monitors.simulate.shift import Shift, some_rows
from ombud_monitors.simulate.text import wording
from ombud_monitors.simulate.text.embedding import text_embedding
from ombud_monitors.simulate.text.sentences import TOPICS, sentences, topic_texts
from ombud_monitors.text import Vocabulary

__all__ = ["TEXT_NULL", "TEXT_SHIFTS"]

_POPULATION = 1500
_POPULATION_SEED = 1
_TRAINING = 500
_TRAINING_SEED = 2
_ONE_COPY = 10**9
_WORDS = "share of words"
_WEI = "Wei & Zou, EDA: easy data augmentation, EMNLP 2019"


def _pool() -> Pool[Texts]:
    known = Vocabulary.fit(sentences(_TRAINING, np.random.default_rng(_TRAINING_SEED)).texts)
    rows = sentences(_POPULATION, np.random.default_rng(_POPULATION_SEED))
    return Pool(rows, partial(text_embedding, vocabulary=known), pairs_per_copy=_ONE_COPY)


TEXT_NULL: Null[Texts] = Null(
    "text",
    "Short texts",
    TEXT,
    "1,500 made-up English texts of two to five sentences on three topics, drawn without replacement; a "
    "detector sees 32 hashed projections of words and pairs of words, and eight descriptors.",
    _pool,
)


def _shift(
    name: str,
    title: str,
    size: float,
    change: Callable[[str, float, np.random.Generator], str],
    wording_: str,
    source: str,
    unit: str = _WORDS,
) -> Shift[Texts]:
    def transform(texts: Texts, size: float, rng: np.random.Generator) -> Texts:
        return texts.rewritten([change(text, size, rng) for text in texts.texts])

    return Shift(f"text.{name}", title, TEXT, "text", size, unit, wording_, source, transform, largest=1.0)


def _other_topic(texts: Texts, share: float, rng: np.random.Generator) -> Texts:
    chosen, written = some_rows(len(texts), share, rng), list(texts.texts)
    new = topic_texts([len(TOPICS) - 1] * len(chosen), rng)
    for row, text in zip(chosen, new, strict=True):
        written[row] = text
    return texts.rewritten(written)


TEXT_SHIFTS: tuple[Shift[Texts], ...] = (
    _shift(
        "word-dropout",
        "Words left out",
        0.1,
        wording.without_words,
        "{size:.1%} of words are left out.",
        f"{_WEI}: random deletion",
    ),
    _shift(
        "unknown-words",
        "Words that no vocabulary has",
        0.1,
        wording.invented_words,
        "{size:.1%} of words are replaced by invented ones.",
        f"{_WEI}: synonym replacement, at its worst: nobody has seen the synonym",
    ),
    _shift(
        "word-shuffle",
        "Words change places",
        0.2,
        wording.shuffled_words,
        "{size:.1%} of words change places within their text.",
        f"{_WEI}: random swap, 10% of words with 10% others",
    ),
    _shift(
        "typos",
        "Typing errors",
        0.1,
        wording.keyboard_typos,
        "One letter of {size:.1%} of words becomes its neighbour on the keyboard.",
        "Belinkov & Bisk, ICLR 2018: keyboard typos",
    ),
    _shift(
        "casing",
        "Words in capitals",
        0.1,
        wording.capitalised,
        "{size:.1%} of words are written in capitals.",
        "Ribeiro et al., CheckList, ACL 2020: casing",
    ),
    _shift(
        "truncation",
        "Texts cut short",
        0.1,
        wording.truncated,
        "The last {size:.1%} of words of each text are cut off.",
        "a smaller limit of length",
    ),
    _shift(
        "stop-words",
        "More stop words",
        0.1,
        wording.more_stop_words,
        "A stop word is put before {size:.1%} of words.",
        f"{_WEI}: random insertion, of stop words",
    ),
    _shift(
        "punctuation",
        "Marks left out",
        0.1,
        wording.without_marks,
        "{size:.1%} of punctuation marks are left out.",
        "Ribeiro et al., CheckList, ACL 2020: punctuation",
        "share of marks",
    ),
    _shift(
        "language-mix",
        "Words of another language",
        0.1,
        wording.foreign_words,
        "{size:.1%} of words are replaced by frequent German ones.",
        "code-mixing; word list of our own",
    ),
    Shift(
        "text.topic-mix",
        "Texts on another topic",
        TEXT,
        "text",
        0.1,
        "share of texts",
        "{size:.1%} of texts are replaced by texts about finance.",
        "Huber (1964), contamination by a topic that the null does not have",
        _other_topic,
        largest=1.0,
    ),
)
