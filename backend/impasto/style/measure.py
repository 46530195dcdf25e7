"""How good a painting is, in numbers that any method can be held to: always both distances, never one alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..sizes import fit
from .encoder import Encoder
from .losses import Moments, W2Loss
from .scales import resize, size_of

STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
CONTENT_LAYER = "relu4_2"


def distances(
    picture: Tensor, content: Tensor, style: Tensor, encoder: Encoder, layers: Sequence[str] = STYLE_LAYERS
) -> dict[str, float]:
    """Relative distances of ``picture`` (1, 3, H, W) to ``style`` and ``content``.

    ``gram`` and ``w2``: mean over layers of the distance of Gram matrices and of Gaussians, divided by that of the
    unstyled content: 0 has the style's statistics, 1 is as far from it as the photograph.
    ``content``: relative feature error at relu4_2, 0 for the content itself.
    The style is taken at the picture's long side, never enlarged.
    """
    style = resize(style, fit(size_of(style), min(max(size_of(picture)), max(size_of(style))))).clamp(0, 1)
    with torch.no_grad():
        seen, original = encoder(picture, (*layers, CONTENT_LAYER)), encoder(content, (*layers, CONTENT_LAYER))
        painted = encoder(style, layers)
        gram, w2 = [], []
        for layer in layers:
            target, now, before = (Moments.of(f[layer]) for f in (painted, seen, original))
            gram.append(float((now.raw - target.raw).square().sum() / (before.raw - target.raw).square().sum()))
            loss = W2Loss(target)
            w2.append(float(loss(seen[layer]) / loss(original[layer])))
        error = (seen[CONTENT_LAYER] - original[CONTENT_LAYER]).square().sum() / original[CONTENT_LAYER].square().sum()
    return {"gram": sum(gram) / len(gram), "w2": sum(w2) / len(w2), "content": float(error)}
