"""The style distance that training uses: Wasserstein-2 in the painting's strongest modes.

:class:`.losses.W2Loss` decomposes a matrix as wide as the layer for every picture; in a training step, with several small pictures,
that took a fifth of the time. Here the painting is decomposed once, and every picture is looked at in its coordinates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .losses import EPS, Moments, eigh, trace_sqrt


@dataclass(frozen=True)
class Gaussian:
    """A painting's features at one layer as a normal distribution, in the coordinates of its own strongest modes.

    ``mean`` (C,); ``modes`` (C, K), the covariance's first eigenvectors, with eigenvalues ``spread`` (K,); ``rest``, the variance
    outside them; ``energy``, the trace of the raw second moment.
    """

    mean: Tensor
    modes: Tensor
    spread: Tensor
    rest: float
    energy: float

    MODES = 96
    """Eigenvectors kept. The others hold a few per cent of the variance, and most of the time that decomposing takes."""

    @classmethod
    def of(cls, moments: Moments) -> Gaussian:
        values, vectors = eigh(moments.raw - torch.outer(moments.mean, moments.mean))
        spread, modes = values[-cls.MODES:].clamp_min(EPS), vectors[:, -cls.MODES:].contiguous()
        rest = float(values[:-cls.MODES].clamp_min(0).sum())
        return cls(moments.mean, modes, spread, rest, float(torch.trace(moments.raw)) + EPS)


def wasserstein(features: Tensor, target: Gaussian) -> Tensor:
    """The relative squared 2-Wasserstein distance of features (C, M) from ``target``, as in :class:`.losses.W2Loss`.

    Exact within the target's modes; of what lies outside them only the whole variance is compared.
    """
    positions = features.shape[1]
    mean = features.mean(1)
    centred = features - mean[:, None]
    seen = target.modes.T @ centred
    covariance = seen @ seen.T / positions
    roots = target.spread.sqrt()
    cross = trace_sqrt(roots[:, None] * covariance * roots)
    inside = torch.trace(covariance)
    outside = (centred.square().sum() / positions - inside).clamp_min(EPS)
    spread = inside + target.spread.sum() - 2 * cross + (outside.sqrt() - math.sqrt(target.rest)).square()
    return ((mean - target.mean).square().sum() + spread) / target.energy
