"""The neighbour-matching style loss: every place of the painting takes after that place of the style which is most like it.

Kolkin, Kucera, Paris, Sykora, Shechtman & Shakhnarovich 2022 (arXiv 2203.13215). A *hypercolumn* is what all layers have to say of
one place, one below the other. Statistics of the whole picture let strokes fall anywhere; neighbours keep them where they belong.
Layers of the first block have too many places to be compared one by one, and hold little but colours: those go by their statistics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ..sizes import Size
from .losses import EPS, Moments, W2Loss, weighted_sum

SAMPLES = 8192
"""Hypercolumns of the styles that are compared with, drawn at random where there are more."""

COMPARED = 2048
"""Hypercolumns of the painting that are compared at once: the table of similarities takes 64 MB."""

BLOCK = 3
"""Hypercolumns are read at the places of this block of the encoder, a quarter of the picture's width and height."""


@dataclass(frozen=True)
class Column:
    """How one layer enters a hypercolumn: ``(F - mean) * scale``, with ``mean`` (1, C, 1, 1) of the style's features."""

    layer: str
    mean: Tensor
    scale: Tensor
    target: Tensor
    """What the painting is to have there, (1, C, h, w), centred and scaled."""


class NearestLoss:
    """``mean_i (1 - cos(X_i, T_i))``, 0..2: X_i the painting's hypercolumns, T_i the style's nearest, by the cosine, to those of a
    guide of the same size: the content at the first size, and then what has been painted. The targets stay from then on.

    Both are centred, each by its own mean, so that a dark picture also finds its light places in a bright painting. Layers have the
    same mean square before they are weighted.
    """

    def __init__(
        self,
        guide: Mapping[str, Tensor],
        styles: Sequence[Mapping[str, Tensor]],
        mix: Sequence[float],
        layers: Mapping[str, float],
        seed: int = 0,
    ) -> None:
        """``guide`` and ``styles``: features (1, C, H, W) by layer; ``mix``: the styles' weights, of sum 1; ``layers``: the weights
        of layers; ``seed``: of the choice of samples."""
        self.layers = tuple(layers)
        deep = {layer: weight for layer, weight in layers.items() if _block(layer) > 1} or dict(layers)
        self._weight = sum(deep.values())
        self._statistics = {
            layer: (weight, W2Loss(Moments.mix([Moments.of(style[layer]) for style in styles], mix)))
            for layer, weight in layers.items()
            if layer not in deep
        }
        self._grid = _grid(guide, deep)
        self._columns = _columns(guide, self._grid, _samples(styles, mix, deep, seed), deep)
        self._target_norms = _norms([column.target.square().sum(1) for column in self._columns])

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """The loss of a painting's ``features``, a scalar."""
        products: list[Tensor] = []
        squares: list[Tensor] = []
        for column in self._columns:
            seen = (_at(features[column.layer], self._grid) - column.mean) * column.scale
            products.append((seen * column.target).sum(1))
            squares.append(seen.square().sum(1))
        cosine = sum(products[1:], products[0]) / (_norms(squares) * self._target_norms)
        total = self._weight * (1 - cosine).mean()
        if self._statistics:
            weights, losses = zip(
                *((weight, loss(features[layer])) for layer, (weight, loss) in self._statistics.items()), strict=True
            )
            total = total + weighted_sum(weights, losses)
        return total


def _norms(squares: Sequence[Tensor]) -> Tensor:
    """Lengths of hypercolumns, from the squares of their parts. A flat picture's are 0, and have a gradient all the same."""
    return sum(squares[1:], squares[0]).clamp_min(EPS).sqrt()


def _block(layer: str) -> int:
    """Of ``relu3_1``: 3."""
    return int(layer[4])


def _grid(features: Mapping[str, Tensor], layers: Mapping[str, float]) -> Size:
    """Height and width of the finest of these layers from :data:`BLOCK` on; where there is none, of the coarsest."""
    chosen = min((layer for layer in layers if _block(layer) >= BLOCK), key=_block, default=max(layers, key=_block))
    return features[chosen].shape[-2], features[chosen].shape[-1]


def _at(features: Tensor, grid: Size) -> Tensor:
    """Features at the places of a grid, in float32 at the least."""
    features = features.float() if features.dtype in (torch.bfloat16, torch.float16) else features
    if tuple(features.shape[-2:]) == tuple(grid):
        return features
    return F.interpolate(features, size=grid, mode="bilinear", align_corners=False)


def _samples(
    styles: Sequence[Mapping[str, Tensor]], mix: Sequence[float], layers: Mapping[str, float], seed: int
) -> dict[str, Tensor]:
    """Of each layer (C, M): M hypercolumns of all styles together, as many of each as its weight says."""
    # Drawn on the CPU, so that a seed means the same places on every device.
    generator = torch.Generator().manual_seed(seed)
    parts: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    for style, weight in zip(styles, mix, strict=True):
        grid = _grid(style, layers)
        places = torch.randperm(grid[0] * grid[1], generator=generator)[: max(1, round(SAMPLES * weight))]
        for layer in layers:
            flat = _at(style[layer], grid).flatten(2)[0]
            parts[layer].append(flat[:, places.to(flat.device)])
    return {layer: torch.cat(found, 1) for layer, found in parts.items()}


def _columns(guide: Mapping[str, Tensor], grid: Size, samples: Mapping[str, Tensor], layers: Mapping[str, float]) -> list[Column]:
    """The layers of hypercolumns, each with its part of the targets."""
    means = {layer: sample.mean(1, keepdim=True) for layer, sample in samples.items()}
    scales = {
        layer: (weight / (samples[layer] - means[layer]).square().sum(0).mean().clamp_min(EPS)).sqrt()
        for layer, weight in layers.items()
    }
    style = torch.cat([(samples[layer] - means[layer]) * scales[layer] for layer in layers])
    seen = []
    for layer in layers:
        flat = _at(guide[layer], grid).flatten(2)[0]
        seen.append((flat - flat.mean(1, keepdim=True)) * scales[layer])
    nearest = _nearest(torch.cat(seen), style)
    return [
        Column(
            layer,
            means[layer][None, :, :, None],
            scales[layer],
            ((samples[layer] - means[layer]) * scales[layer])[:, nearest].reshape(1, -1, *grid),
        )
        for layer in layers
    ]


def _nearest(painting: Tensor, style: Tensor) -> Tensor:
    """For each hypercolumn (C, N) of the painting, the index of the style's (C, M) with the largest cosine: (N,)."""
    directions = F.normalize(style, dim=0).T.contiguous()
    return torch.cat([(directions @ part).argmax(0) for part in painting.split(COMPARED, 1)])
