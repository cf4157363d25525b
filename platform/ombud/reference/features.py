"""Requests to arrays: every payload decoded once, with the row and modality named when it cannot be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality, Payload
from ombud.domain.predictor import Payloads
from ombud.errors import BadInput
from ombud.reference.audio_features import BANDS, COLUMNS, encode_audio
from ombud.reference.image_features import SIDE, encode_image
from ombud.reference.text_features import WIDTH, encode_text

__all__ = ["READABLE", "Features", "extract"]


@dataclass(frozen=True)
class _Codec:
    kind: type
    shape: tuple[int, ...]
    dtype: type
    encode: Callable[[Any], NDArray[Any]]
    remedy: str


_CODECS: Mapping[Modality, _Codec] = {
    TEXT: _Codec(
        str, (WIDTH,), np.int64, encode_text, "Send at least one visible character, or leave text out."
    ),
    IMAGE: _Codec(
        bytes, (SIDE, SIDE), np.float32, encode_image, "Send a whole PNG or JPEG file, or leave image out."
    ),
    AUDIO: _Codec(
        bytes,
        (BANDS, COLUMNS),
        np.float32,
        encode_audio,
        "Send a whole FLAC or WAV file, or leave audio out.",
    ),
}

READABLE: tuple[Modality, ...] = tuple(_CODECS)
"""Modalities that the reference model can read."""


@dataclass(frozen=True, eq=False)
class Features:
    """``n`` requests as arrays.

    Args:
        arrays: Per modality ``(n, ...)``; zeros where absent.
        present: Per modality ``(n,)`` bool.
    """

    arrays: Mapping[Modality, NDArray[Any]]
    present: Mapping[Modality, NDArray[np.bool_]]


def extract(requests: Sequence[Payloads], modalities: Sequence[Modality]) -> Features:
    """Decode and encode every payload; equal payloads only once.

    Args:
        requests: ``n`` requests.
        modalities: What to read; other payloads are ignored.

    Raises:
        BadInput: A payload is of the wrong kind, empty or damaged; names row (from 0) and modality.

    Example:
        >>> features = extract([{TEXT: "two cups"}, {}], [TEXT])
        >>> features.present[TEXT].tolist()
        [True, False]
        >>> extract([{IMAGE: b"no picture"}], [IMAGE])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        ombud.errors.BadInput: row 0, modality 'image': not a readable image (...
    """
    arrays: dict[Modality, NDArray[Any]] = {}
    present: dict[Modality, NDArray[np.bool_]] = {}
    for modality in modalities:
        codec = _CODECS[modality]
        array: NDArray[Any] = np.zeros((len(requests), *codec.shape), dtype=codec.dtype)
        here = np.zeros(len(requests), dtype=np.bool_)
        done: dict[Payload, int] = {}
        for row, request in enumerate(requests):
            payload = request.get(modality)
            if payload is None:
                continue
            here[row] = True
            first = done.setdefault(payload, row)
            array[row] = array[first] if first != row else _encoded(payload, codec, row, modality)
        arrays[modality], present[modality] = array, here
    return Features(arrays, present)


def _encoded(payload: Payload, codec: _Codec, row: int, modality: Modality) -> NDArray[Any]:
    if not isinstance(payload, codec.kind):
        raise BadInput(
            f"row {row}, modality {str(modality)!r}: expected {codec.kind.__name__}, "
            f"got {type(payload).__name__}",
            remedy=codec.remedy,
        )
    try:
        return codec.encode(payload)
    except ValueError as error:
        raise BadInput(f"row {row}, modality {str(modality)!r}: {error}", remedy=codec.remedy) from error
