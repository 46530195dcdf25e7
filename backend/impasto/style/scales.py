"""Coarse to fine: the sizes a picture is painted at, and moving between them."""

from __future__ import annotations

import math

from torch import Tensor
from torch.nn import functional as F

Size = tuple[int, int]
"""Height and width in px."""

COARSEST_LONG_SIDE = 128
"""Below this a picture has too few features for statistics to mean anything."""

COARSEST_SHORT_SIDE = 48
"""Long, thin pictures stop earlier, before the encoder's deepest layer is down to a row of single values."""


def pyramid(size: Size, count: int = 0) -> list[Size]:
    """Sizes from coarse to fine, each sqrt(2) apart, ending with ``size``. ``count`` 0: as many as the picture asks for."""
    height, width = size
    if count == 0:
        shrink = max(COARSEST_LONG_SIDE / max(size), COARSEST_SHORT_SIDE / min(size))
        count = 1 + max(0, math.floor(2 * math.log2(1 / shrink) + 1e-6))
    sizes = [(max(16, round(height / 2 ** (k / 2))), max(16, round(width / 2 ** (k / 2)))) for k in reversed(range(count))]
    sizes[-1] = size
    return sorted(set(sizes))


def margin_of(size: Size) -> int:
    """Width in px of the strip that is painted beyond each edge and cut off again: what zero padding spoils in the encoder's
    deeper layers (streaks, dots and fringes along the border) happens there."""
    return max(8, round(max(size) / 64))


def widened(size: Size, margin: float) -> Size:
    """``size`` with ``margin`` on every side, to the nearest px."""
    return round(size[0] + 2 * margin), round(size[1] + 2 * margin)


def widen(picture: Tensor, margin: int) -> Tensor:
    """``picture`` (1, C, H, W) continued by ``margin`` px on every side as its mirror image, or its edge where it is too small."""
    mode = "reflect" if margin < min(picture.shape[-2:]) else "replicate"
    return F.pad(picture, (margin, margin, margin, margin), mode=mode)


def trim(picture: Tensor, margin: int) -> Tensor:
    """The inverse of :func:`widen`."""
    return picture[..., margin:-margin, margin:-margin]


def fit(size: Size, long_side: float) -> Size:
    """``size`` scaled to ``long_side``, aspect kept; at least 16 px a side."""
    factor = long_side / max(size)
    return max(16, round(size[0] * factor)), max(16, round(size[1] * factor))


def resize(picture: Tensor, size: Size) -> Tensor:
    """``picture`` (1, C, H, W) at ``size``; bicubic, low-passed when shrinking. Unchanged (the same tensor) if it fits already."""
    if tuple(picture.shape[-2:]) == tuple(size):
        return picture
    shrinking = size[0] < picture.shape[-2] or size[1] < picture.shape[-1]
    return F.interpolate(picture, size=size, mode="bicubic", align_corners=False, antialias=shrinking)
