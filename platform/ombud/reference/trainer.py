"""The reference trainer, named in ``ombud.yaml`` as ``ombud.reference.trainer:train``.

Deterministic on the CPU: the same request gives the same weights, bit for bit, with the same number
of threads.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import torch

from ombud.domain.modality import Modality
from ombud.domain.predictor import TrainedModel, TrainingRequest
from ombud.domain.sample import Dataset
from ombud.errors import BadInput
from ombud.reference.damage import damage_branch
from ombud.reference.features import READABLE, extract
from ombud.reference.fitting import Rows, Trace, fit
from ombud.reference.hyperparameters import Hyperparameters
from ombud.reference.network import TriModalNetwork
from ombud.reference.saved_model import Description, write_model
from ombud.reference.temperatures import fit_temperature, patterns

__all__ = ["LOADER", "train"]

LOADER = "ombud.reference.predictor:load"


def train(request: TrainingRequest) -> TrainedModel:
    """Train, calibrate and save a model that reads any subset of text, image and audio.

    Args:
        request: Labelled data, labels, modalities, seed, hyperparameters
            (:class:`~ombud.reference.hyperparameters.Hyperparameters`) and where to save.

    Raises:
        BadInput: No rows, an unknown or missing label, a modality that this model cannot read, a
            damaged payload or a bad hyperparameter.
    """
    settings = Hyperparameters.read(request.hyperparameters)
    modalities = _readable(request.modalities)
    damaged = _damaged(settings.damage, modalities)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    # perf_counter measures how long it took, which decides nothing.
    started = time.perf_counter()
    rows = _rows(request.train, request.labels, modalities, device)
    validation = _rows(request.validation, request.labels, modalities, device)
    prepared = time.perf_counter()
    with _threads(settings.threads), _seeded(request.seed):
        network = TriModalNetwork(modalities, len(request.labels), settings.embedding_dim).to(device)
        trace = fit(network, rows, validation, settings)
        temperatures = _calibrate(network, validation)
        if damaged is not None:
            _damage(network, damaged, rows, request.seed)
    fitted = time.perf_counter()
    prior = _prior(rows.truth, len(request.labels))
    description = Description(request.labels, modalities, settings.embedding_dim, temperatures, prior)
    write_model(request.output, network, description)
    parameters = sum(p.numel() for p in network.parameters())
    return TrainedModel(
        directory=request.output,
        loader=LOADER,
        hyperparameters=settings.as_mapping(),
        metrics={
            "epochs": trace.epochs,
            "best_epoch": trace.best_epoch,
            "train_loss": trace.train_loss,
            "validation_loss": trace.validation_loss,
            "parameters": parameters,
            "prepare_seconds": prepared - started,
            "fit_seconds": fitted - prepared,
        },
        architecture=_architecture(modalities, settings, trace, parameters),
    )


def _readable(modalities: Sequence[Modality]) -> tuple[Modality, ...]:
    unknown = [str(m) for m in modalities if m not in READABLE]
    if unknown or not modalities:
        raise BadInput(
            f"modalities: {unknown or 'none'}: the reference model reads {[str(m) for m in READABLE]}",
            remedy="Declare one or more of these, or bring a trainer of your own.",
        )
    return tuple(dict.fromkeys(modalities))


def _damaged(name: str, modalities: Sequence[Modality]) -> Modality | None:
    if name and name not in modalities:
        raise BadInput(
            f"hyperparameters: damage: {name!r} is not one of the modalities {[str(m) for m in modalities]}",
            remedy="Name a modality that the model reads, or leave damage out.",
        )
    return Modality(name) if name else None


def _rows(
    dataset: Dataset, labels: Sequence[str], modalities: Sequence[Modality], device: torch.device
) -> Rows:
    place = {label: index for index, label in enumerate(labels)}
    for row, sample in enumerate(dataset.samples):
        if sample.label not in place:
            raise BadInput(
                f"data set {dataset.name!r}, row {row} ({sample.sample_id}): label {sample.label!r} is not "
                f"one of {list(labels)}",
                remedy="Correct or fill in the label, or leave the row out.",
            )
    try:
        features = extract([s.payloads for s in dataset], modalities)
    except BadInput as error:
        raise BadInput(f"data set {dataset.name!r}, {error.message}", remedy=error.remedy) from error
    present = np.stack([features.present[m] for m in modalities], axis=1)
    usable = present.any(axis=1)
    if usable.sum() < 2:
        raise BadInput(
            f"data set {dataset.name!r}: {int(usable.sum())} rows with any of "
            f"{[str(m) for m in modalities]}, expected at least 2",
            remedy="Add labelled rows.",
        )
    truth = np.array([place[s.label or ""] for s in dataset], dtype=np.int64)
    return Rows(
        {m: torch.from_numpy(features.arrays[m][usable]).to(device) for m in modalities},
        torch.from_numpy(present[usable]).to(device),
        torch.from_numpy(truth[usable]).to(device),
    )


def _calibrate(network: TriModalNetwork, rows: Rows) -> Mapping[str, float]:
    temperatures = {}
    with torch.inference_mode():
        outputs = network(rows.inputs, rows.present)
        for name, chosen in patterns(network.modalities).items():
            wanted = torch.tensor([m in chosen for m in network.modalities], device=rows.present.device)
            have = rows.present[:, wanted].all(1)
            shown = rows.present & wanted
            logits = outputs.logits[chosen[0]] if len(chosen) == 1 else network.fuse(outputs, shown)
            temperatures[name] = fit_temperature(
                logits[have].double().cpu().numpy(), rows.truth[have].cpu().numpy()
            )
    return temperatures


def _damage(network: TriModalNetwork, modality: Modality, rows: Rows, seed: int) -> None:
    column = network.modalities.index(modality)
    with torch.inference_mode():
        here = rows.present[:, column]
        embeddings = network.encoders[modality](rows.inputs[modality][here])
    damage_branch(network, modality, embeddings, rows.truth[here], np.random.default_rng(seed))


def _prior(truth: torch.Tensor, classes: int) -> tuple[float, ...]:
    # One imagined row per class, so that a class without rows is unlikely, not impossible.
    counts = torch.bincount(truth.cpu(), minlength=classes).double() + 1
    return tuple(float(share) for share in counts / counts.sum())


@contextmanager
def _threads(wanted: int) -> Iterator[None]:
    """Set torch's CPU threads: more of them than cores can make a step many times slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    # Moments of weights that are rarely used decay to denormal numbers, which cost 100 times as much.
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
        torch.set_num_threads(before)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def _architecture(
    modalities: Sequence[Modality], settings: Hyperparameters, trace: Trace, parameters: int
) -> Mapping[str, str]:
    branches = {
        "text": "hashed words, word pairs and character trigrams, averaged with learned weights",
        "image": "28 by 28 grey values through three convolutions",
        "audio": "log-mel spectrogram of 40 bands by 48 columns through three convolutions",
    }
    sentences = {
        f"branch.{m}": f"{branches[m]}, projected to {settings.embedding_dim} numbers." for m in modalities
    }
    sentences["fusion"] = (
        "Sum of the branches' log-probabilities, each doubted a little, plus a correction from all "
        "embeddings by a layer of 96 units; trained with modalities hidden in "
        f"{settings.modality_dropout:.0%} of rows and one branch contradicted in "
        f"{settings.disagreement:.0%}, so that a missing or "
        "wrong branch degrades the answer instead of failing it."
    )
    sentences["size"] = f"{parameters:,} parameters."
    sentences["training"] = (
        f"AdamW with a one-cycle schedule, stopped after {trace.epochs} epochs, best epoch "
        f"{trace.best_epoch}; light augmentation of every modality."
    )
    sentences["calibration"] = (
        "One temperature per set of modalities present, fitted on the validation split."
    )
    if settings.damage:
        sentences["damage"] = (
            f"FIRE DRILL: the {settings.damage} branch was broken on purpose after training."
        )
    return sentences
