"""An embedding refined for one picture: the iterative method's idea in the space of embeddings.

The losses are those that networks are trained with. Nothing has to generalise, so a few dozen steps on one small picture do what
hundreds do over many photographs.
"""

from __future__ import annotations

import dataclasses
import math

import torch
from torch import Tensor

from .encoder import Encoder
from .feedforward import MARGIN
from .mixing import DEFAULT_STRENGTH
from .noise import add_noise
from .perceptual import Perceptual, PerceptualConfig
from .predictor import by_norm
from .scales import crop_margin, pad
from .transformer import Network, build

RECIPE = "3"
"""Another one with every change by which the same steps come to something else: what has been refined is kept on the disk."""

LEARNING_RATE = 0.1
"""Adam's at its highest: ten times that of learning over photographs, where steps must agree with each other."""

WARM_UP, LAST_RATE = 4, 0.1
"""Steps over which the rate rises; the share of it that is left at the end of half a cosine."""


class Refinement:
    """Drive it with :meth:`step`; :meth:`embedding` is what it has come to."""

    def __init__(
        self, network: Network, embedding: Tensor, content: Tensor, painting: Tensor, encoder: Encoder, steps: int
    ) -> None:
        """``network``: whose convolutions are used. ``embedding`` (2 C,): where it starts. ``content`` (1, 3, h, w): the picture,
        small, its sides multiples of the network's stride; ``painting`` (1, 3, H, W). All sRGB 0..1 on the encoder's device."""
        self.steps, self.done = steps, 0
        self._content, self._network = content, _with_one_embedding(network, embedding).to(content.device)
        usual = PerceptualConfig()
        side = usual.style_sides[len(usual.style_sides) // 2]
        self._loss = Perceptual(encoder, [painting], dataclasses.replace(usual, style_sides=(side,)))
        self._features = self._loss.contents(content)
        self._parameters = [p for norm in self._network.norms() for p in (norm.gamma, norm.beta)]
        self._optimiser = torch.optim.Adam(self._parameters, lr=LEARNING_RATE, betas=(0.9, 0.99))

    def step(self) -> dict[str, float]:
        """One step; the losses, unweighted."""
        for parameter in self._parameters:
            parameter.requires_grad_(True)
        for group in self._optimiser.param_groups:
            group["lr"] = LEARNING_RATE * self._learning_rate_factor()
        self._optimiser.zero_grad(set_to_none=True)
        with torch.enable_grad():
            losses, total = self._loss(self._paint(), self._content, [0], [DEFAULT_STRENGTH], self._features)
            total.backward()
        self._optimiser.step()
        self.done += 1
        return losses

    def picture(self) -> Tensor:
        """(1, 3, h, w), 0..1: the content as it is painted now."""
        with torch.no_grad():
            return self._paint().clamp(0, 1)

    def embedding(self) -> Tensor:
        """(2 C,), on the CPU."""
        norms = list(self._network.norms())
        return torch.cat([norm.gamma[0] for norm in norms] + [norm.beta[0] for norm in norms]).detach().cpu()

    def _paint(self) -> Tensor:
        noisy = pad(add_noise(self._content, self._network.noise), MARGIN)
        return crop_margin(self._network(noisy, noisy.new_ones(1, 1)), MARGIN)

    def _learning_rate_factor(self) -> float:
        rise = min(1.0, (self.done + 1) / WARM_UP)
        return rise * (LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * self.done / self.steps)) / 2)


def _with_one_embedding(network: Network, embedding: Tensor) -> Network:
    one = build(network.spec, 1)
    state = network.state_dict() | {name: part[None].clone() for name, part in by_norm(network, embedding).items()}
    one.load_state_dict(state)
    one.noise = network.noise
    return one.eval().requires_grad_(False)
