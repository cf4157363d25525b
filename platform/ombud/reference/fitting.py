"""The training loop: losses of every head and of the fusion, early stopping on validation."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ombud.domain.modality import Modality
from ombud.reference.augmentation import augmented
from ombud.reference.hyperparameters import Hyperparameters
from ombud.reference.network import Outputs, TriModalNetwork

__all__ = ["Rows", "Trace", "fit"]

_SMOOTHING = 0.05


@dataclass(frozen=True, eq=False)
class Rows:
    """``n`` labelled rows as tensors.

    Args:
        inputs: Per modality ``(n, ...)``.
        present: ``(n, m)`` bool.
        truth: ``(n,)`` class indices.
    """

    inputs: Mapping[Modality, Tensor]
    present: Tensor
    truth: Tensor

    def __getitem__(self, rows: Tensor) -> Rows:
        return Rows({m: t[rows] for m, t in self.inputs.items()}, self.present[rows], self.truth[rows])


@dataclass(frozen=True)
class Trace:
    """How training went: epochs run, the best one, and the losses there."""

    epochs: int
    best_epoch: int
    train_loss: float
    validation_loss: float


def fit(network: TriModalNetwork, train: Rows, validation: Rows, settings: Hyperparameters) -> Trace:
    """Train in place and leave the weights of the best epoch.

    Draws from torch's global generator; seed it before and restore it after.
    """
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=0.01, fused=True
    )
    steps = max(1, -(-len(train.truth) // settings.batch_size))
    total_steps = steps * settings.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, total_steps))
    best, best_loss, best_epoch, loss_there = (
        copy.deepcopy(network.state_dict()),
        float("inf"),
        0,
        float("nan"),
    )
    epoch = 0
    for epoch in range(1, settings.epochs + 1):
        network.train()
        total = 0.0
        order = torch.randperm(len(train.truth), device=train.truth.device)
        for rows in torch.split(order, settings.batch_size):
            # A batch of one row has no batch statistics to normalise with.
            if len(rows) < 2:
                schedule.step()
                continue
            batch = train[rows]
            inputs = {m: augmented(m, t) for m, t in batch.inputs.items()}
            loss = _training_loss(network, Rows(inputs, batch.present, batch.truth), settings)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        current = validation_loss(network, validation)
        if current < best_loss:
            best, best_loss, best_epoch = copy.deepcopy(network.state_dict()), current, epoch
            loss_there = total / len(train.truth)
        elif epoch - best_epoch >= settings.patience:
            break
    network.load_state_dict(best)
    network.eval()
    return Trace(epoch, best_epoch, loss_there, best_loss)


def validation_loss(network: TriModalNetwork, rows: Rows) -> float:
    """Mean log loss of the fusion and of every head that has rows."""
    network.eval()
    with torch.inference_mode():
        outputs = network(rows.inputs, rows.present)
        losses = [functional.cross_entropy(network.fuse(outputs, rows.present), rows.truth)]
        losses += _head_losses(network, outputs, rows, smoothing=0.0)
    return float(torch.stack(losses).mean())


def _pace(step: int, total: int) -> float:
    """Share of the peak learning rate: a quarter of the way up, then down along a cosine."""
    climb = max(1, total // 4)
    if step < climb:
        return (step + 1) / (climb + 1)
    return 0.5 + 0.5 * math.cos(math.pi * (step - climb) / max(1, total - climb))


def _training_loss(network: TriModalNetwork, batch: Rows, settings: Hyperparameters) -> Tensor:
    outputs = network(batch.inputs, batch.present)
    heads = _head_losses(network, outputs, batch, smoothing=_SMOOTHING)
    shown = _hide_modalities(batch.present, settings.modality_dropout)
    fused = network.fuse(_swap_one(outputs, shown, settings.disagreement), shown)
    some = shown.any(1)
    fused_loss = functional.cross_entropy(fused[some], batch.truth[some], label_smoothing=_SMOOTHING)
    return torch.stack([fused_loss if some.any() else fused.sum() * 0, *heads]).sum()


def _head_losses(network: TriModalNetwork, outputs: Outputs, rows: Rows, *, smoothing: float) -> list[Tensor]:
    losses = []
    for column, modality in enumerate(network.modalities):
        here = rows.present[:, column]
        if here.any():
            logits = outputs.logits[modality][here]
            losses.append(functional.cross_entropy(logits, rows.truth[here], label_smoothing=smoothing))
    return losses


def _hide_modalities(present: Tensor, chance: float) -> Tensor:
    """Hide each modality of some rows with probability one half, but never all that a row has."""
    n, m = present.shape
    chosen = torch.rand(n, 1, device=present.device) < chance
    kept = present & ~(chosen & (torch.rand(n, m, device=present.device) < 0.5))
    return torch.where(kept.any(1, keepdim=True), kept, present)


def _swap_one(outputs: Outputs, present: Tensor, chance: float) -> Outputs:
    """In some rows with three or more modalities, take one modality from another row."""
    n, device = len(present), present.device
    modalities = list(outputs.embeddings)
    eligible = (present.sum(1) >= 3) & (torch.rand(n, device=device) < chance)
    which = torch.randint(len(modalities), (n,), device=device)
    other = torch.randperm(n, device=device)
    embeddings, logits = dict(outputs.embeddings), dict(outputs.logits)
    for column, modality in enumerate(modalities):
        swap = (eligible & (which == column) & present[other, column])[:, None]
        embeddings[modality] = torch.where(swap, embeddings[modality][other], embeddings[modality])
        logits[modality] = torch.where(swap, logits[modality][other], logits[modality])
    return Outputs(embeddings, logits)
