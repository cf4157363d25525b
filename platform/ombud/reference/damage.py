"""Fire drills: break one branch of a trained network on purpose.

The branch keeps its weights' size and its confidence, but its space is rotated so that the region
of each class comes to lie on that of another: its answers are confidently wrong. Nothing after the
branch is touched, so a fusion that can outvote it hardly suffers while others are present.

Limits: a drill, not a model of how networks fail; made for canaries to be caught by.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from ombud.domain.modality import Modality
from ombud.reference.network import TriModalNetwork

__all__ = ["damage_branch"]


def damage_branch(
    network: TriModalNetwork, modality: Modality, embeddings: Tensor, truth: Tensor, rng: np.random.Generator
) -> None:
    """Rotate one branch's projection, in place.

    Args:
        network: Trained network.
        modality: Branch to break.
        embeddings: ``(n, e)`` sound embeddings of that modality.
        truth: ``(n,)`` class indices; classes without rows stay where they are.
        rng: Chooses which class is taken for which.
    """
    classes = torch.unique(truth)
    centres = torch.stack([embeddings[truth == c].mean(0) for c in classes])
    middle = centres.mean(0)
    order = torch.from_numpy(rng.permutation(len(classes)))
    # Sending each class to the next one in a random circle leaves no class in its place.
    target = torch.empty_like(centres)
    target[order] = centres[order.roll(1)]
    u, _, vt = torch.linalg.svd((centres - middle).T.double() @ (target - middle).double())
    rotation = (u @ vt).to(embeddings.dtype)
    layer = network.encoders[modality].project[-1]  # type: ignore[index]
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"branch {modality!r} does not end in a linear projection: {layer}")
    with torch.no_grad():
        layer.weight.copy_(rotation.T @ layer.weight)
        layer.bias.copy_((layer.bias - middle) @ rotation + middle)
