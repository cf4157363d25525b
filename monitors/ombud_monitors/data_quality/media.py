"""Media: rows that carry nothing, or carry what cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality, Payload
from ombud.domain.sample import Dataset
from ombud.errors import BadInput
from ombud_monitors.audio import decode_audio
from ombud_monitors.data_quality.finding import Finding, Severity
from ombud_monitors.data_quality.repetition import payload_key
from ombud_monitors.image import decode_image

__all__ = ["media_findings"]

_DECODERS: Mapping[Modality, Callable[[bytes], object]] = {IMAGE: decode_image, AUDIO: decode_audio}


def media_findings(splits: Mapping[str, Dataset], modalities: Sequence[Modality]) -> Iterator[Finding]:
    """Rows without any modality, empty text, undecodable media; each distinct payload is decoded once."""
    for name, split in splits.items():
        bare = [s.sample_id for s in split if not set(s.present) & set(modalities)]
        if bare:
            yield Finding.of(
                "row.no_modality",
                Severity.ERROR,
                f"{len(bare)} rows of {name} carry none of {', '.join(modalities)}",
                bare,
                "Drop these rows, or fill at least one modality.",
            )
        for modality in modalities:
            if modality == TEXT:
                yield from _empty_text(name, split)
            elif modality in _DECODERS:
                yield from _undecodable(name, split, modality)


def _empty_text(name: str, split: Dataset) -> Iterator[Finding]:
    empty = [s.sample_id for s in split if (text := s.payloads.get(TEXT)) is not None and not text.strip()]
    if empty:
        yield Finding.of(
            "text.empty",
            Severity.WARNING,
            f"{len(empty)} rows of {name} have a text without a visible character",
            empty,
            "Write null where there is no text: an empty text counts as present.",
        )


def _undecodable(name: str, split: Dataset, modality: Modality) -> Iterator[Finding]:
    known: dict[bytes, str] = {}
    broken: list[tuple[str, str]] = []
    for sample in split:
        payload = sample.payloads.get(modality)
        if payload is None:
            continue
        key = payload_key(payload)
        if key not in known:
            known[key] = _problem(modality, payload)
        if known[key]:
            broken.append((sample.sample_id, known[key]))
    if broken:
        yield Finding.of(
            "media.undecodable",
            Severity.ERROR,
            f"{len(broken)} rows of {name} have {modality} bytes that cannot be used "
            f"({broken[0][0]}: {broken[0][1]})",
            [sample_id for sample_id, _ in broken],
            f"Repair these files, or set {modality} to null in these rows.",
        )


def _problem(modality: Modality, payload: Payload) -> str:
    if isinstance(payload, str):
        return "a string where encoded bytes were expected"
    try:
        _DECODERS[modality](payload)
    except BadInput as error:
        return error.message
    return ""
