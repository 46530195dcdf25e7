"""What a network is trained with: perceptual losses of a batch (Johnson, Alahi & Fei-Fei 2016, section 3), each picture with a
style and a strength of its own.

The distances are those of the iterative method (``losses``), so one forward pass learns what optimising would do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..sizes import fit
from .encoder import Encoder
from .gaussian import Gaussian, wasserstein
from .iterative import content_share
from .losses import EPS, Moments, total_variation, weighted_sum
from .objective import moments_of, normalised
from .scales import resize, size_of
from .tiled_batch import tile, untile

PERIOD, BLOCK = 4, 64
"""Px; see :func:`checkerboard_loss`."""


@dataclass(frozen=True)
class PerceptualConfig:
    """The weights of the losses, and the layers and sizes at which they are taken."""

    style_sides: tuple[int, ...] = (768, 384, 192)
    """Long side of the painting, px, for broad strokes (detail 0), and on to fine ones (detail 1) in even steps of detail."""
    content_weight: float = 0.12
    tv_weight: float = 0.4
    checkerboard_weight: float = 50.0
    identity_weight: float = 4.0
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"relu3_3": 1.0})
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: {"relu1_1": 0.6, "relu2_1": 0.8, "relu3_1": 1.0, "relu4_1": 1.6}
    )
    halvings: int = 1
    """So many times painting and crop are also compared at half the size, where a layer sees twice as far: large forms, cheaply."""

    def default_target(self, painting: int) -> int:
        """The target (see :class:`Perceptual`) of a painting's own strokes, neither broad nor fine."""
        return painting * len(self.style_sides) + len(self.style_sides) // 2


class StyleTarget:
    """One painting at one stroke size: at each halving and layer the distribution of its features, ready for
    :func:`wasserstein`."""

    def __init__(self, encoder: Encoder, painting: Tensor, side: int, layers: Sequence[str], halvings: int = 0) -> None:
        """``painting`` (1, 3, H, W), shrunk to a long side of ``side`` px, and then halved so many times."""
        full = size_of(painting)
        size = fit(full, min(side, max(full)))
        small = resize(painting, size).clamp(0, 1)
        self.gaussians: list[dict[str, Gaussian]] = []
        for halving in range(halvings + 1):
            small = halved(small) if halving else small
            moments = moments_of(encoder, [small], [1.0], tuple(layers))
            self.gaussians.append({layer: Gaussian.of(moments[layer]) for layer in layers})


