"""Maps of features that are made and read some rows at a time, so that no picture is too large.

What a stage of a network gives is read through one of these by the next one. A map says its ``channels``, ``height`` and
``width``, and gives ``rows(top, bottom)``: (1, channels, bottom - top, width).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from ..sizes import Size
from .layers import ConditionalNorm, Convolution
from .transformer import Network, Stage


class Map(Protocol):
    """Features with ``height`` rows."""

    channels: int
    height: int
    width: int

    def rows(self, top: int, bottom: int) -> Tensor:
        """(1, channels, bottom - top, width), for rows within the map; not to be written to."""


class Shelf(Map, Protocol):
    """A map that keeps what is put into it."""

    def put(self, top: int, rows: Tensor) -> None:
        """Keep ``rows`` (1, channels, n, width) from row ``top`` on; each row may be put again."""


Shelves = Callable[[int, int, int], Shelf]
"""(channels, height, width) -> room for a map."""

Source = Callable[[int, int], Tensor]
"""(top, bottom) -> (1, 3, bottom - top, width), sRGB 0..1; always within the picture."""


def mirrored(source: Source, size: Size, margin: int) -> Source:
    """The rows of a picture of ``size`` (height, width) continued by ``margin`` px on every side as its mirror image, or its edge
    where it is too small (``scales.widen`` for a picture that comes some rows at a time)."""
    height, width = size

    def rows(top: int, bottom: int) -> Tensor:
        lines = [_reflected(line - margin, height, margin) for line in range(top, bottom)]
        first, last = min(lines), max(lines) + 1
        seen = source(first, last)
        if lines != list(range(first, last)):
            seen = seen[:, :, torch.tensor(lines, device=seen.device) - first]
        return F.pad(seen, (margin, margin, 0, 0), mode="reflect" if margin < width else "replicate")

    return rows


def _reflected(line: int, height: int, margin: int) -> int:
    if margin < height:
        line = abs(line)
        line = min(line, 2 * (height - 1) - line)
    return min(max(line, 0), height - 1)


class InMemory:
    """A shelf on the device and in the type of ``like``, a weight of the network's."""

    def __init__(self, channels: int, height: int, width: int, like: Tensor) -> None:
        self.channels, self.height, self.width = channels, height, width
        layout = torch.contiguous_format if like.dtype == torch.float32 else torch.channels_last
        self._whole = torch.empty((1, channels, height, width), dtype=like.dtype, device=like.device, memory_format=layout)

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`Map`."""
        return self._whole[:, :, top:bottom]

    def put(self, top: int, rows: Tensor) -> None:
        """See :class:`Shelf`."""
        self._whole[:, :, top : top + rows.shape[2]] = rows


class Entered:
    """A picture as the first stage sees it; its sides are replicated to multiples of the network's stride."""

    def __init__(self, network: Network, source: Source, height: int, width: int) -> None:
        self._network, self._source, self._height, self._short = network, source, height, width
        unit = network.stride
        probe = network.enter(torch.zeros(1, 3, unit, unit))
        self._unit = unit // probe.shape[-2]
        """Px of a row of this map."""
        self.channels = probe.shape[1]
        self.height, self.width = (-(-side // unit) * unit // self._unit for side in (height, width))

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`Map`."""
        top, bottom = top * self._unit, bottom * self._unit
        seen = self._source(min(top, self._height - 1), min(bottom, self._height))
        missing = bottom - top - seen.shape[2]
        padded = F.pad(seen, (0, self.width * self._unit - self._short, 0, missing), mode="replicate")
        return self._network.enter(padded)


class Convolved:
    """What a convolution gives, worked out anew whenever it is read."""

    def __init__(self, before: Map, convolution: Convolution) -> None:
        self._before, self._convolution = before, convolution
        self.channels = convolution.channels
        self.height, self.width = (side * convolution.up // convolution.down for side in (before.height, before.width))

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`Map`. ``top`` and ``bottom`` fall between rows that are read."""
        done = self._convolution
        first, last = top * done.down // done.up - done.reach, bottom * done.down // done.up + done.reach
        seen = self._before.rows(max(0, first), min(self._before.height, last))
        return done(seen, above=first < 0, below=last > self._before.height)

    def cost(self) -> int:
        """Multiplications for the whole of it."""
        return self._convolution.weight.numel() * self.height * self.width


class Finished:
    """What a stage gives, from what its convolution gave."""

    def __init__(self, raw: Map, stage: Stage, mix: Tensor, earlier: Map | None) -> None:
        self._raw, self._stage, self._mix = raw, stage, mix
        self._earlier = earlier
        self.channels, self.height, self.width = raw.channels, raw.height, raw.width

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`Map`."""
        added = self._earlier.rows(top, bottom) if self._earlier else None
        return self._stage.finish(self._raw.rows(top, bottom), self._mix, added)


class Statistics:
    """Mean and variance of a map that comes in parts (Chan, Golub & LeVeque 1983: parts of any size join without cancelling)."""

    def __init__(self, norm: ConditionalNorm) -> None:
        self._norm, self._count = norm, 0
        self._mean = self._variance = torch.zeros(())

    def add(self, part: Tensor) -> None:
        """``part`` (1, C, n, W)."""
        variance, mean, count = self._norm.measured(part)
        variance, mean = variance.double(), mean.double()
        share = count / (self._count + count)
        apart = mean - self._mean
        self._mean = self._mean + share * apart
        self._variance = (1 - share) * self._variance + share * variance + share * (1 - share) * apart.square()
        self._count += count

    def freeze(self) -> None:
        """From now on the norm uses these."""
        self._norm.statistics = self._mean.float(), self._variance.float()
