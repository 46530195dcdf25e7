"""The objective at one scale: content loss, style loss and total variation as one scalar to minimise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ..stylization import Stylization
from .encoder import Encoder
from .losses import CONTENT_LOSSES, STYLE_LOSSES, LayerLoss, Moments, total_variation, weighted_sum
from .nearest import NearestLoss


@dataclass(frozen=True)
class DefaultWeights:
    """The weights that a ``content_weight`` and a ``tv_weight`` of 1 stand for, against a style weight of 1."""

    content: float
    tv: float


DEFAULT_WEIGHTS = {
    "w2": DefaultWeights(content=0.12, tv=0.6),
    "gram": DefaultWeights(content=0.48, tv=0.6),
    "gatys": DefaultWeights(content=1e-3, tv=1.0),
    "nearest": DefaultWeights(content=0.24, tv=0.6),
}
"""``w2`` and ``nearest`` were chosen by looking at pictures and by docs/benchmarks.md. ``gram`` is scaled from ``w2`` by one
comparison, and ``gatys`` is the paper's alpha / beta; pictures of those two have not been compared yet."""


class StyleLoss(Protocol):
    """The distance of a painting's features to the style."""

    @property
    def layers(self) -> Sequence[str]:
        """Layers that it is to be shown."""

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """``features`` (1, C, H, W) by layer -> a scalar."""


class StatisticsLoss:
    """``sum_l w_l S_l``: a distance of statistics at each layer, one of :data:`.losses.STYLE_LOSSES`."""

    def __init__(self, loss: str, moments: Mapping[str, Moments], layers: Mapping[str, float]) -> None:
        self.layers, self._weights = tuple(layers), layers
        self._losses = {layer: STYLE_LOSSES[loss](moments[layer]) for layer in layers}

    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """See :class:`StyleLoss`."""
        return _weighted(self._weights, self._losses, features)


def style_loss(encoder: Encoder, styles: Sequence[Tensor], stylization: Stylization, guide: Tensor) -> StyleLoss:
    """The distance that ``stylization`` asks for, to ``styles`` (each (1, 3, H, W)) mixed by its weights.

    ``guide`` (1, 3, H, W): the picture whose places are given neighbours in the styles, where that is asked for.
    """
    layers, mix = normalised(stylization.style_layers), stylization.mix()
    if stylization.loss != "nearest":
        return StatisticsLoss(stylization.loss, moments_of(encoder, styles, mix, tuple(stylization.style_layers)), layers)
    with torch.no_grad():
        seen = [encoder(style, layers) for style in styles]
        return NearestLoss(encoder(guide, layers), seen, mix, layers, stylization.seed)


class Objective:
    """``L = alpha sum_l v_l C_l + beta S + gamma TV`` (Gatys 2016, equation 7, plus total variation), S a :class:`StyleLoss`.

    Layer weights are normalised to sum 1, so that adding a layer does not change the balance.
    ``losses`` holds the last evaluation's parts, unweighted, as floats.
    """

    def __init__(
        self, encoder: Encoder, content: Tensor, style: StyleLoss, stylization: Stylization, content_weight: float
    ) -> None:
        self.encoder = encoder
        defaults = DEFAULT_WEIGHTS[stylization.loss]
        self.content_weight = content_weight * defaults.content
        self.style_weight = stylization.style_weight
        self.tv_weight = stylization.tv_weight * defaults.tv
        self.content_layers = normalised(stylization.content_layers)
        self.style = style
        self.layers = (*self.content_layers, *style.layers)
        with torch.no_grad():
            features = encoder(content, self.content_layers)
        make_content = CONTENT_LOSSES[stylization.loss]
        self.content_losses = {layer: make_content(features[layer]) for layer in self.content_layers}
        self.losses: dict[str, float] = {}

    def __call__(self, picture: Tensor) -> Tensor:
        """The loss of ``picture`` (1, 3, H, W), a scalar with gradient."""
        features = self.encoder(picture, self.layers)
        content = _weighted(self.content_layers, self.content_losses, features)
        style = self.style(features)
        smooth = total_variation(picture)
        total = self.content_weight * content + self.style_weight * style + self.tv_weight * smooth
        parts = {"content": content, "style": style, "tv": smooth, "total": total}
        self.losses = {name: float(part.detach()) for name, part in parts.items()}
        return total


def _weighted(layers: Mapping[str, float], losses: Mapping[str, LayerLoss], features: Mapping[str, Tensor]) -> Tensor:
    return weighted_sum(layers.values(), (losses[layer](features[layer]) for layer in layers))


def moments_of(encoder: Encoder, styles: Sequence[Tensor], weights: Sequence[float], layers: Sequence[str]) -> dict[str, Moments]:
    """The mixed style statistics of ``styles`` (each (1, 3, H, W)) at each layer."""
    with torch.no_grad():
        moments = [{layer: Moments.of(f) for layer, f in encoder(style, layers).items()} for style in styles]
    return {layer: Moments.mix([one[layer] for one in moments], weights) for layer in layers}


def normalised(layers: Mapping[str, float]) -> dict[str, float]:
    """The weights scaled to sum 1, layers without weight left out."""
    total = sum(layers.values())
    return {layer: weight / total for layer, weight in layers.items() if weight > 0}
