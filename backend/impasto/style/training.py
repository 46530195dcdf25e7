"""Training a transformation network: it paints photographs and minimises a perceptual loss (Johnson, Alahi & Fei-Fei 2016).

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
from .mixing import DEFAULT_DETAIL, DEFAULT_STRENGTH, EMBEDDINGS_PER_STYLE, IDENTITY_EMBEDDING, embedding_indices, mix_embeddings
from .noise import add_noise, position_noise
from .perceptual import Perceptual, PerceptualConfig
from .transformer import Network, build


@dataclass(frozen=True)
class TrainingConfig(PerceptualConfig):
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
    """Weight of the difference between the painting of a picture moved by some px and the moved painting. Without it networks that
    look at cells of px draw edges in steps."""
    default_share: float = 0.6
    """The share of pictures whose strength or stroke size is the default; elsewhere it is drawn."""
    clip: float = 1.0
    """Longest gradient that a step follows as it is."""
    seed: int = 0


class ProcessGroup(Protocol):
    """Processes that train one network: how many, which one this is, and the mean of what each found."""

    @property
    def count(self) -> int:
        """How many there are."""

    @property
    def rank(self) -> int:
        """This one's number, from 0 on."""

    def average(self, gradients: Sequence[Tensor]) -> None:
        """Replace each gradient by its mean over all processes."""


@dataclass(frozen=True)
class SingleProcess:
    """One process."""

    count: int = 1
    rank: int = 0

    def average(self, gradients: Sequence[Tensor]) -> None:
        """There is nobody to share with."""


SINGLE_PROCESS = SingleProcess()


