"""The fast method: one forward pass, in tiles where the picture is large, of any size in bounded memory.

Instance norms look at the whole picture, so tiles cannot each have their own. A picture larger than :data:`WHOLE_PIXELS` is
painted with statistics measured once, over squares spread evenly over it at its own scale, and frozen; painted in one piece or
in tiles, the result is then the same. It is not quite what the statistics of every pixel would give: those need a pass for each
norm, or all features of the picture in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import torch
from torch import Tensor

from .scales import Size
from .transformer import Network, receptive_margin

WHOLE_PIXELS = 1536 * 1024
"""Pictures up to so many px are painted in one piece, with their own statistics."""

TILE = 512
"""Side of a tile's core, px: a multiple of every network's stride."""

SAMPLE_SIDE, SAMPLES = 256, 24
"""Statistics of a large picture: from so many squares of this side (which is as many px as one painted in one piece has)."""


class Source(Protocol):
    """A picture that gives parts of itself."""

    def __call__(self, top: int, left: int, height: int, width: int) -> Tensor:
        """(1, 3, height, width), sRGB 0..1; always within the picture."""


class FeedForward:
    """A network ready to paint one picture of ``size`` (height, width) with one ``mix`` (rows,)."""

    def __init__(self, network: Network, mix: Tensor, source: Source, size: Size) -> None:
        self.network, self.source, self.size = network.eval(), source, size
        self.mix = mix[None]
        self.margin = receptive_margin(network)
        self.whole = not network.tiles or size[0] * size[1] <= WHOLE_PIXELS

    def tiles(self) -> int:
        """How many parts :meth:`paint` will give."""
        return 1 if self.whole else len(_starts(self.size[0])) * len(_starts(self.size[1]))

    def paint(self) -> Iterator[tuple[int, int, Tensor]]:
        """(top, left, painted (1, 3, h, w) in 0..1), tile after tile, row by row, covering the picture exactly once."""
        # A painting that was dropped half-way may not have been tidied up yet.
        forget(self.network)
        with torch.inference_mode():
            if self.whole:
                yield 0, 0, self.network(self.source(0, 0, *self.size), self.mix).clamp(0, 1)
                return
            with measured(self.network):
                samples = self._samples()
                self.network(samples, self.mix.expand(len(samples), -1))
                del samples
                yield from self._tiled()

    def _tiled(self) -> Iterator[tuple[int, int, Tensor]]:
        for top in _starts(self.size[0]):
            for left in _starts(self.size[1]):
                yield top, left, self._tile(top, left)

    def _tile(self, top: int, left: int) -> Tensor:
        height, width = min(TILE, self.size[0] - top), min(TILE, self.size[1] - left)
        from_top, from_left = max(0, top - self.margin), max(0, left - self.margin)
        to_bottom, to_right = min(self.size[0], top + height + self.margin), min(self.size[1], left + width + self.margin)
        seen = self.source(from_top, from_left, to_bottom - from_top, to_right - from_left)
        painted = self.network(seen, self.mix)
        return painted[..., top - from_top:top - from_top + height, left - from_left:left - from_left + width].clamp(0, 1)

    def _samples(self) -> Tensor:
        """(N, 3, side, side): squares on an even grid over the picture, as many along each side as its shape asks for."""
        height, width = self.size
        side = min(SAMPLE_SIDE, height, width)
        down = max(1, min(SAMPLES, round(math.sqrt(SAMPLES * height / width))))
        across = max(1, SAMPLES // down)
        places = [(round(y), round(x)) for y in _even(height - side, down) for x in _even(width - side, across)]
        return torch.cat([self.source(top, left, side, side) for top, left in places])


def _starts(side: int) -> range:
    return range(0, side, TILE)


def _even(room: int, count: int) -> Sequence[float]:
    return [room * (k + 0.5) / count for k in range(count)]


@contextmanager
def measured(network: Network) -> Iterator[None]:
    """Within, the first pass sets every norm's statistics, over all its pictures together; afterwards they are forgotten."""
    try:
        for norm in network.norms():
            norm.recording = True
        yield
    finally:
        forget(network)


def forget(network: Network) -> None:
    """Every norm measures its own input again."""
    for norm in network.norms():
        norm.statistics, norm.recording = None, False
