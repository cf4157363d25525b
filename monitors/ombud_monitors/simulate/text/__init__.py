"""Text: made-up sentences, and what happens to the words of texts.

:mod:`~ombud_monitors.simulate.text.shifts` is the list with sizes; :mod:`wording` holds the functions,
:mod:`sentences` makes the texts and :mod:`embedding` the numbers that a detector sees of them.
"""

from ombud_monitors.simulate.text.embedding import hashed_words, text_embedding
from ombud_monitors.simulate.text.sentences import sentences
from ombud_monitors.simulate.text.shifts import TEXT_NULL, TEXT_SHIFTS

__all__ = ["TEXT_NULL", "TEXT_SHIFTS", "hashed_words", "sentences", "text_embedding"]
