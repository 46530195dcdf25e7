"""Convolutions in the quickest form that the machine has.

On a CPU, PyTorch convolves directly; the NNPACK that its builds carry has Winograd's algorithm (Lavin & Gray 2015,
arXiv 1509.09308), which needs a fifth of the multiplications and took 1/1.6 to 1/3 of the time for all but small pictures
(``benchmarks/convolution.py``). Everywhere else this is ``torch.nn.functional.conv2d``.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

WORTHWHILE_PIXELS = 48 * 64
"""Below this the tiles (6 x 6 results each) fit badly and the weights' transform, done anew at each call, weighs too much."""

WORTHWHILE_CHANNELS = 16


def convolve(x: Tensor, weight: Tensor, bias: Tensor, stride: int = 1) -> Tensor:
    """``x`` (N, C, H, W), already padded, with ``weight`` (K, C, k, k) and ``bias`` (K,): (N, K, H', W').

    Gradients flow to all three.
    """
    if stride == 1 and not (torch.is_grad_enabled() and weight.requires_grad) and _winograd_pays(x, weight):
        return _Winograd.apply(x, weight, bias, 0)
    return F.conv2d(x, weight, bias, stride=stride)


def convolve_frozen(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``x`` (N, C, H, W), zeros around it, with ``weight`` (K, C, 3, 3) and ``bias`` (K,): (N, K, H, W).

    Gradients flow to ``x`` only. Winograd's rounding differs from the direct sum's by about 1e-5 of the largest value.
    """
    if _winograd_pays(x, weight):
        return _Winograd.apply(x, weight, bias, 1)
    return F.conv2d(x, weight, bias, padding=1)


def _winograd_pays(x: Tensor, weight: Tensor) -> bool:
    return (
        x.device.type == "cpu"
        and x.dtype == weight.dtype == torch.float32
        and weight.shape[-1] == 3
        and x.shape[-2] * x.shape[-1] >= WORTHWHILE_PIXELS
        and min(weight.shape[:2]) >= WORTHWHILE_CHANNELS
        and torch._nnpack_available()
    )


class _Winograd(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, padding: int) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.padding = padding
        return torch._nnpack_spatial_convolution(x.contiguous(), weight, bias, padding=padding)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        # The transpose of a 3 x 3 convolution is one with its taps turned round and its channels swapped.
        (weight,) = ctx.saved_tensors
        turned = weight.transpose(0, 1).flip(2, 3).contiguous()
        return torch._nnpack_spatial_convolution(gradient.contiguous(), turned, None, padding=2 - ctx.padding), None, None, None
