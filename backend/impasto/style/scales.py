"""Moving pictures between sizes, and the margin that is painted around them."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ..sizes import Size


def size_of(picture: Tensor) -> Size:
    """Height and width of (..., H, W)."""
    return picture.shape[-2], picture.shape[-1]


def margin_of(size: Size) -> int:
    """Width in px of the strip that is painted beyond each edge and cut off again: what zero padding spoils in the encoder's
    deeper layers (streaks, dots and fringes along the border) happens there."""
    return max(8, round(max(size) / 64))


def padded_size(size: Size, margin: float) -> Size:
    """``size`` with ``margin`` on every side, to the nearest px."""
    return round(size[0] + 2 * margin), round(size[1] + 2 * margin)


def pad(picture: Tensor, margin: int) -> Tensor:
    """``picture`` (1, C, H, W) continued by ``margin`` px on every side as its mirror image, or its edge where it is too small."""
    mode = "reflect" if margin < min(picture.shape[-2:]) else "replicate"
    return F.pad(picture, (margin, margin, margin, margin), mode=mode)


def crop_margin(picture: Tensor, margin: int) -> Tensor:
    """The inverse of :func:`pad`."""
    return picture[..., margin:-margin, margin:-margin]


def resize(picture: Tensor, size: Size) -> Tensor:
    """``picture`` (1, C, H, W) at ``size``; bicubic, low-passed when shrinking. Unchanged (the same tensor) if it fits already."""
    if tuple(picture.shape[-2:]) == tuple(size):
        return picture
    shrinking = size[0] < picture.shape[-2] or size[1] < picture.shape[-1]
    return F.interpolate(picture, size=size, mode="bicubic", align_corners=False, antialias=shrinking)


def shrunk_rows(picture: Tensor, first: int, last: int, length: int) -> Tensor:
    """Rows ``first`` to ``last`` of ``picture`` (rows, ...) shrunk to ``length`` rows, each the mean of those that it covers."""
    ratio = len(picture) / length
    begins = torch.arange(first, last, dtype=torch.float64) * ratio
    out = torch.zeros(last - first, *picture.shape[1:], dtype=picture.dtype)
    for number in range(math.ceil(ratio) + 1):
        rows = begins.floor() + number
        covered = (torch.minimum(rows + 1, begins + ratio) - torch.maximum(rows, begins)).clamp(min=0) / ratio
        weights = covered.to(picture).reshape(-1, *[1] * (picture.dim() - 1))
        out.addcmul_(weights, picture[rows.long().clamp(max=len(picture) - 1)])
    return out


def enlarged_rows(picture: Tensor, first: int, last: int, length: int) -> Tensor:
    """Rows ``first`` to ``last`` of ``picture`` (rows, ...) enlarged bilinearly to ``length`` rows; the others are never made."""
    places = ((torch.arange(first, last, dtype=torch.float64) + 0.5) * (len(picture) / length) - 0.5).clamp(0, len(picture) - 1)
    above = places.floor().long()
    share = (places - above).to(picture).reshape(-1, *[1] * (picture.dim() - 1))
    return torch.lerp(picture[above], picture[(above + 1).clamp(max=len(picture) - 1)], share)
