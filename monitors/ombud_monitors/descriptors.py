"""Descriptors: numbers with units that say what an input is like, for any modality.

They explain what embeddings only detect: "recordings got 12 dB quieter" is a cause, "MMD p = .003"
is not. Each modality's own package holds the formulas; this module measures many payloads and keeps
one bad payload from spoiling the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality, Payload
from ombud.errors import BadInput
from ombud_monitors.audio import AUDIO_QUANTITIES, describe_audio
from ombud_monitors.image import IMAGE_QUANTITIES, describe_image
from ombud_monitors.quantity import Quantity
from ombud_monitors.text import TEXT_QUANTITIES, Vocabulary, describe_text

__all__ = ["Descriptors", "Quantity", "Vocabulary", "describe", "quantities"]

_QUANTITIES: Mapping[Modality, tuple[Quantity, ...]] = {
    TEXT: TEXT_QUANTITIES,
    IMAGE: IMAGE_QUANTITIES,
    AUDIO: AUDIO_QUANTITIES,
}


@dataclass(frozen=True, eq=False)
class Descriptors:
    """What ``n`` payloads of one modality are like.

    Args:
        names: ``d`` column names, without the modality prefix.
        values: ``(n, d)`` float64; NaN rows where absent or undecodable, NaN cells where undefined.
        problems: ``n`` strings; empty where nothing is wrong (an absent payload is not a problem).
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    problems: tuple[str, ...]

    def row(self, index: int) -> dict[str, float]:
        """The defined values of one payload by name, as an inference record stores them."""
        return {n: float(v) for n, v in zip(self.names, self.values[index], strict=True) if np.isfinite(v)}


def quantities(modality: Modality) -> tuple[Quantity, ...]:
    """Name, unit and meaning of each column; empty for a modality that Ombud cannot describe."""
    return _QUANTITIES.get(modality, ())


def describe(
    modality: Modality, payloads: Sequence[Payload | None], *, vocabulary: Vocabulary | None = None
) -> Descriptors:
    """Measure ``n`` payloads. It never raises because of a payload.

    Args:
        modality: Which kind of input; one that Ombud cannot describe gives zero columns.
        payloads: Text as ``str``, image and audio as encoded ``bytes``, ``None`` where absent.
        vocabulary: Words of the training text, for ``out_of_vocabulary_share``.

    Returns:
        One row per payload. A payload that cannot be decoded is a row of NaN with its problem. An
        empty text and a clip too short for a spectrum keep what can be measured, with their problem.

    Example:
        >>> described = describe(TEXT, ["two cats", None, ""])
        >>> described.row(0)["words"], described.problems
        (2.0, ('', '', 'text is empty'))
        >>> bool(np.isnan(described.values[1]).all())
        True
    """
    columns = quantities(modality)
    values = np.full((len(payloads), len(columns)), np.nan)
    problems = [""] * len(payloads)
    measure = _measures(vocabulary).get(modality)
    for row, payload in enumerate(payloads):
        if payload is None or measure is None:
            continue
        try:
            values[row] = measure(payload)
        except BadInput as error:
            problems[row] = error.message
        else:
            problems[row] = _shortcoming(modality, values[row])
    return Descriptors(tuple(q.name for q in columns), values, tuple(problems))


def _measures(vocabulary: Vocabulary | None) -> Mapping[Modality, Callable[[Payload], tuple[float, ...]]]:
    return {
        TEXT: lambda payload: describe_text(_text(payload), vocabulary),
        IMAGE: lambda payload: describe_image(_encoded(payload)),
        AUDIO: lambda payload: describe_audio(_encoded(payload)),
    }


def _text(payload: Payload) -> str:
    if isinstance(payload, str):
        return payload
    raise BadInput(f"text payload: expected a string, got {type(payload).__name__}")


def _encoded(payload: Payload) -> bytes:
    if isinstance(payload, bytes | bytearray | memoryview):
        return bytes(payload)
    raise BadInput(f"media payload: expected encoded bytes, got {type(payload).__name__}")


def _shortcoming(modality: Modality, values: NDArray[np.float64]) -> str:
    """What is wrong with a payload that could be decoded but hardly measured."""
    if modality == TEXT and values[-1] == 1:
        return "text is empty"
    if modality == AUDIO and values[0] * values[1] < 15.5:
        return f"audio has only {round(values[0] * values[1])} sample(s): too short for a spectrum"
    return ""
