"""Noise in a network's input, without which flat and smooth grounds become stripes, rings and grids.

Instance norms stretch whatever there is in a picture to the same deviation. On a ground of one colour that is what reflected
borders leave behind, on a gradient the steps of its 8 bits. A trace of noise, far below what anybody sees, is stretched
instead, and becomes strokes: fine noise for the strokes themselves, and coarse noise for forms that they gather in, without which
a gradient still shows as bands and rings of strokes.

The noise is a function of the position alone, counted from the top left corner of the picture that is painted: a picture painted
twice, in one piece or some rows at a time, on any device, is the same. A part that was cut out before has a corner of its own.
"""

from __future__ import annotations

import functools
from statistics import NormalDist

import torch
from torch import Tensor

from .feature_maps import Source

NOISE = 1.5 / 255
"""Standard deviation of the fine noise, sRGB 0..1, that networks are trained with. Less leaves stripes in gradients of 8 bits."""

COARSE_SHARE, COARSE_CELL = 2.0, 32
"""The coarse noise: its standard deviation at the corners of its cells, in those of the fine noise, and the cells' side in px.
With a third of it gradients still showed rings; twice as much did no better. (``benchmarks/flat_grounds.py``)"""

SEGMENT = 1024
"""Px of a row that are one piece of the sequence of random numbers."""

_LENGTH, _LEVELS = 1 << 18, 1 << 12
"""Of the sequence: how many numbers it has, and how many different ones."""


def add_noise(pictures: Tensor, sigma: float, top: int = 0) -> Tensor:
    """``pictures`` (N, 3, H, W), sRGB 0..1, with noise of ``sigma``; their first row is row ``top`` of what is painted."""
    if not sigma:
        return pictures
    noise = position_noise(top, top + pictures.shape[-2], pictures.shape[-1])
    return torch.add(pictures, noise.to(pictures), alpha=sigma).clamp_(0, 1)


def noisy_source(source: Source, sigma: float) -> Source:
    """The rows of a picture with noise of ``sigma``."""
    return lambda top, bottom: add_noise(source(top, bottom), sigma, top)


def position_noise(top: int, bottom: int, width: int) -> Tensor:
    """(1, 3, bottom - top, width) on the CPU: fine noise of mean 0 and deviation 1 and coarse noise, which all channels share."""
    return _fine(top, bottom, width).add_(_coarse(top, bottom, width), alpha=COARSE_SHARE)


def _fine(top: int, bottom: int, width: int) -> Tensor:
    """Every :data:`SEGMENT` px of a row of a channel are a piece of one long sequence, from where the hash of their place says:
    a tenth of the time of hashing every px."""
    places = torch.arange(3).view(3, 1, 1) + 4 * torch.arange(-(-width // SEGMENT))
    starts = _hashed(_hashed(places) ^ torch.arange(top, bottom).view(1, -1, 1)) % (_LENGTH - SEGMENT + 1)
    return _sequence().unfold(0, SEGMENT, 1)[starts].flatten(2)[None, :, :, :width]


def _coarse(top: int, bottom: int, width: int) -> Tensor:
    """(bottom - top, width): values at the corners of cells, and smoothly between them."""
    (above, down), (before, along) = _in_cells(top, bottom), _in_cells(0, width)
    across = _hashed(torch.arange(int(before[-1]) + 2) * 4 + 3)
    corners = _sequence()[_hashed(across ^ torch.arange(int(above[0]), int(above[-1]) + 2)[:, None]) % _LENGTH]
    rows = torch.lerp(corners[:, before], corners[:, before + 1], along)
    above = above - above[0]
    return torch.lerp(rows[above], rows[above + 1], down[:, None])


def _in_cells(first: int, last: int) -> tuple[Tensor, Tensor]:
    """Of px ``first`` to ``last``: the cell that each is in, and how far it is from that one's corner to the next, 0..1, eased."""
    px = torch.arange(first, last)
    along = (px % COARSE_CELL + 0.5) / COARSE_CELL
    return px // COARSE_CELL, along * along * (3 - 2 * along)


@functools.cache
def _sequence() -> Tensor:
    """(_LENGTH,): hashes through the quantiles of the normal distribution, so that no platform's random numbers matter."""
    normal = NormalDist()
    quantiles = torch.tensor([normal.inv_cdf((level + 0.5) / _LEVELS) for level in range(_LEVELS)])
    return quantiles[_hashed(torch.arange(_LENGTH)) % _LEVELS]


def _hashed(x: Tensor) -> Tensor:
    """Integers 0..2^32-1 (int64) as others that look random (C. Wellons' two rounds of multiply and xor-shift, "lowbias32")."""
    x = (x ^ (x >> 16)) * 0x21F0AAAD & 0xFFFFFFFF
    x = (x ^ (x >> 15)) * 0x735A2D97 & 0xFFFFFFFF
    return x ^ (x >> 15)
