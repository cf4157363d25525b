"""Text: descriptors that a reader understands, and the vocabulary they are compared with.

:func:`describe_text` measures one text; :class:`Vocabulary` is a compact hashed set of the words a
model was trained on. :mod:`ombud_monitors.descriptors` measures many payloads at once.
"""

from ombud_monitors.text.descriptors import MAX_CHARACTERS, TEXT_QUANTITIES, describe_text
from ombud_monitors.text.vocabulary import Vocabulary, words_of

__all__ = ["MAX_CHARACTERS", "TEXT_QUANTITIES", "Vocabulary", "describe_text", "words_of"]
