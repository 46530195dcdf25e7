"""What a painting is judged by: content, style and smoothness, each as one small function of features.

Notation of Gatys, Ecker & Bethge 2016 (CVPR): F is the C x M matrix of one layer's features (C channels, M positions),
P the content's, G = F F^T the Gram matrix, A the style's.

Two families. ``gatys`` is the paper to the letter. ``gram`` and ``w2`` are relative: each layer's distance is divided by
the target's own energy, so that 0 means "the target's statistics" and 1 "nothing in common", whatever the picture's size,
the layer's width or the encoder; weights then mean the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

EPS = 1e-8


def weighted_sum(weights: Iterable[float], tensors: Iterable[Tensor]) -> Tensor:
    """``sum_i w_i t_i``. Raises ``ValueError`` where there is nothing to add."""
    total: Tensor | None = None
    for weight, tensor in zip(weights, tensors, strict=True):
        total = weight * tensor if total is None else total + weight * tensor
    if total is None:
        raise ValueError("a sum of no tensors")
    return total


class FirstTwoMoments(torch.autograd.Function):
    """Mean and second raw moment of a layer, with the gradient of both in one matrix product.

    Autograd would make two products of ``F F^T`` and pass three more times over the largest tensors there are.
    """

    @staticmethod
    def forward(ctx: Any, flat: Tensor) -> tuple[Tensor, Tensor]:
        """``flat`` (C, M) -> mean (C,) and F F^T / M (C, C)."""
        ctx.save_for_backward(flat)
        return flat.mean(1), flat @ flat.T / flat.shape[1]

    @staticmethod
    def backward(ctx: Any, by_mean: Tensor, by_raw: Tensor) -> Tensor:
        """``(D + D^T) F / M + d 1^T / M`` for the incoming gradients d (C,) and D (C, C)."""
        (flat,) = ctx.saved_tensors
        positions = flat.shape[1]
        return torch.addmm(by_mean[:, None] / positions, (by_raw + by_raw.T) / positions, flat)


@dataclass(frozen=True)
class Moments:
    """Style statistics of one layer: ``mean`` (C,), ``raw`` = F F^T / M (C, C), and the number of positions M.

    Raw moments, unlike covariances and square roots, may be averaged: a mix of styles is the mean of their moments.
    """

    mean: Tensor
    raw: Tensor
    positions: int

    @classmethod
    def of(cls, features: Tensor) -> Moments:
        """Moments of features (1, C, H, W), in float32 at the least: sums over a picture outgrow half precision."""
        flat = features.flatten(2)[0]
        flat = flat.float() if flat.dtype in (torch.bfloat16, torch.float16) else flat
        mean, raw = FirstTwoMoments.apply(flat)
        return cls(mean, raw, flat.shape[1])

    @classmethod
    def mix(cls, moments: Sequence[Moments], weights: Sequence[float]) -> Moments:
        """The weighted mean of several styles' moments (weights sum to 1)."""
        return cls(
            weighted_sum(weights, (m.mean for m in moments)),
            weighted_sum(weights, (m.raw for m in moments)),
            round(sum(w * m.positions for m, w in zip(moments, weights, strict=True))),
        )


# -- content ---------------------------------------------------------------------------------------------------------


class ContentLoss:
    """``sum (F - P)^2 / sum P^2``: the relative squared feature error."""

    def __init__(self, target: Tensor) -> None:
        """``target``: the content's features (1, C, H, W)."""
        self.target = target.detach()
        self.energy = _squared(self.target) + EPS

    def __call__(self, features: Tensor) -> Tensor:
        """A scalar, 0 or more."""
        return _squared(features - self.target) / self.energy


class GatysContentLoss(ContentLoss):
    """``1/2 sum (F - P)^2``: equation 1 of the 2016 paper."""

    def __call__(self, features: Tensor) -> Tensor:
        """A scalar, 0 or more; grows with the picture."""
        return _squared(features - self.target) / 2


def _squared(difference: Tensor) -> Tensor:
    return difference.square().sum(dtype=torch.promote_types(difference.dtype, torch.float32))


# -- style -----------------------------------------------------------------------------------------------------------


class GramLoss:
    """``|G - A|^2 / |A|^2`` with G = F F^T / M: independent of the picture's size and of the encoder's scale."""

    def __init__(self, target: Moments) -> None:
        self.target = target.raw.detach()
        self.energy = self.target.square().sum() + EPS

    def __call__(self, features: Tensor) -> Tensor:
        return (Moments.of(features).raw - self.target).square().sum() / self.energy


