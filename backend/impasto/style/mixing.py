"""From artists' words to a mix of a transformation network's rows."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

IDENTITY = 0
"""The row that paints the picture as it is; strength 0."""

ROWS = 4
"""Rows of one style: it as people get it when they ask for nothing, and what has to be added for broader strokes (detail 0), for
finer ones (detail 1) and for more of it (strength 1). Three differences rather than three whole styles: what is learnt of a
painting in its first row holds for all."""

USUAL = 0.5
"""The strength and the detail of a style's first row."""


FAINT = 0.15
"""Below this strength the content shines through: norms forget a picture's own colours, so that the row that paints it as it is
gives those of an average photograph."""


def opacity_of(strength: float, identity: bool) -> float:
    """Of the painting over the content. ``identity``: whether the network has a row that paints the picture as it is; one that has
    not knows one strength alone, the usual, and the content shines through below that."""
    return min(1.0, strength / (FAINT if identity else USUAL))


def rows_of(number: int) -> tuple[int, ...]:
    """The rows of a network's style ``number``, from 0."""
    first = IDENTITY + 1 + ROWS * number
    return tuple(range(first, first + ROWS))


def mix_of(rows: int, styles: Sequence[Sequence[int]], weights: Sequence[float], strength: float, detail: float) -> Tensor:
    """(rows,): the mix for ``styles`` (the rows of each; networks trained elsewhere have the first alone) in ``weights`` (summing
    to 1), at ``strength`` and ``detail`` 0..1. The identity has what the styles leave below the usual strength."""
    share = min(1.0, strength / USUAL)
    broader, finer = (share * max(0.0, sign * (detail - USUAL) / USUAL) for sign in (-1, 1))
    parts = share, broader, finer, max(0.0, (strength - USUAL) / (1 - USUAL))
    mix = torch.zeros(rows)
    for style, weight in zip(styles, weights, strict=True):
        for row, part in zip(style, parts, strict=False):
            mix[row] += weight * part
    mix[IDENTITY] += 1 - share
    return mix
