"""Small random changes of the training data, batch by batch, on features.

Pictures are rotated, scaled and moved; spectrograms are stretched a little in time and frequency
and coloured by a random channel; words are hidden. All draws come from
torch's global generator, which the trainer seeds and restores.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ombud.domain.modality import AUDIO, IMAGE, TEXT, Modality

__all__ = ["augmented"]


def augmented(modality: Modality, batch: Tensor) -> Tensor:
    """A changed copy of a batch of features of one modality, same shape and dtype."""
    change = {TEXT: _hide_words, IMAGE: _move_pictures, AUDIO: _recolour_sounds}[modality]
    return change(batch)


def _hide_words(buckets: Tensor) -> Tensor:
    return buckets.masked_fill(torch.rand(buckets.shape, device=buckets.device) < 0.1, 0)


def _move_pictures(pictures: Tensor) -> Tensor:
    return _affine(pictures, angle=0.15, scale=(0.1, 0.1), shift=(0.1, 0.1))


def _recolour_sounds(sounds: Tensor) -> Tensor:
    n, bands, _ = sounds.shape
    moved = _affine(sounds, angle=0.0, scale=(0.1, 0.08), shift=(0.08, 0.04))
    # A smooth channel response: a few random nodes over frequency, in natural-log power.
    nodes = torch.randn(n, 1, 5, device=sounds.device) * 0.3
    channel = functional.interpolate(nodes, size=bands, mode="linear", align_corners=True)
    return moved + channel.transpose(1, 2)


def _affine(
    pictures: Tensor, *, angle: float, scale: tuple[float, float], shift: tuple[float, float]
) -> Tensor:
    """Random affine maps; ``scale`` and ``shift`` are (horizontal, vertical), shift in half widths."""
    n, device = len(pictures), pictures.device

    def draw(limit: float) -> Tensor:
        return (torch.rand(n, device=device) * 2 - 1) * limit

    turn = draw(angle)
    maps = torch.zeros(n, 2, 3, device=device)
    maps[:, 0, 0] = turn.cos() * (1 + draw(scale[0]))
    maps[:, 0, 1] = -turn.sin()
    maps[:, 1, 0] = turn.sin()
    maps[:, 1, 1] = turn.cos() * (1 + draw(scale[1]))
    maps[:, 0, 2] = draw(shift[0])
    maps[:, 1, 2] = draw(shift[1])
    grid = functional.affine_grid(maps, [n, 1, *pictures.shape[1:]], align_corners=False)
    moved = functional.grid_sample(pictures.unsqueeze(1), grid, padding_mode="border", align_corners=False)
    return moved.squeeze(1)
