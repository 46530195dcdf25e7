"""Feature maps that are computed and read some rows at a time, so that no picture is too large.

The output of one stage of a network is read through one of these by the next stage. A map says its ``channels``, ``height`` and
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


class FeatureMap(Protocol):
    """Features with ``height`` rows."""

    channels: int
    height: int
    width: int

    def rows(self, top: int, bottom: int) -> Tensor:
        """(1, channels, bottom - top, width), for rows within the map; not to be written to."""


class FeatureBuffer(FeatureMap, Protocol):
    """A map that holds what is written to it."""

    def write(self, top: int, rows: Tensor) -> None:
        """Keep ``rows`` (1, channels, n, width) from row ``top`` on; each row may be written again."""


BufferFactory = Callable[[int, int, int], FeatureBuffer]
"""(channels, height, width) -> a buffer for such a map."""

Source = Callable[[int, int], Tensor]
"""(top, bottom) -> (1, 3, bottom - top, width), sRGB 0..1; always within the picture."""


def reflected_source(source: Source, size: Size, margin: int) -> Source:
    """The rows of a picture of ``size`` (height, width) continued by ``margin`` px on every side as its mirror image, or its edge
    where it is too small (``scales.pad`` for a picture that comes some rows at a time)."""
    height, width = size

    def rows(top: int, bottom: int) -> Tensor:
        lines = [_reflected(line - margin, height, margin) for line in range(top, bottom)]
        first, last = min(lines), max(lines) + 1
        rows_read = source(first, last)
        if lines != list(range(first, last)):
            rows_read = rows_read[:, :, torch.tensor(lines, device=rows_read.device) - first]
        return F.pad(rows_read, (margin, margin, 0, 0), mode="reflect" if margin < width else "replicate")

    return rows


def _reflected(line: int, height: int, margin: int) -> int:
    if margin < height:
        line = abs(line)
        line = min(line, 2 * (height - 1) - line)
    return min(max(line, 0), height - 1)


class MemoryBuffer:
    """A buffer on the device and in the dtype of ``like``, one of the network's weights."""

    def __init__(self, channels: int, height: int, width: int, like: Tensor) -> None:
        self.channels, self.height, self.width = channels, height, width
        layout = torch.contiguous_format if like.dtype == torch.float32 else torch.channels_last
        self._whole = torch.empty((1, channels, height, width), dtype=like.dtype, device=like.device, memory_format=layout)

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`FeatureMap`."""
        return self._whole[:, :, top:bottom]

    def write(self, top: int, rows: Tensor) -> None:
        """See :class:`FeatureBuffer`."""
        self._whole[:, :, top : top + rows.shape[2]] = rows


class PreprocessedMap:
    """A picture as the first stage sees it; its sides are replicated to multiples of the network's stride."""

    def __init__(self, network: Network, source: Source, height: int, width: int) -> None:
        self._network, self._source, self._height, self._short = network, source, height, width
        unit = network.stride
        probe = network.preprocess(torch.zeros(1, 3, unit, unit))
        self._unit = unit // probe.shape[-2]
        """Px of a row of this map."""
        self.channels = probe.shape[1]
        self.height, self.width = (-(-side // unit) * unit // self._unit for side in (height, width))

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`FeatureMap`."""
        top, bottom = top * self._unit, bottom * self._unit
        rows_read = self._source(min(top, self._height - 1), min(bottom, self._height))
        missing = bottom - top - rows_read.shape[2]
        padded = F.pad(rows_read, (0, self.width * self._unit - self._short, 0, missing), mode="replicate")
        return self._network.preprocess(padded)


class ConvolvedMap:
    """The output of a convolution, computed anew whenever it is read."""

    def __init__(self, before: FeatureMap, convolution: Convolution) -> None:
        self._before, self._convolution = before, convolution
        self.channels = convolution.channels
        self.height, self.width = (side * convolution.up // convolution.down for side in (before.height, before.width))

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`FeatureMap`. ``top`` and ``bottom`` fall between rows that are read."""
        convolution = self._convolution
        scale, halo = convolution.down / convolution.up, convolution.halo
        first, last = int(top * scale) - halo, int(bottom * scale) + halo
        rows_read = self._before.rows(max(0, first), min(self._before.height, last))
        return convolution(rows_read, above=first < 0, below=last > self._before.height)

    def cost(self) -> int:
        """Multiplications for the whole of it."""
        return self._convolution.weight.numel() * self.height * self.width


class StageMap:
    """The output of a stage, from that of its convolution."""

    def __init__(self, raw: FeatureMap, stage: Stage, mix: Tensor, earlier: FeatureMap | None) -> None:
        self._raw, self._stage, self._mix = raw, stage, mix
        self._earlier = earlier
        self.channels, self.height, self.width = raw.channels, raw.height, raw.width

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`FeatureMap`."""
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
        """Let the norm use these from now on."""
        self._norm.statistics = self._mean.float(), self._variance.float()
