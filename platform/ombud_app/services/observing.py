"""From samples and log records to :class:`Observations`, and to bytes and back."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ombud.domain.inference import LabelledInference
from ombud.domain.modality import Modality
from ombud.domain.observations import ModalityColumns, Observations
from ombud.domain.predictor import Predictions
from ombud.domain.sample import Dataset
from ombud_monitors.descriptors import Vocabulary, describe, quantities

__all__ = ["decode_observations", "encode_observations", "mask_by_presence", "observe_log", "observe_samples"]


def observe_samples(
    data: Dataset,
    predictions: Predictions,
    *,
    labels: Sequence[str],
    modalities: Sequence[Modality],
    clusters: Mapping[str, str],
    vocabulary: Vocabulary | None = None,
) -> Observations:
    """Columns of a labelled data set that a model has answered.

    Args:
        data: ``n`` samples.
        predictions: The model's answers, in the same order.
        labels: Class names in the order of the probability columns.
        modalities: Modalities to describe.
        clusters: Modality → attribute that names the repeating unit.
        vocabulary: Words of the training text, for the out-of-vocabulary share.
    """
    index = {label: i for i, label in enumerate(labels)}
    names = sorted({name for s in data for name in s.attributes})
    attributes = {name: data.attribute(name) for name in names}
    columns: dict[Modality, ModalityColumns] = {}
    for modality in modalities:
        described = describe(modality, [s.payloads.get(modality) for s in data], vocabulary=vocabulary)
        columns[modality] = ModalityColumns(
            present=np.array([s.payloads.get(modality) is not None for s in data], dtype=np.bool_),
            descriptor_names=described.names,
            descriptors=described.values,
            embeddings=_float32(predictions.embeddings.get(modality)),
            probabilities=_float32(predictions.unimodal.get(modality)),
            clusters=_clusters(attributes, clusters.get(modality)),
        )
    return Observations(
        ids=tuple(s.sample_id for s in data),
        labels=tuple(labels),
        probabilities=np.asarray(predictions.probabilities, dtype=np.float32),
        truth=np.array([index.get(s.label or "", -1) for s in data], dtype=np.int64),
        modalities=columns,
        attributes=attributes,
    )


def observe_log(
    rows: Sequence[LabelledInference],
    *,
    labels: Sequence[str],
    modalities: Sequence[Modality],
    clusters: Mapping[str, str],
) -> Observations:
    """Columns of logged traffic; a request whose model failed has a row of NaN probabilities."""
    index = {label: i for i, label in enumerate(labels)}
    n, k = len(rows), len(labels)
    probabilities = np.full((n, k), np.nan, dtype=np.float32)
    truth = np.full(n, -1, dtype=np.int64)
    for i, row in enumerate(rows):
        if row.inference.probabilities is not None:
            probabilities[i] = row.inference.probabilities
        if row.label is not None:
            truth[i] = index.get(row.label.label, -1)
    names = sorted({name for row in rows for name in row.inference.attributes})
    attributes = {
        name: np.array([r.inference.attributes.get(name, "") for r in rows], dtype=np.str_) for name in names
    }
    return Observations(
        ids=tuple(r.inference.request_id for r in rows),
        labels=tuple(labels),
        probabilities=probabilities,
        truth=truth,
        modalities={
            m: _logged_columns(rows, m, k, _clusters(attributes, clusters.get(m))) for m in modalities
        },
        attributes=attributes,
    )


def _logged_columns(
    rows: Sequence[LabelledInference], modality: Modality, k: int, clusters: NDArray[np.str_] | None
) -> ModalityColumns:
    prefix = f"{modality}."
    # Records leave out what is not defined (a share of unknown words without a vocabulary), so the columns
    # of a window, and their order, come from what can be measured and not from what its rows happen to hold.
    measurable = (q.name for q in quantities(modality))
    recorded = (k.removeprefix(prefix) for r in rows for k in r.inference.descriptors if k.startswith(prefix))
    names = tuple(dict.fromkeys([*measurable, *recorded]))
    nan = float("nan")
    descriptors = np.array(
        [[r.inference.descriptors.get(prefix + name, nan) for name in names] for r in rows], dtype=np.float64
    ).reshape(len(rows), len(names))
    return ModalityColumns(
        present=np.array([modality in r.inference.present for r in rows], dtype=np.bool_),
        descriptor_names=names,
        descriptors=descriptors,
        embeddings=_stack([r.inference.embeddings.get(modality) for r in rows]),
        probabilities=_stack([r.inference.unimodal.get(modality) for r in rows], width=k),
        clusters=clusters,
    )


def mask_by_presence(data: Dataset, presence: Mapping[str, float], *, seed: int) -> Dataset:
    """Null modalities so that the data set has the declared traffic mix.

    Each sample draws one pattern with the declared weights; a pattern that would leave it without
    any payload is passed over in favour of what the sample has. Empty ``presence`` changes nothing.

    Example:
        >>> from ombud.domain.modality import TEXT
        >>> from ombud.domain.sample import Sample
        >>> d = Dataset("d", (Sample("a", {TEXT: "two"}, "2"),))
        >>> mask_by_presence(d, {"audio": 1.0}, seed=0).samples[0].present
        ('text',)
    """
    if not presence:
        return data
    patterns = list(presence)
    weights = np.array([presence[p] for p in patterns], dtype=np.float64)
    drawn = np.random.default_rng(seed).choice(len(patterns), size=len(data), p=weights / weights.sum())
    masked = []
    for sample, choice in zip(data, drawn, strict=True):
        kept = sample.only(*(Modality(m) for m in patterns[choice].split("+")))
        masked.append(kept if kept.present else sample)
    return Dataset(data.name, tuple(masked), data.synthetic, data.provenance, data.licence)


def encode_observations(observations: Observations) -> bytes:
    """Serialise without pickle (a NumPy ``.npz`` whose arrays are numbers and strings)."""
    arrays: dict[str, NDArray[np.generic]] = {
        "ids": np.array(observations.ids, dtype=np.str_),
        "labels": np.array(observations.labels, dtype=np.str_),
        "probabilities": observations.probabilities,
        "truth": observations.truth,
    }
    for name, values in observations.attributes.items():
        arrays[f"attribute/{name}"] = values
    described: dict[str, list[str]] = {}
    for modality, c in observations.modalities.items():
        described[modality] = list(c.descriptor_names)
        arrays[f"{modality}/present"], arrays[f"{modality}/descriptors"] = c.present, c.descriptors
        for part in ("embeddings", "probabilities", "clusters"):
            value = getattr(c, part)
            if value is not None:
                arrays[f"{modality}/{part}"] = value
    arrays["descriptor_names"] = np.array(json.dumps(described))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def decode_observations(content: bytes) -> Observations:
    """The inverse of :func:`encode_observations`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    described: dict[str, list[str]] = json.loads(str(arrays["descriptor_names"]))
    return Observations(
        ids=tuple(str(i) for i in arrays["ids"]),
        labels=tuple(str(label) for label in arrays["labels"]),
        probabilities=arrays["probabilities"],
        truth=arrays["truth"],
        modalities={
            Modality(m): ModalityColumns(
                present=arrays[f"{m}/present"],
                descriptor_names=tuple(names),
                descriptors=arrays[f"{m}/descriptors"],
                embeddings=arrays.get(f"{m}/embeddings"),
                probabilities=arrays.get(f"{m}/probabilities"),
                clusters=arrays.get(f"{m}/clusters"),
            )
            for m, names in described.items()
        },
        attributes={
            name.removeprefix("attribute/"): value
            for name, value in arrays.items()
            if name.startswith("attribute/")
        },
    )


def _float32(values: NDArray[np.float32] | None) -> NDArray[np.float32] | None:
    return None if values is None else np.asarray(values, dtype=np.float32)


def _clusters(attributes: Mapping[str, NDArray[np.str_]], name: str | None) -> NDArray[np.str_] | None:
    values = attributes.get(name) if name else None
    return values if values is not None and (values != "").any() else None


def _stack(
    vectors: Sequence[NDArray[np.float32] | None], *, width: int | None = None
) -> NDArray[np.float32] | None:
    known = next((len(v) for v in vectors if v is not None), width)
    if known is None or all(v is None for v in vectors):
        return None
    stacked = np.full((len(vectors), known), np.nan, dtype=np.float32)
    for i, vector in enumerate(vectors):
        if vector is not None:
            stacked[i] = vector
    return stacked
