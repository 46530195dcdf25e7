"""An embedding for any painting, predicted from the statistics of its features.

As in Ghiasi et al. 2017 (arXiv 1705.06830), with a perceptron on means and deviations instead of a network on pixels: a painting of
which no network has heard is painted at once, in its palette and with something of its strokes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ..sizes import fit
from .encoder import Encoder
from .perceptual import halved
from .scales import resize, size_of
from .transformer import Network

FLOOR = 1e-3
"""Statistics are looked at as logarithms, no smaller than this."""

CLIP = 4.0
"""So many standard deviations from the usual is as far as a statistic counts."""


class Predictor:
    """``h = relu(a x); h = h + relu(b h); embedding = c h`` for the normalised logarithms ``x`` of a painting's statistics."""

    def __init__(self, weights: Mapping[str, Tensor], layers: Sequence[str], side: int) -> None:
        """``weights``: s_mean, s_std (S,) and a, b, c with .weight and .bias. ``layers``, ``side``: of :func:`statistics`."""
        self._weights = {name: value.float() for name, value in weights.items()}
        self._layers, self._side = tuple(layers), side

    def embedding(self, encoder: Encoder, painting: Tensor) -> Tensor:
        """(2 C,) for ``painting`` (1, 3, H, W), sRGB 0..1: the scales of all norms in the network's order, then their shifts."""
        w = self._weights
        with torch.no_grad():
            x = statistics(encoder, painting, self._layers, self._side).cpu().clamp_min(FLOOR).log()
            x = ((x - w["s_mean"]) / w["s_std"]).clamp(-CLIP, CLIP)
            h = F.relu(F.linear(x, w["a.weight"], w["a.bias"]))
            h = h + F.relu(F.linear(h, w["b.weight"], w["b.bias"]))
            return F.linear(h, w["c.weight"], w["c.bias"])


def statistics(encoder: Encoder, painting: Tensor, layers: Sequence[str], side: int) -> Tensor:
    """(S,): of each layer the channels' means, then deviations; of the painting at a long side of ``side`` px, then at half."""
    size = size_of(painting)
    looked_at = resize(painting, fit(size, min(side, max(size)))).clamp(0, 1)
    found = []
    for picture in (looked_at, halved(looked_at)):
        features = encoder(picture, layers)
        for layer in layers:
            flat = features[layer].float().flatten(2)[0]
            found += [flat.mean(1), flat.std(1, correction=0)]
    return torch.cat(found)


def by_norm(network: Network, embedding: Tensor) -> dict[str, Tensor]:
    """An embedding (2 C,) as the parameters of each of the network's norms: name -> (channels,)."""
    names = {id(parameter): name for name, parameter in network.named_parameters()}
    norms = list(network.norms())
    parameters = [norm.gamma for norm in norms] + [norm.beta for norm in norms]
    widths = [parameter.shape[1] for parameter in parameters]
    parts = embedding.split(widths)
    return {names[id(parameter)]: part for parameter, part in zip(parameters, parts, strict=True)}
