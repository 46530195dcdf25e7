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


def mix_of(rows: int, styles: Sequence[tuple[int, int]], weights: Sequence[float], strength: float, detail: float) -> Tensor:
    """(rows,): the mix for ``styles`` (each its broad row and its fine one) in ``weights`` (summing to 1).

    ``strength`` is the styles' share of it; the rest is the identity's.
    """
    mix = torch.zeros(rows)
    for (broad, fine), weight in zip(styles, weights, strict=True):
        mix[broad] += strength * weight * (1 - detail)
        mix[fine] += strength * weight * detail
    mix[IDENTITY] += 1 - strength
    return mix
