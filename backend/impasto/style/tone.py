"""Light and dark where the picture has them: a painting's lowest frequencies of luminance are drawn towards the picture's.

Instance norms forget how bright a picture and its parts are: a networks's white paper may be darker than its night sky, and
beside a line on a flat ground lies a halo of what the line is made of. What is larger than strokes and forms, a thirtieth of the
long side and more, can be set right afterwards, and costs next to no style.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from ..sizes import Size, shrunk
from .colour import luminance
from .scales import enlarged_rows, size_of
from .transformer import INPUT_MEAN

GRID_SIDE = 64
"""Cells along the long side of the grid on which luminance is compared."""

BLUR = 2.0
"""Standard deviation, in cells, of the Gaussian by which it is smoothed. With 0.7 strokes lose contrast."""

OVERALL = 0.5
"""How far the painting gets brighter or darker as a whole where the picture is brighter or darker than most."""

FLAT = 1e-3
"""Standard deviation of a luminance in which there is nothing to go by."""


def tone_share(strength: float) -> float:
    """How far tones are drawn back: half at the default strength 0.5, not at all at 0 (the picture itself) and 1 (the style's)."""
    return 2 * strength * (1 - strength)


class ToneCorrection:
    """What to add to each px of a painting of ``size``, all channels alike, in the range of sRGB 0..1."""

    def __init__(self, painted: Tensor, content: Tensor, size: Size, share: float) -> None:
        """``painted`` and ``content`` (1, 3, h, w): the whole of both, or evenly spread px of them. ``share`` 0..1."""
        now, before = _coarse(painted), _coarse(content)
        gain = min(1.0, float(now.std(correction=0)) / max(float(before.std(correction=0)), FLAT))
        wanted = now.mean() + gain * (before - before.mean()) + OVERALL * gain * (before.mean() - INPUT_MEAN)
        self._height = size[0]
        self._grid = enlarged_rows(share * (wanted - now).T, 0, size[1], size[1]).T  # (cells, width)

    def rows(self, top: int, bottom: int) -> Tensor:
        """(bottom - top, width)."""
        return enlarged_rows(self._grid, top, bottom, self._height)


def _coarse(picture: Tensor) -> Tensor:
    """(cells down, cells across): the luminance on the grid, smoothed."""
    cells = F.interpolate(luminance(picture), shrunk(size_of(picture), GRID_SIDE), mode="area")[0, 0]
    down, across = (_gaussian(side).to(cells) for side in cells.shape)
    return down @ cells @ across.T


def _gaussian(length: int) -> Tensor:
    """(length, length): each row the weights of one cell's surroundings."""
    places = torch.arange(length, dtype=torch.float32)
    weights = torch.exp(-0.5 * ((places[:, None] - places) / BLUR).square())
    return weights / weights.sum(1, keepdim=True)
