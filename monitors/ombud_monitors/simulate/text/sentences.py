"""Sentences: short English texts about a topic, made from small built-in word lists."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ombud.errors import BadInput
from ombud_monitors.simulate.rows import Texts
from ombud_monitors.simulate.text.wording import capitalised, invented_words, keyboard_typos, without_marks

__all__ = ["TOPICS", "sentences", "topic_texts"]


class Topic(NamedTuple):
    """Words of one topic, most frequent first."""

    name: str
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    adjectives: tuple[str, ...]


def _topic(name: str, nouns: str, verbs: str, adjectives: str) -> Topic:
    return Topic(name, tuple(nouns.split()), tuple(verbs.split()), tuple(adjectives.split()))


TOPICS: tuple[Topic, ...] = (
    _topic(
        "weather",
        "rain wind storm cloud coast valley snow temperature forecast sun mountain river island fog front "
        "pressure evening morning north frost",
        "reached crossed covered followed warmed cooled left hit delayed weakened",
        "cold heavy warm strong light dry wet early late calm",
    ),
    _topic(
        "sport",
        "team match player coach season goal club league captain final ball defence crowd title keeper "
        "referee stadium striker injury cup",
        "won lost scored missed signed trained beat joined praised replaced",
        "young fast tired famous strong home late narrow second brave",
    ),
    _topic(
        "cooking",
        "oven sauce butter onion pan flour recipe garlic soup salt kitchen bread pepper cheese lemon dough "
        "knife spoon tomato dish",
        "added stirred baked mixed served tasted sliced covered heated boiled",
        "fresh hot sweet salty warm thin golden raw soft large",
    ),
    _topic(
        "finance",
        "bank market price share investor rate bond company profit dollar index budget loan fund analyst "
        "tax debt trader currency quarter",
        "raised sold bought cut reported expected lost gained financed reviewed",
        "annual high weak stable record net foreign public private steep",
    ),
)
"""Topics; the first three make the null, the last one is kept for the shift of topic."""

_PLANS = (
    "the A N V the N",
    "the N V the A N in the N",
    "a N and a N V the N",
    "after the N , the A N V D N",
    "it was a A N , but the N V it",
    "they V D percent of the N",
)
_SHORTEST, _LONGEST = 2, 5
_HABITS = (invented_words, keyboard_typos, capitalised, without_marks)
_SELDOM = (1.0, 49.0)


def topic_texts(topics: Sequence[int], rng: np.random.Generator) -> list[str]:
    """One text of two to five sentences for each topic number.

    Words are drawn from their list by Zipf's law: the k-th with weight ``1 / k``. Writers differ: each
    text has its own rates of unknown names, typing errors, words in capitals and marks left out, each
    from a beta distribution with mean 2%. Without them the first odd word would give a shift away.

    Example:
        >>> topic_texts([2], np.random.default_rng(1))
        ['...']
    """
    return [_text(TOPICS[topic], rng) for topic in topics]


def sentences(n: int, rng: np.random.Generator) -> Texts:
    """``n`` texts about weather (40%), sport (35%) or cooking (25%).

    Limits: grammar of a primer: fit for vocabulary, length and spelling, not for meaning.

    Raises:
        BadInput: ``n`` is negative.

    Example:
        >>> texts = sentences(50, np.random.default_rng(0))
        >>> len(texts), sorted(set(texts.topics.tolist()))
        (50, [0, 1, 2])
    """
    if n < 0:
        raise BadInput(f"sentences: expected a number of texts, got {n}", remedy="Ask for 0 or more.")
    topics = rng.choice(3, size=n, p=[0.40, 0.35, 0.25])
    return Texts(tuple(topic_texts(topics.tolist(), rng)), topics.astype(np.int64))


def _text(topic: Topic, rng: np.random.Generator) -> str:
    text = " ".join(_sentence(topic, rng) for _ in range(rng.integers(_SHORTEST, _LONGEST + 1)))
    for habit in _HABITS:
        text = habit(text, float(rng.beta(*_SELDOM)), rng)
    return text


def _sentence(topic: Topic, rng: np.random.Generator) -> str:
    words = [_word(symbol, topic, rng) for symbol in _PLANS[rng.integers(len(_PLANS))].split()]
    said = " ".join(words).replace(" ,", ",")
    return said[0].upper() + said[1:] + "."


def _word(symbol: str, topic: Topic, rng: np.random.Generator) -> str:
    match symbol:
        case "N":
            return _zipf(topic.nouns, rng)
        case "V":
            return _zipf(topic.verbs, rng)
        case "A":
            return _zipf(topic.adjectives, rng)
        case "D":
            return str(rng.integers(2, 100))
        case _:
            return symbol


def _zipf(words: tuple[str, ...], rng: np.random.Generator) -> str:
    return words[int(np.searchsorted(_shares(len(words)), rng.random()))]


@lru_cache(maxsize=8)
def _shares(n: int) -> NDArray[np.float64]:
    weights = np.cumsum(1 / np.arange(1, n + 1))
    shares: NDArray[np.float64] = weights / weights[-1]
    return shares
