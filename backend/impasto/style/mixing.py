"""From artists' words to a mix of a transformation network's rows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

IDENTITY = 0
"""The row that paints the picture as it is; strength 0."""

SIZES = 2
"""Rows of one style: its strokes broad (detail 0), its strokes fine (detail 1)."""


def rows_of(number: int) -> tuple[int, int]:
    """Broad and fine row of a network's style ``number``, from 0."""
    broad = IDENTITY + 1 + SIZES * number
    return broad, broad + 1


def share_of(strength: float) -> float:
    """How much of the mix the style's rows get at ``strength`` 0..1 (the rest is the identity's): 0, 0.75 at 0.5, 1."""
    return 1 - (1 - strength) ** 2


def mix_of(rows: int, styles: Sequence[tuple[int, int]], weights: Sequence[float], strength: float, detail: float) -> Tensor:
    """(rows,): the mix for ``styles`` (each its broad row and its fine one) in ``weights`` (summing to 1)."""
    mix = torch.zeros(rows)
    share = share_of(strength)
    for (broad, fine), weight in zip(styles, weights, strict=True):
        mix[broad] += share * weight * (1 - detail)
        mix[fine] += share * weight * detail
    mix[IDENTITY] += 1 - share
    return mix