class Trainer:
    """One training run; drive it with :meth:`step`."""

    def __init__(
        self,
        network: Network,
        encoder: Encoder,
        paintings: Sequence[Tensor],
        config: TrainingConfig,
        embeddings_only: bool = False,
        group: ProcessGroup = SINGLE_PROCESS,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """``paintings``: (1, 3, H, W) each; painting i has the embeddings ``embedding_indices(i)``,
        and a target for each of ``style_sides``.

        ``embeddings_only``: leave the convolutions and the identity alone and learn the paintings' embeddings (Dumoulin 2017: a new
        style in minutes). ``group``: other processes that train the same network, each on photographs of its own.
        ``dtype``: what the network computes in; weights, statistics and losses are float32.
        """
        self.network, self.config = network, config
        self.embeddings_only, self.group, self.dtype = embeddings_only, group, dtype
        self.loss = Perceptual(encoder, paintings, config)
        embeddings = {id(p) for norm in network.norms() for p in (norm.gamma, norm.beta)}
        for parameter in network.parameters():
            parameter.requires_grad_(not embeddings_only or id(parameter) in embeddings)
        self.trainable = [p for p in network.parameters() if p.requires_grad]
        self.optimiser = torch.optim.Adam(self.trainable, lr=config.learning_rate, betas=(0.9, 0.99))
        self.ema = [p.detach().clone() for p in network.parameters()]
        self.done = 0

    def step(self, photos: Tensor, contents: Mapping[str, Tensor] | None = None) -> dict[str, float]:
        """One training step on ``photos`` (N, 3, S, S), sRGB 0..1; the losses, unweighted.

        ``contents``: what ``loss.contents`` returns for the photos, where that is known.
        """
        generator = torch.Generator().manual_seed(self._seed())
        targets, strengths = self._draw(len(photos), generator)
        mix = torch.stack([self.mix(target, strength) for target, strength in zip(targets, strengths, strict=True)]).to(photos)
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * self._learning_rate_factor()
        self.optimiser.zero_grad(set_to_none=True)
        self.network.train()
        noisy = self._noisy(photos, strengths, generator)
        painted = self._paint(noisy, mix)
        losses, total = self.loss(painted, photos, targets, strengths, contents)
        if self.config.shift_weight and self.network.staged:
            shift = self._shift(painted, noisy, mix)
            losses, total = {**losses, "shift": float(shift.detach())}, total + self.config.shift_weight * shift
        total.backward()
        gradients = [parameter.grad for parameter in self.trainable if parameter.grad is not None]
        if self.embeddings_only:
            for gradient in gradients:
                gradient[IDENTITY_EMBEDDING] = 0  # files with embeddings of one base share it
        self.group.average(gradients)
        length = torch.nn.utils.clip_grad_norm_(self.trainable, self.config.clip)
        self.done += 1
        if torch.isfinite(length):
            self.optimiser.step()
            self._update_ema()
        return {**losses, "gradient": float(length)}

    def _noisy(self, photos: Tensor, strengths: Sequence[float], generator: torch.Generator) -> Tensor:
        """``photos`` with the network's noise, from half to one and a half times as much of it; none where they are to stay."""
        if not self.network.noise:
            return photos
        levels = torch.tensor([0.0 if s == 0 else self.network.noise for s in strengths])
        levels = levels * (0.5 + torch.rand(len(photos), generator=generator))
        height, width = photos.shape[-2:]
        tops = torch.randint(1 << 30, (len(photos),), generator=generator).tolist()
        drawn = torch.cat([position_noise(top, top + height, width) for top in tops])
        return (photos + (drawn * levels.view(-1, 1, 1, 1)).to(photos)).clamp_(0, 1)

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
        """(embeddings,): the mix that is to paint like a target of :attr:`loss`."""
        sizes = len(self.config.style_sides)
        painting, size = divmod(target, sizes)
        return mix_embeddings(
            self.network.embeddings,
            [embedding_indices(painting)],
            [1.0],
            strength,
            size / (sizes - 1) if sizes > 1 else DEFAULT_DETAIL,
        )

    def evaluate(self, photos: Tensor, target: int, strength: float = 0.5) -> dict[str, float]:
        """The losses of ``photos`` (N, 3, S, S) painted by the averaged weights: how good it is, without learning."""
        mix = self.mix(target, strength).to(photos).expand(len(photos), -1)
        with torch.no_grad():
            noisy = add_noise(photos, self.network.noise if strength else 0.0)
            painted = torch.func.functional_call(self.network, self.averaged(), (noisy, mix)).clamp(0, 1)
            losses, _ = self.loss(painted, photos, [target] * len(photos), [strength] * len(photos))
        return losses

    def unstyled(self, photos: Tensor, target: int) -> float:
        """The style's loss of ``photos`` (N, 3, S, S) as they are: what :meth:`evaluate` is to be compared with."""
        with torch.no_grad():
            return self.loss(photos, photos, [target] * len(photos), [0.5] * len(photos))[0]["style"]

    def _draw(self, count: int, generator: torch.Generator) -> tuple[list[int], list[float]]:
        """Targets and strengths of this step's pictures.

        Often the default ones, see :class:`TrainingConfig`; strength 0 now and then, except where embeddings alone are learnt.
        """
        sizes = len(self.config.style_sides)
        targets = torch.randint(len(self.loss.targets), (count,), generator=generator).tolist()
        kinds, levels, often = torch.rand(3, count, generator=generator).tolist()
        share = self.config.default_share
        targets = [
            self.config.default_target(target // sizes) if chance < share and sizes % 2 else target
            for target, chance in zip(targets, often, strict=True)
        ]
        plain = 0.0 if self.embeddings_only else 0.08
        strengths = [
            0.0 if kind < plain else DEFAULT_STRENGTH if kind < plain + (1 - plain) * share else 0.2 + 0.8 * level
            for kind, level in zip(kinds, levels, strict=True)
        ]
        return targets, strengths

    def _seed(self) -> int:
        return (self.config.seed * 1_000_003 + self.done) * self.group.count + self.group.rank

    def _learning_rate_factor(self) -> float:
        if self.done < self.config.warm_up:
            return (self.done + 1) / self.config.warm_up
        along = min(1.0, (self.done - self.config.warm_up) / max(1, self.config.steps - self.config.warm_up))
        return self.config.last_rate + (1 - self.config.last_rate) * (1 + math.cos(math.pi * along)) / 2

    def _update_ema(self) -> None:
        decay = min(self.config.average, (1 + self.done) / (10 + self.done))
        with torch.no_grad():
            torch._foreach_lerp_(self.ema, [p.detach() for p in self.network.parameters()], 1 - decay)

    # -- checkpoints -------------------------------------------------------------------------------------------------

    def averaged(self) -> dict[str, Tensor]:
        """The network's state with the running mean of the weights in it: what is kept."""
        return {name: mean.clone() for (name, _), mean in zip(self.network.named_parameters(), self.ema, strict=True)}

    def result(self) -> Network:
        """A network with :meth:`averaged` in it, to paint with; on the trainer's device."""
        network = build(self.network.spec, self.network.embeddings).to(self.ema[0].device).eval()
        network.load_state_dict(self.averaged())
        network.noise = self.network.noise
        return network

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`restore` needs to go on as if nothing had happened."""
        return {
            "done": self.done,
            "network": self.network.state_dict(),
            "mean": self.ema,
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self.done = int(state["done"])
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.ema = [mean.clone() for mean in state["mean"]]


def with_new_embeddings(network: Network, known: Sequence[Sequence[int]], paintings: int) -> Network:
    """A network on the convolutions of ``network`` with the identity's embedding and those of ``paintings`` still to learn.

    They begin as the mean of the ``known`` styles' embeddings: what those have in common is nearer to any painting than a
    photograph.
    """
    known_indices = torch.tensor([list(rows) for rows in known]).T  # (EMBEDDINGS_PER_STYLE, styles)
    state = {
        name: torch.cat([value[: IDENTITY_EMBEDDING + 1], value[known_indices].mean(1).repeat(paintings, 1)])
        if name.endswith(("gamma", "beta"))
        else value
        for name, value in network.state_dict().items()
    }
    grown = build(network.spec, IDENTITY_EMBEDDING + 1 + EMBEDDINGS_PER_STYLE * paintings)
    grown.load_state_dict(state)
    grown.noise = network.noise
    return grown
