"""The fast method at work: a network put together from its files, and a painting seen as arrays. Worker side: imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import BadStyleFile
from ..models import Choice, fast
from ..style import Progress
from ..style.colour import luminance, palette_map, recoloured, with_luminance
from ..style.feedforward import FeedForward
from ..style.scales import Size, resize
from ..style.transformer import Network, build

Rows = Sequence[tuple[int, int]]
"""For each style the row of its broad strokes and that of its fine ones."""

STRIP = 1 << 20
"""Pixels that are recoloured at once."""

PALETTE_PIXELS = 1 << 19
"""Pixels that a palette is measured on, at most; evenly spread ones tell as much as all of them."""


def open_network(file: Path) -> Network:
    """The network of a file that is whole. Raises :class:`BadStyleFile` where tensors and network do not fit."""
    header, arrays = fast.read(file)
    return built(header.network, header.rows, arrays)


def built(spec: str, rows: int, arrays: dict[str, np.ndarray]) -> Network:
    """The network called ``spec`` with these weights. Raises :class:`BadStyleFile` where they do not fit it."""
    try:
        network = build(spec, rows)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except (ValueError, RuntimeError):
        raise BadStyleFile("The fast style's weights do not fit the network that it names.") from None
    return network.eval().requires_grad_(False)


def rows_of(choice: Choice) -> Rows:
    """Where the styles of a choice are in the network that :func:`compose` makes of it."""
    if choice.in_one_file:
        return [(style.broad, style.fine) for style in choice.styles]
    return [(1 + 2 * position, 2 + 2 * position) for position in range(len(choice.styles))]


def compose(choice: Choice) -> Network:
    """The network of a choice: one file as it is, or the base of one with rows from several.

    Of the rows that paint a picture as it is, which the files of one base each have, the first file's counts.
    """
    if choice.in_one_file:
        return open_network(choice.base)
    files = {file: fast.read(file)[1] for file in {choice.base, *choice.files}}
    arrays = {name: array for name, array in files[choice.base].items() if not fast.is_row(name)}
    taken = [(choice.files[0], 0)]
    for file, style in zip(choice.files, choice.styles, strict=True):
        taken += [(file, style.broad), (file, style.fine)]
    try:
        for name in filter(fast.is_row, files[choice.base]):
            arrays[name] = np.stack([files[file][name][row] for file, row in taken])
    except (KeyError, IndexError, ValueError):
        raise BadStyleFile("The rows of the fast styles do not fit the network that they name.") from None
    return built(choice.network, len(taken), arrays)


class FastCanvas(Iterator[Progress]):
    """A painting that comes tile by tile. What has not been painted yet is the content.

    It is painted over the content's own array, so that even a very large picture is in memory only once: of the original there are
    just the rows that the tiles still look at.
    """

    def __init__(self, network: Network, mix: Tensor, content: np.ndarray, keep_colours: str, device: torch.device,
                 opacity: float = 1.0) -> None:
        """``content`` (H, W, 3), sRGB-encoded, at the size it is painted at; it becomes the painting. ``opacity``: of the painting
        over the content, for networks that know no strength of their own."""
        self._canvas, self._keep_colours, self._device, self._opacity = content, keep_colours, device, opacity
        self._sample = _thinned(content, PALETTE_PIXELS).copy() if keep_colours == "match" else None
        self._window = _Window(content)
        self._work = FeedForward(network, mix.to(device), self._part, content.shape[:2])
        self._tiles, self._done = self._work.paint(), 0

    def __next__(self) -> Progress:
        """Paint one tile."""
        top, left, tile = next(self._tiles)
        height, width = tile.shape[-2:]
        self._window.keep(height)
        painted = tile.float().cpu()
        if self._opacity < 1 or self._keep_colours == "luminance":
            painted = self._with_content(painted, _tensor(self._window.part(top, left, height, width)).clamp(0, 1))
        self._canvas[top:top + height, left:left + width] = painted[0].permute(1, 2, 0).numpy()
        self._done += 1
        total, (full_height, full_width) = self._work.tiles(), self._canvas.shape[:2]
        return Progress(step=self._done, total=total, scale=1, scales=1, width=full_width, height=full_height, losses={},
                        fraction=self._done / total, skipped=0)

    def _with_content(self, painted: Tensor, content: Tensor) -> Tensor:
        painted = torch.lerp(content, painted, self._opacity)
        return with_luminance(content, luminance(painted)) if self._keep_colours == "luminance" else painted

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size`` (height, width): float32 (H, W, 3), 0..1. At its own size it may be the canvas itself."""
        full = self._canvas.shape[:2]
        shown = self._canvas if size == full else _thinned(self._canvas, 4 * size[0] * size[1])
        if self._sample is not None:
            shown = self._in_the_contents_colours(shown)
        return shown if size == full else as_array(resize(_tensor(shown), size).clamp(0, 1))

    def _in_the_contents_colours(self, painted: np.ndarray) -> np.ndarray:
        # A network has learnt its painting in the painting's own colours, so they are changed afterwards.
        change = palette_map(_tensor(_thinned(painted, PALETTE_PIXELS)), _tensor(self._sample).clamp(0, 1))
        final = painted is self._canvas and self._done == self._work.tiles()
        out = painted if final else np.empty_like(painted)
        rows = max(1, STRIP // painted.shape[1])
        for top in range(0, painted.shape[0], rows):
            out[top:top + rows] = as_array(recoloured(_tensor(painted[top:top + rows]), *change))
        if final:
            self._sample = None  # it has been done
        return out

    def _part(self, top: int, left: int, height: int, width: int) -> Tensor:
        # Float pictures may exceed the range that networks know.
        return _tensor(self._window.part(top, left, height, width)).to(self._device).clamp(0, 1)


class _Window:
    """Parts of a picture as it was, while it is being painted over from the top down, one row of tiles after another.

    Rows that may be looked at again are kept in one buffer, whose upper part is used anew as soon as nobody comes back to it.
    """

    def __init__(self, picture: np.ndarray) -> None:
        self._picture = picture
        self._buffer = picture[:0]
        self._top = self._below = 0  # rows that are kept: from, to

    def keep(self, rows: int) -> None:
        """Before anything is painted: so many rows will be first."""
        if self._below == 0:
            self._fill(0, rows)

    def part(self, top: int, left: int, height: int, width: int) -> np.ndarray:
        """(height, width, 3). While it is painted over, rows above the last part that went further down are forgotten."""
        if self._below == 0:
            return self._picture[top:top + height, left:left + width]
        if top + height > self._below:
            self._fill(top, height)
        return self._buffer[top - self._top:top - self._top + height, left:left + width]

    def _fill(self, top: int, rows: int) -> None:
        """Keep ``rows`` from ``top`` on: those below what is kept are still as they were."""
        saved, bottom = self._buffer[top - self._top:self._below - self._top], top + rows
        if len(self._buffer) < rows:
            self._buffer = np.concatenate([saved, np.empty((rows - len(saved), *self._picture.shape[1:]), np.float32)])
        else:
            self._buffer[:len(saved)] = saved
        self._buffer[len(saved):rows] = self._picture[self._below:bottom]
        self._top, self._below = top, bottom


def as_array(picture: Tensor) -> np.ndarray:
    """(1, 3, H, W) -> float32 (H, W, 3) on the CPU."""
    return picture[0].float().cpu().permute(1, 2, 0).contiguous().numpy()


def _thinned(picture: np.ndarray, pixels: int) -> np.ndarray:
    """Every n-th pixel both ways, so that there are about ``pixels`` of them."""
    step = max(1, int((picture.shape[0] * picture.shape[1] / pixels) ** 0.5))
    return picture[::step, ::step]


def _tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].contiguous()
