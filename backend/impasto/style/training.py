"""Training a transformation network: it paints photographs, and is corrected by a perceptual loss (Johnson, Alahi & Fei-Fei 2016).

Nothing here knows files: photographs come as tensors, a checkpoint goes as a dict of tensors. What a step draws (styles,
strengths, noise) depends on the seed and the step's number alone, so a run that was killed goes on exactly as if it had not been.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from .encoder import Encoder
from .mixing import IDENTITY, ROWS, USUAL, mix_of, rows_of
from .perceptual import Balance, Perceptual
from .transformer import Network, build


@dataclass(frozen=True)
class Recipe(Balance):
    """How to train. ``tools/train_shipped.py`` has the recipes of the styles that ship."""

    steps: int = 8000
    batch: int = 4
    side: int = 128
    """Side of the square crops, px."""
    learning_rate: float = 2e-3
    warm_up: int = 100
    """Steps over which the learning rate rises from 0; after them it falls along half a cosine."""
    last_rate: float = 0.05
    """Share of the learning rate that is left at the end."""
    average: float = 0.999
    """Decay of the running mean of the weights, which is what is kept."""
    shift_weight: float = 4.0
    """What it weighs that a picture moved by some px is painted otherwise. A network that looks at cells of px must be told."""
    usual_share: float = 0.6
    """In what share of pictures strength or stroke size is what people get when they ask for nothing; elsewhere any."""
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


class Trainer:
    """One training run; drive it with :meth:`step`."""

    def __init__(
        self,
        network: Network,
        encoder: Encoder,
        paintings: Sequence[Tensor],
        recipe: Recipe,
        rows_only: bool = False,
        together: Together = ALONE,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """``paintings``: (1, 3, H, W) each; painting i has the rows ``rows_of(i)``, and a target for each of ``style_sides``.

        ``rows_only``: leave the convolutions and the identity's row alone and learn the paintings' rows (Dumoulin 2017: a new
        style in minutes). ``together``: other processes that train the same network, each on photographs of its own.
        ``dtype``: what the network computes in; weights, statistics and losses are float32.
        """
        self.network, self.recipe = network, recipe
        self.rows_only, self.together, self.dtype = rows_only, together, dtype
        self.loss = Perceptual(encoder, paintings, recipe)
        rows = {id(p) for norm in network.norms() for p in (norm.gamma, norm.beta)}
        for parameter in network.parameters():
            parameter.requires_grad_(not rows_only or id(parameter) in rows)
        self.learnt = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.learnt, lr=recipe.learning_rate, betas=(0.9, 0.99))
        self.mean = [p.detach().clone() for p in network.parameters()]
        self.done = 0

    def step(self, photos: Tensor, contents: Mapping[str, Tensor] | None = None) -> dict[str, float]:
        """Learn from ``photos`` (N, 3, S, S), sRGB 0..1; ``contents``: what ``loss.contents`` answers for them, where known.

        Answers the losses, unweighted.
        """
        wanted, strengths = self._draw(len(photos))
        mix = torch.stack([self.mix(target, strength) for target, strength in zip(wanted, strengths, strict=True)]).to(photos)
        for group in self.optimiser.param_groups:
            group["lr"] = self.recipe.learning_rate * self._pace()
        self.optimiser.zero_grad(set_to_none=True)
        self.network.train()
        painted = self._paint(photos, mix)
        losses, total = self.loss(painted, photos, wanted, strengths, contents)
        if self.recipe.shift_weight and self.network.staged:
            shift = self._shift(painted, photos, mix)
            losses, total = {**losses, "shift": float(shift.detach())}, total + self.recipe.shift_weight * shift
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

    def _paint(self, photos: Tensor, mix: Tensor) -> Tensor:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed())  # of a texture network's noise
            with torch.autocast(photos.device.type, self.dtype, enabled=self.dtype != torch.float32):
                painted = self.network(photos, mix)
        return painted.float()

    def _shift(self, painted: Tensor, photos: Tensor, mix: Tensor) -> Tensor:
        """A scalar: the mean square by which the paintings of moved photographs are not the moved paintings."""
        generator = torch.Generator().manual_seed(self._seed())
        quarter = photos.shape[-1] // 4
        down, across = torch.randint(1, max(2, min(8, quarter)), (2,), generator=generator).tolist()
        moved = self._paint(photos[..., down:, across:], mix)
        edge = min(16, quarter)  # borders are painted with less around them
        inside = (..., slice(edge, -edge), slice(edge, -edge))
        return (painted[..., down:, across:][inside] - moved[inside]).square().mean()

    def mix(self, target: int, strength: float) -> Tensor:
        """(rows,): the mix of the network's rows that is to paint like a target of :attr:`loss`."""
        sizes = len(self.recipe.style_sides)
        painting, size = divmod(target, sizes)
        return mix_of(self.network.rows, [rows_of(painting)], [1.0], strength, size / (sizes - 1) if sizes > 1 else USUAL)

    def assess(self, photos: Tensor, target: int, strength: float = 0.5) -> dict[str, float]:
        """The losses of ``photos`` (N, 3, S, S) painted by the averaged weights: how good it is, without learning."""
        mix = self.mix(target, strength).to(photos).expand(len(photos), -1)
        with torch.no_grad():
            painted = torch.func.functional_call(self.network, self.averaged(), (photos, mix)).clamp(0, 1)
            losses, _ = self.loss(painted, photos, [target] * len(photos), [strength] * len(photos))
        return losses

    def unstyled(self, photos: Tensor, target: int) -> float:
        """The style's loss of ``photos`` (N, 3, S, S) as they are: what :meth:`assess` is to be compared with."""
        with torch.no_grad():
            return self.loss(photos, photos, [target] * len(photos), [0.5] * len(photos))[0]["style"]

    def _draw(self, count: int) -> tuple[list[int], list[float]]:
        """Targets and strengths of this step's pictures.

        Often the usual ones, see :class:`Recipe`; strength 0 now and then. Where rows alone are learnt that has nothing to teach.
        """
        generator = torch.Generator().manual_seed(self._seed())
        sizes = len(self.recipe.style_sides)
        targets = torch.randint(len(self.loss.targets), (count,), generator=generator).tolist()
        kinds, levels, often = torch.rand(3, count, generator=generator).tolist()
        share = self.recipe.usual_share
        targets = [
            self.recipe.usual(target // sizes) if chance < share and sizes % 2 else target
            for target, chance in zip(targets, often, strict=True)
        ]
        plain = 0.0 if self.rows_only else 0.08
        strengths = [
            0.0 if kind < plain else USUAL if kind < plain + (1 - plain) * share else 0.2 + 0.8 * level
            for kind, level in zip(kinds, levels, strict=True)
        ]
        return targets, strengths

    def _seed(self) -> int:
        return (self.recipe.seed * 1_000_003 + self.done) * self.together.count + self.together.rank

    def _pace(self) -> float:
        if self.done < self.recipe.warm_up:
            return (self.done + 1) / self.recipe.warm_up
        along = min(1.0, (self.done - self.recipe.warm_up) / max(1, self.recipe.steps - self.recipe.warm_up))
        return self.recipe.last_rate + (1 - self.recipe.last_rate) * (1 + math.cos(math.pi * along)) / 2

    def _follow(self) -> None:
        decay = min(self.recipe.average, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(self.mean, [p.detach() for p in self.network.parameters()], 1 - decay)

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def averaged(self) -> dict[str, Tensor]:
        """The network's state with the running mean of the weights in it: what is kept."""
        return {name: mean.clone() for (name, _), mean in zip(self.network.named_parameters(), self.mean, strict=True)}

    def result(self) -> Network:
        """A network with :meth:`averaged` in it, to paint with; on the trainer's device."""
        network = build(self.network.spec, self.network.rows).to(self.mean[0].device).eval()
        network.load_state_dict(self.averaged())
        return network

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`restore` needs to go on as if nothing had happened."""
        return {
            "done": self.done,
            "network": self.network.state_dict(),
            "mean": self.mean,
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self.done = int(state["done"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.mean = [mean.clone() for mean in state["mean"]]


def with_new_rows(network: Network, known: Sequence[Sequence[int]], paintings: int) -> Network:
    """A network on the convolutions of ``network`` with the identity's row and those of ``paintings`` still to learn.

    They begin as the mean of the ``known`` styles' rows: what those have in common is nearer to any painting than a photograph.
    """
    kinds = torch.tensor([list(rows) for rows in known]).T  # (ROWS, styles)
    state = {
        name: torch.cat([value[: IDENTITY + 1], value[kinds].mean(1).repeat(paintings, 1)])
        if name.endswith(("gamma", "beta"))
        else value
        for name, value in network.state_dict().items()
    }
    grown = build(network.spec, IDENTITY + 1 + ROWS * paintings)
    grown.load_state_dict(state)
    return grown
