"""Keeping the content's colours.

Gatys, Bethge, Hertzmann & Shechtman 2016, "Preserving Color in Neural Artistic Style Transfer" (arXiv 1606.05897).
Pictures are (1, 3, H, W), sRGB-encoded, 0..1, as in the paper and its code: no linearisation.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .losses import symmetric_sqrt

RIDGE = 1e-5
"""Added to every colour covariance, so that grey pictures (a singular one) have a root and an inverse."""

_LUMA = (0.299, 0.587, 0.114)


def luminance(picture: Tensor) -> Tensor:
    """The Y of YIQ, (1, 1, H, W)."""
    return (picture * picture.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def match_luminance(style: Tensor, content: Tensor) -> Tensor:
    """``L' = (s_C / s_S) (L_S - m_S) + m_C``: the style's luminance with the content's mean and deviation, (1, 3, H, W) grey.

    The gain is held to 1/3..3: a flat style blown up to a lively content's contrast would be noise.
    """
    y_style, y_content = luminance(style), luminance(content)
    gain = (y_content.std() / y_style.std().clamp_min(1e-4)).clamp(1 / 3, 3)
    return ((y_style - y_style.mean()) * gain + y_content.mean()).clamp(0, 1).expand(-1, 3, -1, -1).contiguous()


def with_luminance(content: Tensor, y: Tensor) -> Tensor:
    """``content`` with its Y replaced by ``y`` (1, 1, H, W); chroma (I, Q) unchanged except where the gamut forces it.

    A colour that leaves 0..1 is drawn towards its grey just far enough to return, so hue stays where clipping would turn it.
    """
    y = y.clamp(0, 1)
    chroma = content - luminance(content)
    room = torch.where(chroma > 0, 1 - y, y) / chroma.abs().clamp_min(1e-6)
    return y + chroma * room.amin(1, keepdim=True).clamp(0, 1)


def keep_chroma(content: Tensor, painted: Tensor) -> Tensor:
    """``painted`` (1, 3, H, W) with the colours of ``content``: only its luminance counts."""
    return with_luminance(content, luminance(painted))


def match_palette(style: Tensor, content: Tensor) -> Tensor:
    """``style`` with the content's mean colour and colour covariance, clipped to 0..1."""
    return recoloured(style, *palette_map(style, content))


def palette_map(style: Tensor, content: Tensor) -> tuple[Tensor, Tensor]:
    """``A`` (3, 3) and ``b`` (3,) of the linear Monge-Kantorovich map ``x' = A x + b`` from the style's colours to the content's.

    ``x' = A (x - m_S) + m_C`` with ``A = S_S^-1/2 (S_S^1/2 S_C S_S^1/2)^1/2 S_S^-1/2``, so ``A S_S A^T = S_C``.
    """
    (mean_s, cov_s), (mean_c, cov_c) = _colour_statistics(style), _colour_statistics(content)
    root = symmetric_sqrt(cov_s)
    inverse = torch.linalg.inv(root)
    transport = inverse @ symmetric_sqrt(root @ cov_c @ root) @ inverse
    shift = mean_c - transport.to(mean_c) @ mean_s
    return transport.to(style), shift.to(style)


def recoloured(picture: Tensor, transport: Tensor, shift: Tensor) -> Tensor:
    """A :func:`palette_map` applied to every pixel, clipped to 0..1."""
    return (torch.einsum("dc,nchw->ndhw", transport, picture) + shift.view(1, 3, 1, 1)).clamp(0, 1)


def _colour_statistics(picture: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (3,) and covariance (3, 3) of the colours; float64 on the CPU: three-by-three, but ill-conditioned."""
    flat = picture.detach().flatten(2)[0].cpu().double()
    mean = flat.mean(1)
    centred = flat - mean[:, None]
    covariance = centred @ centred.T / flat.shape[1] + RIDGE * torch.eye(3, dtype=torch.float64)
    return mean.to(picture.device, torch.float64) if picture.device.type != "mps" else mean, covariance
