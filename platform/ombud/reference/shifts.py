"""Shifts of known size, injected into a data set: what a monitor should see, and how much of it.

Each function returns a new data set with the same ids, labels and attributes; rows that lack the
modality stay as they are, and the provenance says what was done.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import soundfile
from PIL import Image, ImageFilter

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality, Payload
from ombud.domain.sample import Dataset, Sample
from ombud.errors import BadInput

__all__ = ["add_noise", "blur_images", "drop_modality", "misspell_words"]


def add_noise(dataset: Dataset, *, snr_db: float, seed: int) -> Dataset:
    """Add white noise to every sound.

    Args:
        dataset: What to shift.
        snr_db: Power of the sound over that of the noise, in decibels; smaller is worse.
        seed: Seed of the noise.

    Raises:
        BadInput: A sound cannot be decoded.
    """
    rng = np.random.default_rng(seed)

    def change(payload: Payload) -> Payload:
        wave, rate = soundfile.read(io.BytesIO(_encoded(payload)), dtype="float64")
        scale = np.sqrt(np.mean(wave**2) / 10 ** (snr_db / 10))
        buffer = io.BytesIO()
        noisy = np.clip(wave + scale * rng.standard_normal(wave.shape), -1, 1)
        soundfile.write(buffer, noisy, rate, format="FLAC", subtype="PCM_16")
        return buffer.getvalue()

    return _changed(dataset, AUDIO, change, f"white noise at {snr_db:g} dB")


def blur_images(dataset: Dataset, *, radius: float) -> Dataset:
    """Blur every image with a Gaussian.

    Args:
        dataset: What to shift.
        radius: Standard deviation in pixels; 0 changes no pixel.

    Raises:
        BadInput: An image cannot be decoded.
    """

    def change(payload: Payload) -> Payload:
        with Image.open(io.BytesIO(_encoded(payload))) as picture:
            blurred = picture.filter(ImageFilter.GaussianBlur(radius))
        buffer = io.BytesIO()
        blurred.save(buffer, format="PNG")
        return buffer.getvalue()

    return _changed(dataset, IMAGE, change, f"images blurred by {radius:g} pixels")


def misspell_words(dataset: Dataset, *, share: float, seed: int) -> Dataset:
    """Swap two neighbouring letters in some of the words; numerals stay.

    Args:
        dataset: What to shift.
        share: Chance of each word of two or more letters, in [0, 1].
        seed: Seed of the choices.

    Example:
        >>> one = Dataset("d", (Sample("a", {TEXT: "bring two cups"}),))
        >>> misspell_words(one, share=1.0, seed=0).samples[0].payloads[TEXT]
        'brnig wto ucps'
    """
    rng = np.random.default_rng(seed)

    def slip(word: str) -> str:
        if len(word) < 2 or not word.isalpha() or rng.random() >= share:
            return word
        at = int(rng.integers(0, len(word) - 1))
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    def change(payload: Payload) -> Payload:
        return " ".join(slip(word) for word in str(payload).split(" "))

    return _changed(dataset, TEXT, change, f"{share:.0%} of words misspelt")


def drop_modality(dataset: Dataset, modality: Modality, *, share: float, seed: int) -> Dataset:
    """Remove a modality from some rows, but never the only one that a row has.

    Args:
        dataset: What to shift.
        modality: What to remove.
        share: Chance of each row, in [0, 1].
        seed: Seed of the choices.
    """
    rng = np.random.default_rng(seed)

    def without(sample: Sample) -> Sample:
        chosen = rng.random() < share
        rest = [m for m in sample.present if m != modality]
        return sample.only(*rest) if chosen and rest else sample

    return _noted(dataset, tuple(map(without, dataset)), f"{modality} removed from {share:.0%} of rows")


def _encoded(payload: Payload) -> bytes:
    return payload if isinstance(payload, bytes) else payload.encode()


def _changed(
    dataset: Dataset, modality: Modality, change: Callable[[Payload], Payload], what: str
) -> Dataset:
    def shifted(sample: Sample) -> Sample:
        payload = sample.payloads.get(modality)
        if payload is None:
            return sample
        try:
            return replace(sample, payloads={**sample.payloads, modality: change(payload)})
        # The decoders report damaged files as many kinds of errors.
        except Exception as error:
            raise BadInput(
                f"sample {sample.sample_id!r}, modality {str(modality)!r}: not readable ({error})",
                remedy="Repair or drop the sample.",
            ) from error

    return _noted(dataset, tuple(map(shifted, dataset)), what)


def _noted(dataset: Dataset, samples: tuple[Sample, ...], what: str) -> Dataset:
    note = f"{dataset.provenance} Shifted on purpose: {what}.".strip()
    return replace(dataset, samples=samples, provenance=note)
