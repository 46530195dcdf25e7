"""The fast method: one forward pass over a picture of any size in bounded memory, with the same result as in one piece.

Instance norms look at the whole picture, so parts of it cannot be painted one after another: no row of a stage is known before
all of its convolution's results have been seen. A large picture therefore goes through the network stage by stage, and through
each stage some rows at a time. Between two stages its features lie in buffers, in memory or wherever the caller has room.
The last stage but one, whose features are the largest, is worked out twice and skipped nowhere.

Some px more are painted beyond each edge and cut off again. A network learns on crops that the encoder sees with zeros around them,
and so learns to draw a line along the border.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..sizes import Size
from .feature_maps import (
    BufferFactory,
    ConvolvedMap,
    FeatureBuffer,
    FeatureMap,
    MemoryBuffer,
    PreprocessedMap,
    Source,
    StageMap,
    Statistics,
    reflected_source,
)
from .mixing import paints_a_style
from .noise import noisy_source
from .scales import crop_margin, padded_size
from .transformer import Network, Stage, skip_sources

WHOLE_PIXELS = 1536 * 1024
"""Pictures up to so many px are painted in one piece."""

PIXELS_AT_ONCE = 1 << 19
"""A larger one goes through each stage so many px at a time, or :data:`MIN_ROWS_AT_ONCE` where it is very wide."""

MIN_ROWS_AT_ONCE = 16
"""Px; a multiple of every network's stride. Fewer, and most of what a convolution reads would be its neighbours'."""


MARGIN = 8
"""Px beyond each edge; one cell of the coarsest features."""


@dataclass(frozen=True)
class Advance:
    """How far a painting is, and the rows that have just been painted: (1, 3, n, W), 0..1, from row ``top`` on."""

    fraction: float
    top: int = 0
    rows: Tensor | None = None


class FeedForward:
    """A network ready to paint one picture of ``size`` (height, width) with one ``mix`` (embeddings,).

    ``buffers`` makes buffers for the features of large pictures; without it they stay in memory. ``source`` is the picture itself:
    the noise that the network wants is added here, before anything is reflected, except to a picture that is to stay as it is.
    """

    def __init__(self, network: Network, mix: Tensor, source: Source, size: Size, buffers: BufferFactory | None = None) -> None:
        self.network, self.size, self.mix = network.eval(), size, mix[None]
        if network.noise and paints_a_style(mix):
            source = noisy_source(source, network.noise)
        self.source, self.padded_size = reflected_source(source, size, MARGIN), padded_size(size, MARGIN)
        self.buffers = buffers or (
            lambda channels, height, width: MemoryBuffer(channels, height, width, next(network.parameters()))
        )
        self.whole = not network.staged or size[0] * size[1] <= WHOLE_PIXELS

    def _in_memory(self, channels: int, height: int, width: int) -> FeatureBuffer:
        return MemoryBuffer(channels, height, width, next(self.network.parameters()))

    def steps(self) -> int:
        """How many times :meth:`paint` will say how far it is."""
        return 1 if self.whole else len(list(self.network.stages())) * len(list(self._bands(self.padded_size[0])))

    @torch.inference_mode()  # of a generator: on while it works, off while the caller does
    def paint(self) -> Iterator[Advance]:
        """The picture from the top down, each row once. The source is not asked again once rows have come."""
        # An iterator that was dropped half-way may not have cleared them yet.
        clear_statistics(self.network)
        if self.whole:
            yield Advance(1.0, 0, crop_margin(self.network(self.source(0, self.padded_size[0]), self.mix).clamp_(0, 1), MARGIN))
            return
        try:
            yield from self._staged()
        finally:
            clear_statistics(self.network)

    def _staged(self) -> Iterator[Advance]:
        stages = list(self.network.stages())
        total, done = _cost(stages, PreprocessedMap(self.network, self.source, *self.padded_size)), 0.0
        skipped: dict[int, FeatureMap] = {}
        needed = skip_sources(stages)
        x: FeatureMap = PreprocessedMap(self.network, self.source, *self.padded_size)
        for number, stage in enumerate(stages[:-1]):
            if number in needed:
                skipped[number] = x
            raw = ConvolvedMap(x, stage.convolution)
            buffer = None if number == len(stages) - 2 else self.buffers(raw.channels, raw.height, raw.width)
            assert stage.norm is not None, "only the last stage has no norm"
            statistics = Statistics(stage.norm)
            for top, bottom in self._bands(raw.height):
                part = raw.rows(top, bottom)
                statistics.add(part)
                if buffer:
                    buffer.write(top, part)
                done += raw.cost() * (bottom - top) / raw.height
                yield Advance(done / total)
            statistics.freeze()
            x = StageMap(buffer or raw, stage, self.mix, skipped.pop(number - stage.skip) if stage.skip else None)
            if buffer and stage.skip:
                # A sum would be one of ever more terms if it were worked out whenever it is read.
                for top, bottom in self._bands(raw.height):
                    buffer.write(top, x.rows(top, bottom))
                x = buffer
        yield from self._last(ConvolvedMap(x, stages[-1].convolution), done, total)

    def _last(self, raw: FeatureMap, done: float, total: float) -> Iterator[Advance]:
        height, width = self.size
        for top, bottom in self._bands(raw.height):
            first, last = max(0, top - MARGIN), min(height, bottom - MARGIN)
            rows = self.network.postprocess(raw.rows(top, bottom)).clamp_(0, 1)[:, :, first + MARGIN - top : last + MARGIN - top]
            fraction = done / total + (1 - done / total) * bottom / raw.height
            yield Advance(fraction, first, rows[..., MARGIN : MARGIN + width]) if first < last else Advance(fraction)

    def _bands(self, height: int) -> Iterator[tuple[int, int]]:
        """Rows of a map of ``height`` rows, from and to, for each part of the picture; the same parts at every stage."""
        stride = self.network.stride
        most = -(-self.padded_size[0] // stride) * stride
        at_once = max(MIN_ROWS_AT_ONCE, PIXELS_AT_ONCE // self.padded_size[1] // stride * stride)
        for top in range(0, most, at_once):
            yield top * height // most, min(most, top + at_once) * height // most


def _cost(stages: list[Stage], x: FeatureMap) -> float:
    """Multiplications of all stages, the last normed one's twice."""
    total = 0.0
    for number, stage in enumerate(stages):
        x = ConvolvedMap(x, stage.convolution)
        total += x.cost() * (2 if number == len(stages) - 2 else 1)
    return total


def clear_statistics(network: Network) -> None:
    """Every norm measures its own input again."""
    for norm in network.norms():
        norm.statistics = None
