"""Training a transformation network: perceptual losses over photographs (Johnson, Alahi & Fei-Fei 2016, section 3).

The losses are those of the iterative method (``losses``, ``objective``), so one forward pass does what optimising would.
Nothing here knows files: photographs come as tensors, a checkpoint goes as a dict of tensors. What a step draws (styles,
strengths, noise) depends on the seed and the step's number alone, so a run that was killed goes on exactly as if it had not been.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor

from .encoder import Encoder
from .losses import EPS, Moments, total_variation
from .mixing import IDENTITY, mix_of
from .modes import Gaussian, wasserstein
from .mosaic import lay, pieces
from .objective import moments_of, normalised
from .painting import content_share
from .scales import fit, resize
from .transformer import Network

FIRST_ROW = IDENTITY + 1


@dataclass(frozen=True)
class Recipe:
    """How to train. ``tools/train_shipped.py`` has the recipes of the styles that ship."""

    steps: int = 8000
    batch: int = 4
    side: int = 128
    """Side of the square crops, px."""
    style_sides: tuple[int, ...] = (512, 256)
    """Long side of the painting for the broad row and the fine one, px."""
    learning_rate: float = 2e-3
    warm_up: int = 100
    """Steps over which the learning rate rises from 0; after them it falls along half a cosine."""
    last_rate: float = 0.05
    """Share of the learning rate that is left at the end."""
    content_weight: float = 0.05
    tv_weight: float = 0.6
    identity_weight: float = 4.0
    content_layers: Mapping[str, float] = field(default_factory=lambda: {"relu3_3": 1.0})
    style_layers: Mapping[str, float] = field(
        default_factory=lambda: {"relu1_1": 0.6, "relu2_1": 0.8, "relu3_1": 1.0, "relu4_1": 1.6})
    halvings: int = 1
    """So many times painting and crop are also compared at half the size, where a layer sees twice as far: large forms, cheaply."""
    average: float = 0.999
    """Decay of the running mean of the weights, which is what is kept."""
    clip: float = 1.0
    """Longest gradient that a step follows as it is."""
    seed: int = 0


class Together(Protocol):
    """Processes that train one network: how many, which one this is, and the mean of what each found."""

    count: int
    rank: int

    def average(self, gradients: Sequence[Tensor]) -> None:
        """Replace each gradient by its mean over all processes."""


@dataclass(frozen=True)
class Alone:
    """One process."""

    count: int = 1
    rank: int = 0

    def average(self, gradients: Sequence[Tensor]) -> None:
        """There is nobody to share with."""


ALONE = Alone()


class StyleTarget:
    """One row's target: at each size and layer the distribution of the painting's features, ready for :func:`wasserstein`."""

    def __init__(self, encoder: Encoder, painting: Tensor, side: int, layers: Sequence[str], halvings: int = 0) -> None:
        """``painting`` (1, 3, H, W), shrunk to a long side of ``side`` px, and then halved so many times."""
        size = fit(painting.shape[-2:], min(side, max(painting.shape[-2:])))
        seen = resize(painting, size).clamp(0, 1)
        self.gaussians: list[dict[str, Gaussian]] = []
        for halving in range(halvings + 1):
            seen = halved(seen) if halving else seen
            moments = moments_of(encoder, [seen], [1.0], tuple(layers))
            self.gaussians.append({layer: Gaussian.of(moments[layer]) for layer in layers})


class Trainer:
    """One training run; drive it with :meth:`step`."""

    def __init__(self, network: Network, encoder: Encoder, paintings: Sequence[Tensor], recipe: Recipe, rows_only: bool = False,
                 together: Together = ALONE, dtype: torch.dtype = torch.float32) -> None:
        """``paintings``: (1, 3, H, W) each; painting i has rows ``1 + SIZES * i`` (broad) and the next (fine).

        ``rows_only``: leave the convolutions and the identity's row alone and learn the paintings' rows (Dumoulin 2017: a new
        style in minutes). ``together``: other processes that train the same network, each on photographs of its own.
        ``dtype``: what the network computes in; weights, statistics and losses are float32.
        """
        self.network, self.encoder, self.recipe = network, encoder, recipe
        self.rows_only, self.together, self.dtype = rows_only, together, dtype
        self.targets = [StyleTarget(encoder, painting, side, tuple(recipe.style_layers), recipe.halvings)
                        for painting in paintings for side in recipe.style_sides]
        rows = {id(p) for norm in network.norms() for p in (norm.gamma, norm.beta)}
        for parameter in network.parameters():
            parameter.requires_grad_(not rows_only or id(parameter) in rows)
        self.learnt = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.learnt, lr=recipe.learning_rate, betas=(0.9, 0.99))
        self.mean = [p.detach().clone() for p in network.parameters()]
        self.done = 0

    def contents(self, photos: Tensor) -> dict[str, Tensor]:
        """What :meth:`step` compares its paintings of ``photos`` (N, 3, S, S) with, for whoever wants to keep it for another time."""
        with torch.no_grad():
            return self._see(photos, self.recipe.content_layers)

    def step(self, photos: Tensor, contents: Mapping[str, Tensor] | None = None) -> dict[str, float]:
        """Learn from ``photos`` (N, 3, S, S), sRGB 0..1, whose :meth:`contents` may be known. Answers the losses, unweighted."""
        rows, strengths = self._draw(len(photos))
        mix = torch.stack([mix_of(self.network.rows, [(row, row)], [1.0], strength, 0.0)
                           for row, strength in zip(rows, strengths, strict=True)]).to(photos)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * self._pace()
        self.optimiser.zero_grad(set_to_none=True)
        self.network.train()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed())  # of a texture network's noise
            with torch.autocast(photos.device.type, self.dtype, enabled=self.dtype != torch.float32):
                painted = self.network(photos, mix)
            painted = painted.float()
        losses, total = self._losses(painted, photos, rows, strengths, contents)
        total.backward()
        if self.rows_only:
            for parameter in self.learnt:
                parameter.grad[IDENTITY] = 0  # files with rows of one base share it
        self.together.average([parameter.grad for parameter in self.learnt])
        length = torch.nn.utils.clip_grad_norm_(self.learnt, self.recipe.clip)
        self.done += 1
        if torch.isfinite(length):
            self.optimiser.step()
            self._follow()
        return {**losses, "gradient": float(length)}

    def assess(self, photos: Tensor, row: int, strength: float = 0.5) -> dict[str, float]:
        """The losses of ``photos`` (N, 3, S, S) painted by the averaged weights with one row: how good it is, without learning."""
        mix = mix_of(self.network.rows, [(row, row)], [1.0], strength, 0.0).to(photos).expand(len(photos), -1)
        with torch.no_grad():
            painted = torch.func.functional_call(self.network, self.averaged(), (photos, mix)).clamp(0, 1)
            losses, _ = self._losses(painted, photos, [row] * len(photos), [strength] * len(photos))
        return losses

    def unstyled(self, photos: Tensor, row: int) -> float:
        """The style's loss of ``photos`` (N, 3, S, S) as they are: what :meth:`assess` is to be compared with."""
        with torch.no_grad():
            return self._losses(photos, photos, [row] * len(photos), [0.5] * len(photos))[0]["style"]

    def _draw(self, count: int) -> tuple[list[int], list[float]]:
        """Rows and strengths of this step's pictures: strength 0 now and then, half of them the default, else any.

        Where rows alone are learnt strength 0 has nothing to teach.
        """
        generator = torch.Generator().manual_seed(self._seed())
        rows = torch.randint(len(self.targets), (count,), generator=generator).tolist()
        kinds, levels = torch.rand(count, generator=generator).tolist(), torch.rand(count, generator=generator).tolist()
        plain = 0.0 if self.rows_only else 0.08
        strengths = [0.0 if kind < plain else 0.5 if kind < 0.55 else 0.2 + 0.8 * level
                     for kind, level in zip(kinds, levels, strict=True)]
        return [FIRST_ROW + row for row in rows], strengths

    def _seed(self) -> int:
        return (self.recipe.seed * 1_000_003 + self.done) * self.together.count + self.together.rank

    def _pace(self) -> float:
        if self.done < self.recipe.warm_up:
            return (self.done + 1) / self.recipe.warm_up
        along = min(1.0, (self.done - self.recipe.warm_up) / max(1, self.recipe.steps - self.recipe.warm_up))
        return self.recipe.last_rate + (1 - self.recipe.last_rate) * (1 + math.cos(math.pi * along)) / 2

    def _losses(self, painted: Tensor, photos: Tensor, rows: Sequence[int], strengths: Sequence[float],
                contents: Mapping[str, Tensor] | None = None) -> tuple[dict, Tensor]:
        recipe, count = self.recipe, len(photos)
        wanted_contents = contents if contents is not None else self.contents(photos)
        features = self._see(painted, {**recipe.content_layers, **recipe.style_layers})
        # One division for a whole layer: a picture without features of its own (a clear sky) would count without measure.
        content = sum(weight * _relative(features[layer].float(), wanted_contents[layer].float())
                      for layer, weight in normalised(recipe.content_layers).items())
        style, small = painted.new_zeros(count), painted
        for halving in range(recipe.halvings + 1):
            if halving:
                small = halved(small)
                features = self._see(small, recipe.style_layers)
            style = style + self._style(features, rows, strengths, halving) / (recipe.halvings + 1)
        smooth = total_variation(painted)
        outside = (painted - painted.clamp(0, 1)).square().mean()
        wanted = torch.tensor([content_gain(s) for s in strengths], device=painted.device)
        plain = torch.tensor([float(s == 0) for s in strengths], device=painted.device)
        identity = ((painted - photos).square().mean((1, 2, 3)) * plain).sum()
        total = ((recipe.content_weight * wanted * content + style).sum() + recipe.identity_weight * identity) / count
        total = total + recipe.tv_weight * smooth + outside
        styled = max(1, sum(s > 0 for s in strengths))
        parts = {"content": content[wanted > 0].mean() if (wanted > 0).any() else content.mean(), "style": style.sum() / styled,
                 "tv": smooth, "identity": identity / max(1, sum(s == 0 for s in strengths)), "total": total}
        return {name: float(part.detach()) for name, part in parts.items()}, total

    def _style(self, features: Mapping[str, Tensor], rows: Sequence[int], strengths: Sequence[float], halving: int) -> Tensor:
        """(N,): each picture's distance from its row's painting; 0 where the strength is."""
        style = torch.zeros(len(rows), device=self.mean[0].device)
        for layer, weight in normalised(self.recipe.style_layers).items():
            targets = [self.targets[row - FIRST_ROW].gaussians[halving][layer] for row in rows]
            distances = [wasserstein(Moments.of(one[None]), target) if s else style.new_zeros(())
                         for one, target, s in zip(features[layer], targets, strengths, strict=True)]
            style = style + weight * torch.stack(distances)
        return style

    def _see(self, pictures: Tensor, layers: Iterable[str]) -> dict[str, Tensor]:
        """Features (N, C, h, w) of several pictures, in whatever way is quickest."""
        if pictures.device.type == "cpu" and self.encoder.dtype == torch.float32:
            return {layer: pieces(seen, len(pictures)) for layer, seen in self.encoder(lay(pictures), layers).items()}
        return self.encoder(pictures.contiguous(memory_format=torch.channels_last), layers)

    def _follow(self) -> None:
        decay = min(self.recipe.average, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(self.mean, [p.detach() for p in self.network.parameters()], 1 - decay)

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def averaged(self) -> dict[str, Tensor]:
        """The network's state with the running mean of the weights in it: what is kept."""
        return {name: mean.clone() for (name, _), mean in zip(self.network.named_parameters(), self.mean, strict=True)}

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`restore` needs to go on as if nothing had happened."""
        return {"done": self.done, "network": self.network.state_dict(), "mean": self.mean,
                "optimiser": self.optimiser.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self.done = int(state["done"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.mean = [mean.clone() for mean in state["mean"]]


def content_gain(strength: float) -> float:
    """What the content's weight is multiplied by: :func:`.painting.content_share`, between a seventh (a network must be told what
    to paint) and 9; 0 at strength 0, where the picture itself is wanted."""
    return min(9.0, max(0.15, content_share(strength))) if strength else 0.0


def halved(pictures: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 3, H / 2, W / 2): the means of 2 x 2 px."""
    return torch.nn.functional.avg_pool2d(pictures, 2)


def _relative(features: Tensor, target: Tensor) -> Tensor:
    energy = target.square().sum((1, 2, 3))
    return (features - target).square().sum((1, 2, 3)) / (0.5 * energy + 0.5 * energy.mean() + EPS)