class GatysGramLoss:
    """``E = 1 / (4 N^2 M^2) sum (G - A)^2`` with G = F F^T, N channels: equation 4 of the 2016 paper.

    The paper takes content and style at one size, so both Gram matrices are sums over the same M positions. Where sizes
    differ, the style's is scaled to the painting's M; at equal sizes this is the paper's number.
    """

    def __init__(self, target: Moments) -> None:
        self.target = target.raw.detach()

    def __call__(self, features: Tensor) -> Tensor:
        channels, positions = features.shape[1], features.shape[2] * features.shape[3]
        gram = Moments.of(features).raw * positions
        return (gram - self.target * positions).square().sum() / (4 * channels**2 * positions**2)


class W2Loss:
    """Squared 2-Wasserstein distance between Gaussians fitted to the features, over the style's energy ``tr(A)``:

    ``|m - m*|^2 + tr(S + S* - 2 (S*^1/2 S S*^1/2)^1/2)``   (Olkin & Pukelsheim 1982)

    Unlike Gram matrices, which the features' means dominate, it asks for the means and for the shape of their
    distribution alike, which brings out large strokes.
    """

    RIDGE = 1e-4

    def __init__(self, target: Moments) -> None:
        self.mean = target.mean.detach()
        self.covariance = self._covariance(target)
        self.root = symmetric_sqrt(self.covariance)
        self.energy = torch.trace(target.raw.detach()) + EPS

    def _covariance(self, moments: Moments) -> Tensor:
        covariance = moments.raw - torch.outer(moments.mean, moments.mean)
        # The ridge keeps the square roots of flat (grey, empty) pictures differentiable.
        return covariance + self.RIDGE * torch.eye(len(covariance), device=covariance.device)

    def __call__(self, features: Tensor) -> Tensor:
        moments = Moments.of(features)
        covariance = self._covariance(moments)
        cross = trace_sqrt(self.root @ covariance @ self.root)
        spread = torch.trace(covariance) + torch.trace(self.covariance) - 2 * cross
        return ((moments.mean - self.mean).square().sum() + spread) / self.energy


class TraceSqrt(torch.autograd.Function):
    """``tr(X^1/2)`` of a symmetric positive matrix, with its gradient ``X^-1/2 / 2`` in closed form.

    One eigendecomposition serves both directions; backpropagating through an iterative square root costs several times
    the whole encoder at small sizes.
    """

    @staticmethod
    def forward(ctx: Any, matrix: Tensor) -> Tensor:
        """``matrix`` (C, C) -> scalar."""
        values, vectors = eigh(matrix)
        roots = values.clamp_min(0).sqrt()
        ctx.save_for_backward(roots, vectors)
        return roots.sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """The gradient (C, C), finite also where the matrix is singular."""
        roots, vectors = ctx.saved_tensors
        floor = roots.max() * 1e-4 + EPS
        return gradient * 0.5 * (vectors / roots.clamp_min(floor)) @ vectors.T


trace_sqrt = TraceSqrt.apply


def eigh(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (C,) and vectors (C, C) of a symmetric matrix; NaN where there are none to be had.

    On the CPU where the device lacks the routine (MPS). The routine refuses non-finite input with an exception; NaN lets
    the optimiser treat such a step like any other bad one.
    """
    symmetric = (matrix + matrix.T) / 2
    try:
        values, vectors = torch.linalg.eigh(symmetric.cpu() if matrix.device.type == "mps" else symmetric)
    except torch.linalg.LinAlgError:
        return torch.full_like(matrix[0], torch.nan), torch.full_like(matrix, torch.nan)
    return values.to(matrix.device), vectors.to(matrix.device)


def symmetric_sqrt(matrix: Tensor) -> Tensor:
    """The symmetric positive square root (C, C)."""
    values, vectors = eigh(matrix)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T


# -- smoothness ------------------------------------------------------------------------------------------------------


def total_variation(picture: Tensor) -> Tensor:
    """Mean squared difference of neighbours, diagonals included at a quarter of the weight, borders replicated."""
    padded = F.pad(picture, (1, 1, 1, 1), mode="replicate")
    inner = padded[..., 1:-1, 1:-1]
    right = (padded[..., 1:-1, 2:] - inner).square().mean()
    below = (padded[..., 2:, 1:-1] - inner).square().mean()
    falling = (padded[..., 1:, 1:] - padded[..., :-1, :-1]).square().mean()
    rising = (padded[..., 1:, :-1] - padded[..., :-1, 1:]).square().mean()
    return 2 * ((right + below) / 3 + (falling + rising) / 12)


LayerLoss = Callable[[Tensor], Tensor]
"""A layer's features (1, C, H, W) -> scalar."""

STYLE_LOSSES: dict[str, Callable[[Moments], LayerLoss]] = {"gram": GramLoss, "gatys": GatysGramLoss, "w2": W2Loss}
CONTENT_LOSSES: dict[str, Callable[[Tensor], LayerLoss]] = {
    "gram": ContentLoss,
    "gatys": GatysContentLoss,
    "w2": ContentLoss,
    "nearest": ContentLoss,
}
