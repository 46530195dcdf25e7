"""How good a painting is, in numbers that any method can be held to: always both distances, never one alone."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

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


def stripes(picture: Tensor, longest: float = 1 / 6) -> float:
    """The share of the power of ``picture`` (1, 3, H, W) that lies in whole rows or whole columns, whichever is more: 0..1.

    1 for stripes from edge to edge, a quarter and more for a woven grid, some hundredths for strokes, where the frequencies of rows
    have no more power than their neighbours. Of periods up to ``longest`` of the height (width), so that a gradient does not count.
    """
    return max(_rows_alike(picture[0], longest), _rows_alike(picture[0].mT, longest))


def rings(picture: Tensor, longest: float = 1 / 3) -> float:
    """As :func:`stripes`, of the rings around the centre of ``picture`` (1, 3, H, W), ellipses where it is not a square: 0..1.

    ``longest``: of the radius. The innermost tenth is left out, where a stroke is a ring.
    """
    height, width = size_of(picture)
    radius = min(height, width) // 2
    angles = torch.arange(360) * (2 * torch.pi / 360)
    along = ((torch.arange(radius // 10, radius) + 0.5) / radius)[:, None]
    unrolled = F.grid_sample(picture, torch.stack([along * angles.cos(), along * angles.sin()], -1)[None], align_corners=False)
    return _rows_alike(unrolled[0], longest)


def _rows_alike(channels: Tensor, longest: float) -> float:
    """``channels`` (C, H, W): the share of its power that all columns have alike. A window keeps the upper and lower edge, which
    are no period, from counting as one."""
    height, width = channels.shape[-2:]
    window = torch.hann_window(height, periodic=False)[:, None]
    power = torch.fft.fft2((channels - channels.mean((1, 2), keepdim=True)) * window).abs().square().sum(0)
    frequency = torch.hypot(torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None])
    power = power * (frequency * height * longest > 1)
    return float(power[:, 0].sum() / power.sum())
