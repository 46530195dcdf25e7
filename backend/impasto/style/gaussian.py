"""The style distance that training uses: Wasserstein-2 in the space of the painting's leading eigenvectors.

:class:`.losses.W2Loss` decomposes a matrix as wide as the layer for every picture; in a training step, with several small pictures,
that took a fifth of the time. Here the painting is decomposed once, and every picture is projected onto its eigenvectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .losses import EPS, Moments, eigh, trace_sqrt


@dataclass(frozen=True)
class Gaussian:
    """A painting's features at one layer as a normal distribution, with its covariance's leading eigenvectors.

    ``mean`` (C,); ``eigenvectors`` (C, K) with ``eigenvalues`` (K,), the largest; ``residual_variance``, what lies outside of them;
    ``energy``, the trace of the raw second moment.
    """

    mean: Tensor
    eigenvectors: Tensor
    eigenvalues: Tensor
    residual_variance: float
    energy: float

    EIGENVECTORS = 96
    """Eigenvectors kept. The others hold a few per cent of the variance, and most of the time that decomposing takes."""

    @classmethod
    def of(cls, moments: Moments) -> Gaussian:
        values, vectors = eigh(moments.raw - torch.outer(moments.mean, moments.mean))
        eigenvalues = values[-cls.EIGENVECTORS :].clamp_min(EPS)
        eigenvectors = vectors[:, -cls.EIGENVECTORS :].contiguous()
        residual_variance = float(values[: -cls.EIGENVECTORS].clamp_min(0).sum())
        energy = float(torch.trace(moments.raw)) + EPS
        return cls(moments.mean, eigenvectors, eigenvalues, residual_variance, energy)


def wasserstein(moments: Moments, target: Gaussian) -> Tensor:
    """The relative squared 2-Wasserstein distance of a picture's moments from ``target``, as in :class:`.losses.W2Loss`.

    Exact within the target's eigenvectors; of what lies outside of them only the total variance is compared.
    """
    covariance = moments.raw - torch.outer(moments.mean, moments.mean)
    within = target.eigenvectors.T @ covariance @ target.eigenvectors
    roots = target.eigenvalues.sqrt()
    cross = trace_sqrt(roots[:, None] * within * roots)
    inside = torch.trace(within)
    outside = (torch.trace(covariance) - inside).clamp_min(EPS)
    spread = inside + target.eigenvalues.sum() - 2 * cross + (outside.sqrt() - math.sqrt(target.residual_variance)).square()
    return ((moments.mean - target.mean).square().sum() + spread) / target.energy
