"""The network: an encoder per modality, a shared space, a head per modality and a fusion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality
from ombud.reference.audio_features import BANDS, COLUMNS
from ombud.reference.image_features import SIDE
from ombud.reference.text_features import BUCKETS

__all__ = ["Outputs", "TriModalNetwork"]


_DOUBT = 0.05
"""Chance that the fusion gives to a branch having gone wrong altogether."""


@dataclass(frozen=True, eq=False)
class Outputs:
    """What the network computes for ``n`` rows; rows of an absent modality are zeros.

    Args:
        embeddings: Per modality ``(n, e)``.
        logits: Per modality ``(n, k)``, from that modality alone.
    """

    embeddings: Mapping[Modality, Tensor]
    logits: Mapping[Modality, Tensor]


class _TextEncoder(nn.Module):
    """Hashed features, averaged with learned weights, because one word carries the message."""

    def __init__(self, width: int, dim: int) -> None:
        super().__init__()
        self.features = nn.Embedding(BUCKETS, width, padding_idx=0)
        self.weights = nn.Embedding(BUCKETS, 1, padding_idx=0)
        self.project = nn.Sequential(nn.Dropout(0.2), nn.Linear(width, dim))
        nn.init.normal_(self.features.weight, std=0.3)
        nn.init.zeros_(self.weights.weight)
        with torch.no_grad():
            self.features.weight[0] = 0.0

    def forward(self, buckets: Tensor) -> Tensor:
        buckets = buckets[:, : max(1, int((buckets > 0).sum(1).max()))]
        # Ten times: which words matter must be learned faster than what they mean, or every text is
        # learned by heart from its other words.
        score = (10 * self.weights(buckets).squeeze(2)).masked_fill(buckets == 0, -1e4)
        pooled = torch.einsum("nl,nlw->nw", score.softmax(1), self.features(buckets))
        projected: Tensor = self.project(pooled)
        return projected


class _PictureEncoder(nn.Module):
    """A small convolutional network for ``(h, w)`` pictures; a log-mel spectrogram is one, too."""

    def __init__(self, height: int, width: int, channels: tuple[int, int, int], dim: int) -> None:
        super().__init__()
        one, two, three = channels
        # Pooling before the normalisation halves the work; channels last is the faster layout on a CPU.
        self.layers = nn.Sequential(
            nn.Conv2d(1, one, 5, stride=2, padding=2), nn.BatchNorm2d(one), nn.ReLU(),
            nn.Conv2d(one, two, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(two), nn.ReLU(),
            nn.Conv2d(two, three, 3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(three), nn.ReLU(),
            nn.Flatten(), nn.Dropout(0.3),
        ).to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # fmt: skip
        self.project = nn.Sequential(nn.Linear(three * (height // 8) * (width // 8), dim))

    def forward(self, pictures: Tensor) -> Tensor:
        # Loudness and contrast are the microphone's and the pen's, not the class's.
        centred = pictures - pictures.mean((1, 2), keepdim=True)
        scaled = centred / (pictures.std((1, 2), keepdim=True) + 1e-3)
        projected: Tensor = self.project(
            self.layers(scaled.unsqueeze(1).contiguous(memory_format=torch.channels_last))
        )
        return projected


class TriModalNetwork(nn.Module):
    """Encoders, heads and fusion for any non-empty subset of text, image and audio.

    Args:
        modalities: What to read, in the order of the columns of a presence mask.
        classes: Number of classes ``k``.
        dim: Width ``e`` of the shared space.
    """

    def __init__(self, modalities: Sequence[Modality], classes: int, dim: int) -> None:
        super().__init__()
        makers: dict[Modality, Callable[[], nn.Module]] = {
            TEXT: lambda: _TextEncoder(48, dim),
            IMAGE: lambda: _PictureEncoder(SIDE, SIDE, (16, 16, 32), dim),
            AUDIO: lambda: _PictureEncoder(BANDS, COLUMNS, (16, 32, 32), dim),
        }
        self.modalities = tuple(modalities)
        self.classes, self.dim = classes, dim
        self.encoders = nn.ModuleDict({m: makers[m]() for m in self.modalities})
        self.heads = nn.ModuleDict({m: nn.Linear(dim, classes) for m in self.modalities})
        wide = len(self.modalities) * (dim + classes + 1)
        self.fusion = nn.Sequential(nn.Linear(wide, 96), nn.ReLU(), nn.Dropout(0.2), nn.Linear(96, classes))

    def forward(self, inputs: Mapping[Modality, Tensor], present: Tensor) -> Outputs:
        """Encode each modality alone; ``present`` is ``(n, m)`` bool in the order of ``modalities``."""
        embeddings, logits = {}, {}
        for column, modality in enumerate(self.modalities):
            rows = present[:, column].nonzero().squeeze(1)
            embedding = torch.zeros(len(present), self.dim, device=present.device)
            if len(rows):
                encoded = self.encoders[modality](inputs[modality][rows])
                embedding = embedding.index_copy(0, rows, encoded)
            embeddings[modality] = embedding
            logits[modality] = self.heads[modality](embedding)
        return Outputs(embeddings, logits)

    def fuse(self, outputs: Outputs, present: Tensor) -> Tensor:
        """Fused logits ``(n, k)``: what the heads say, corrected by what the embeddings say together.

        Every head is doubted a little, so that no single one, however sure, outvotes two others.
        """
        parts, total = [], torch.zeros(len(present), self.classes, device=present.device)
        for column, modality in enumerate(self.modalities):
            here = present[:, column, None].float()
            # The heads learn from their own loss; here they are evidence, not targets.
            trust = outputs.logits[modality].detach().softmax(1)
            opinion = (trust * (1 - _DOUBT) + _DOUBT / self.classes).log() * here
            parts += [outputs.embeddings[modality] * here, trust * here, here]
            total = total + opinion
        correction: Tensor = self.fusion(torch.cat(parts, dim=1))
        return total + correction
