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
        spread, modes = values[-cls.MODES :].clamp_min(EPS), vectors[:, -cls.MODES :].contiguous()
        rest = float(values[: -cls.MODES].clamp_min(0).sum())
        return cls(moments.mean, modes, spread, rest, float(torch.trace(moments.raw)) + EPS)


def wasserstein(seen: Moments, target: Gaussian) -> Tensor:
    """The relative squared 2-Wasserstein distance of a picture's moments from ``target``, as in :class:`.losses.W2Loss`.

    Exact within the target's modes; of what lies outside them only the whole variance is compared.
    """
    covariance = seen.raw - torch.outer(seen.mean, seen.mean)
    within = target.modes.T @ covariance @ target.modes
    roots = target.spread.sqrt()
    cross = trace_sqrt(roots[:, None] * within * roots)
    inside = torch.trace(within)
    outside = (torch.trace(covariance) - inside).clamp_min(EPS)
    spread = inside + target.spread.sum() - 2 * cross + (outside.sqrt() - math.sqrt(target.rest)).square()
    return ((seen.mean - target.mean).square().sum() + spread) / target.energy
