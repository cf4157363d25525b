"""Messages that name exactly one number, with known truth: templates, synonyms, fillers, slips.

Each author keeps habits (greeting, case, numerals or words, how often fingers slip), so messages of
one author hang together the way documents do.

Limits: the wording is plain; the number is the only thing worth reading.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["DIALOGUE", "MESSAGES", "NUMBER_WORDS", "Author", "Register", "write"]

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Register:
    """A kind of writing.

    Args:
        name: Shown as ``text_domain``.
        templates: Sentences with ``{n}`` for the number and names of ``slots`` in braces.
        openings: What may stand before the sentence.
        endings: What may stand after it.
    """

    name: str
    templates: tuple[str, ...]
    openings: tuple[str, ...]
    endings: tuple[str, ...]


_SLOTS: dict[str, tuple[str, ...]] = {
    "thing": (
        "apples",
        "tickets",
        "chairs",
        "parcels",
        "photos",
        "songs",
        "coffees",
        "bags",
        "letters",
        "plants",
        "batteries",
        "bottles",
        "folders",
        "keys",
        "candles",
        "books",
        "sandwiches",
        "lamps",
        "boxes",
        "stamps",
    ),
    "place": (
        "the harbour",
        "Mill Street",
        "the old station",
        "gate B",
        "the corner shop",
        "Anna's kitchen",
        "the lab",
        "the library",
        "the market",
        "our garden",
        "the museum",
        "the north hall",
        "the gym",
        "the office",
    ),
    "person": (
        "Anna",
        "Tomas",
        "my sister",
        "the coach",
        "Mr Lind",
        "Priya",
        "our neighbour",
        "Kofi",
        "the driver",
        "Mei",
        "the new guy",
        "grandpa",
        "Lucía",
        "the landlord",
    ),
    "want": ("need", "want", "would like", "am looking for", "could use", "asked for"),
    "saw": ("saw", "counted", "found", "spotted", "picked up", "noticed"),
    "unit": ("minutes", "hours", "days", "weeks", "miles", "pages", "steps", "rounds", "stops", "metres"),
    "mood": ("great", "awful", "fine", "lovely", "boring", "wild", "odd", "perfect"),
    "room": ("room", "platform", "table", "bus", "channel", "chapter", "locker", "seat", "lane", "line"),
}

MESSAGES = Register(
    "messages",
    (
        "I {want} {n} {thing} from {place}",
        "{person} {saw} {n} {thing} near {place}",
        "meet me at {room} {n}",
        "only {n} {unit} left until {place}",
        "we {saw} {n} {thing} today",
        "the {room} is number {n}, ask {person}",
        "it took {n} {unit} to reach {place}",
        "please bring {n} {thing} for {person}",
        "{n} {thing} for {person} please",
        "my score was {n} and it felt {mood}",
        "see you in {n} {unit}",
        "{person} says {n} {unit} is {mood}",
        "waiting {n} {unit} at {place} with {person}",
        "there are {n} {thing} on the {room}",
        "{n} more {unit} to go",
        "code for the {room} is {n}",
        "sold {n} {thing} at {place}, {mood} day",
        "{person} owes me {n} {thing}",
        "take {room} {n} to {place}",
        "level {n} is {mood}",
        "I have been to {place} for {n} {unit}",
        "can you carry {n} {thing} to {place}",
        "we are {n} people at {place}",
        "{mood} trip, {n} {unit} with {person}",
        "please call extension {n} about the {thing}",
        "found {n} old {thing} behind {place}",
    ),
    (
        "",
        "",
        "",
        "hey,",
        "hi all,",
        "so",
        "ok",
        "morning!",
        "fyi:",
        "well,",
        "update:",
        "quick note:",
        "@user",
        "lol",
    ),
    (
        "",
        "",
        "",
        "thanks",
        "see you there",
        "#goodday",
        "!!",
        "...",
        "cheers",
        "let me know",
        "ok?",
        "@user",
        ":)",
    ),
)
"""What the training, validation and test splits are written in."""

DIALOGUE = Register(
    "dialogue",
    # People in a dialogue say plain things, too.
    (
        *MESSAGES.templates,
        "you told {person} it was {n}, remember",
        "no way, {n} {thing}, in {place}",
        "give me {n} {unit}, I beg you",
        "wait, did {person} really say {n}",
        "I swear there were {n} {thing} in the {room}",
        "okay, {n} {unit}, then we leave {place}",
        "who needs {n} {thing}, honestly",
        "and then {n} {thing} fell down",
        "listen, {room} {n}, not the other",
        "it has been {n} {unit} since {person} left",
        "fine, {n}, you win",
        "he has like {n} {thing} at home",
        "she counted to {n} and walked out of {place}",
        "{n}, is that {mood} or what",
    ),
    ("", "", "oh,", "look,", "right,", "come on,", "Joe!", "honey,", "you know what,", "hmm,", "okay, okay,"),
    ("", "", "right?", "I mean it", "that's it", "seriously", "hello?", "you see?", "whatever", "believe me"),
)
"""What the shifted production split is written in."""


@dataclass(frozen=True)
class Author:
    """Habits of whoever writes one document.

    Args:
        numerals: Chance of a numeral instead of a word.
        slip: Chance that the number is misspelt.
        case: ``"plain"``, ``"lower"`` or ``"upper"``.
        chatty: Chance of an opening and of an ending.
        person: Whom the document mentions.
        place: Where it plays.
    """

    numerals: float
    slip: float
    case: str
    chatty: float
    person: str
    place: str

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Author:
        """An author with habits of their own."""
        return cls(
            numerals=float(rng.uniform(0.1, 0.8)),
            slip=float(rng.beta(1.2, 8)),
            case=str(rng.choice(("plain", "plain", "lower", "upper"), p=(0.3, 0.3, 0.35, 0.05))),
            chatty=float(rng.uniform(0.1, 0.8)),
            person=str(rng.choice(_SLOTS["person"])),
            place=str(rng.choice(_SLOTS["place"])),
        )


def write(digit: int, author: Author, register: Register, rng: np.random.Generator) -> str:
    """One message that names ``digit`` and no other number.

    Example:
        >>> rng = np.random.default_rng(5)
        >>> write(7, Author.draw(rng), MESSAGES, rng)
        'I want seven apples from the old station'
    """
    template = str(rng.choice(register.templates))
    filled = {slot: str(rng.choice(words)) for slot, words in _SLOTS.items()}
    filled |= {"person": author.person, "place": author.place} if rng.random() < 0.5 else {}
    text = template.format(n=_number(digit, author, rng), **filled)
    if rng.random() < author.chatty:
        text = f"{rng.choice(register.openings)} {text}".strip()
    if rng.random() < author.chatty:
        text = f"{text} {rng.choice(register.endings)}".strip()
    if author.case == "plain":
        return text[0].upper() + text[1:]
    return text.upper() if author.case == "upper" else text.lower()


def _number(digit: int, author: Author, rng: np.random.Generator) -> str:
    if rng.random() < author.numerals:
        return str(rng.choice((f"{digit}", f"{digit}", f"{digit}", f"#{digit}", f"{digit}x", f"no.{digit}")))
    word = NUMBER_WORDS[digit]
    return _misspelt(word, rng) if rng.random() < author.slip else word


def _misspelt(word: str, rng: np.random.Generator) -> str:
    at = int(rng.integers(0, len(word) - 1))
    match int(rng.integers(0, 4)):
        case 0:
            return word[:at] + word[at + 1 :]
        case 1:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 2:
            return word[:at] + word[at] * int(rng.integers(2, 5)) + word[at + 1 :]
        case _:
            return word[:at] + "aeioulnrst"[int(rng.integers(0, 10))] + word[at + 1 :]