class Perceptual:
    """The loss of a batch. Painting i has the targets from ``i * len(style_sides)`` (broad strokes) on, one for each size."""

    def __init__(self, encoder: Encoder, paintings: Sequence[Tensor], config: PerceptualConfig) -> None:
        """``paintings``: (1, 3, H, W) each, sRGB 0..1."""
        self.encoder, self.config, self.paintings = encoder, config, len(paintings)
        self.targets = [
            StyleTarget(encoder, painting, side, tuple(config.style_layers), config.halvings)
            for painting in paintings
            for side in config.style_sides
        ]

    def contents(self, photos: Tensor) -> dict[str, Tensor]:
        """What paintings of ``photos`` (N, 3, S, S) are compared with, for whoever wants to keep it for another time."""
        with torch.no_grad():
            return self._features(photos, self.config.content_layers)

    def __call__(
        self,
        painted: Tensor,
        photos: Tensor,
        targets: Sequence[int],
        strengths: Sequence[float],
        contents: Mapping[str, Tensor] | None = None,
    ) -> tuple[dict[str, float], Tensor]:
        """Each loss unweighted, for display, and their weighted sum, a scalar to minimise.

        ``painted`` and ``photos`` are (N, 3, S, S); ``targets`` (their numbers) and ``strengths`` say what each was to
        become; ``contents``: those of the photos where they are known.
        """
        config, count = self.config, len(photos)
        content_features = contents if contents is not None else self.contents(photos)
        features = self._features(painted, {**config.content_layers, **config.style_layers})
        # One division for a whole layer: a picture without features of its own (a clear sky) would count without measure.
        layers = normalised(config.content_layers)
        content = weighted_sum(
            layers.values(), (_relative(features[layer].float(), content_features[layer].float()) for layer in layers)
        )
        style, small = painted.new_zeros(count), painted
        for halving in range(config.halvings + 1):
            if halving:
                small = halved(small)
                features = self._features(small, config.style_layers)
            style = style + self._style(features, targets, strengths, halving) / (config.halvings + 1)
        smooth = total_variation(painted)
        outside = (painted - painted.clamp(0, 1)).square().mean()
        gains = torch.tensor([content_gain(s) for s in strengths], device=painted.device)
        plain = torch.tensor([float(s == 0) for s in strengths], device=painted.device)
        identity = ((painted - photos).square().mean((1, 2, 3)) * plain).sum()
        total = ((config.content_weight * gains * content + style).sum() + config.identity_weight * identity) / count
        grid = checkerboard_loss(painted)
        total = total + config.tv_weight * smooth + config.checkerboard_weight * grid + outside
        styled = max(1, sum(s > 0 for s in strengths))
        parts = {
            "content": content[gains > 0].mean() if (gains > 0).any() else content.mean(),
            "style": style.sum() / styled,
            "tv": smooth,
            "checkerboard": grid,
            "identity": identity / max(1, sum(s == 0 for s in strengths)),
            "total": total,
        }
        return {name: float(part.detach()) for name, part in parts.items()}, total

    def _style(self, features: Mapping[str, Tensor], targets: Sequence[int], strengths: Sequence[float], halving: int) -> Tensor:
        """(N,): each picture's distance from its target; 0 where the strength is."""
        style = torch.zeros(len(targets), device=features[next(iter(features))].device)
        for layer, weight in normalised(self.config.style_layers).items():
            gaussians = [self.targets[number].gaussians[halving][layer] for number in targets]
            distances = [
                wasserstein(Moments.of(one[None]), target) if s else style.new_zeros(())
                for one, target, s in zip(features[layer], gaussians, strengths, strict=True)
            ]
            style = style + weight * torch.stack(distances)
        return style

    def _features(self, pictures: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Features (N, C, h, w) of several pictures, in whatever way is quickest."""
        if pictures.device.type == "cpu" and self.encoder.dtype == torch.float32:
            return {layer: untile(features, len(pictures)) for layer, features in self.encoder(tile(pictures), layers).items()}
        return self.encoder(pictures.contiguous(memory_format=torch.channels_last), layers)


def content_gain(strength: float) -> float:
    """What the content's weight is multiplied by: :func:`.iterative.content_share`, held between 0.15 (a network needs some content
    to follow) and 9; 0 at strength 0, where the picture itself is the target."""
    return min(9.0, max(0.15, content_share(strength))) if strength else 0.0


def checkerboard_loss(pictures: Tensor) -> Tensor:
    """The power of what repeats every 4 px within blocks of 64, a scalar: the grid of upsampling must not show."""
    count, channels, height, width = pictures.shape
    block = min(BLOCK, height, width) // PERIOD * PERIOD
    down, across = height // block, width // block
    cells = pictures[..., : down * block, : across * block].reshape(
        count, channels, down, block // PERIOD, PERIOD, across, block // PERIOD, PERIOD
    )
    pattern = cells.mean((3, 6))
    return (pattern - pattern.mean((3, 5), keepdim=True)).square().mean()


def halved(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 3, H / 2, W / 2): the means of 2 x 2 px."""
    return torch.nn.functional.avg_pool2d(pictures, 2)


def _relative(features: Tensor, target: Tensor) -> Tensor:
    energy = target.square().sum((1, 2, 3))
    return (features - target).square().sum((1, 2, 3)) / (0.5 * energy + 0.5 * energy.mean() + EPS)
