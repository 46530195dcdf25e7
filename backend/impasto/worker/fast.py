"""The fast method at work: a network put together from its files, and a painting seen as arrays. Worker side: imports torch."""

from __future__ import annotations

import errno
import functools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import BadStyleFile
from ..models import Choice, fast
from ..style import Progress
from ..style.colour import luminance, palette_map, recoloured, with_luminance
from ..style.feedforward import FeedForward
from ..style.mixing import IDENTITY
from ..style.scales import Size, resize
from ..style.transformer import Network, build

STRIP = 1 << 20
"""Pixels that are recoloured at once."""

IN_MEMORY_PIXELS = 16 << 20
"""Features of pictures up to so many px stay in memory (some 50 bytes a pixel), of larger ones in files."""

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


def rows_of(choice: Choice) -> list[tuple[int, ...]]:
    """Where the styles of a choice are in the network that :func:`compose` makes of it."""
    if choice.in_one_file:
        return [style.rows for style in choice.styles]
    found, free = [], IDENTITY + 1
    for style in choice.styles:
        found.append(tuple(range(free, free + len(style.rows))))
        free += len(style.rows)
    return found


def compose(choice: Choice) -> Network:
    """The network of a choice: one file as it is, or the base of one with rows from several.

    Of the rows that paint a picture as it is, which the files of one base each have, the first file's counts.
    """
    if choice.in_one_file:
        return open_network(choice.base)
    files = {file: fast.read(file)[1] for file in {choice.base, *choice.files}}
    arrays = {name: array for name, array in files[choice.base].items() if not fast.is_row(name)}
    taken = [(choice.files[0], IDENTITY)]
    for file, style in zip(choice.files, choice.styles, strict=True):
        taken += [(file, row) for row in style.rows]
    try:
        for name in filter(fast.is_row, files[choice.base]):
            arrays[name] = np.stack([files[file][name][row] for file, row in taken])
    except (KeyError, IndexError, ValueError):
        raise BadStyleFile("The rows of the fast styles do not fit the network that they name.") from None
    return built(choice.network, len(taken), arrays)


class FastCanvas(Iterator[Progress]):
    """A painting that comes from the top down, when all of the picture has been looked at. Below, the content is still there.

    It is painted over the content's own array, so that even a very large picture is in memory only once.
    """

    can_stop = False
    """Half a picture is of no use to anybody, and the other half is done in seconds."""

    def __init__(
        self,
        network: Network,
        mix: Tensor,
        content: np.ndarray,
        keep_colours: str,
        device: torch.device,
        opacity: float = 1.0,
        roomy: Path | None = None,
    ) -> None:
        """``content`` (H, W, 3), sRGB-encoded, at the size it is painted at; it becomes the painting. ``opacity``: of the painting
        over the content, for networks that know no strength of their own. ``roomy``: the folder where features of very large
        pictures may lie for a while, some 50 bytes a pixel; without it they stay in memory."""
        self._canvas, self._keep_colours, self._device, self._opacity = content, keep_colours, device, opacity
        self._sample = _thinned(content, PALETTE_PIXELS).copy() if keep_colours == "match" else None
        height, width = content.shape[:2]
        on_disk = functools.partial(OnDisk, roomy) if roomy and height * width > IN_MEMORY_PIXELS else None
        work = FeedForward(network, mix.to(device), self._rows, (height, width), on_disk)
        self._advances, self._total, self._done, self._painted = work.paint(), work.steps(), 0, 0

    def __next__(self) -> Progress:
        """Go on by some rows of some stage."""
        advance = next(self._advances)
        self._done += 1
        if advance.rows is not None:
            self._paint(advance.top, advance.rows.float().cpu())
        height, width = self._canvas.shape[:2]
        return Progress(
            step=self._done,
            total=self._total,
            scale=1,
            scales=1,
            width=width,
            height=height,
            losses={},
            fraction=advance.fraction,
            skipped=0,
        )

    @property
    def begun(self) -> bool:
        """Whether there is anything to see yet."""
        return self._painted > 0

    def _paint(self, top: int, painted: Tensor) -> None:
        self._painted = top + painted.shape[2]
        if self._opacity < 1 or self._keep_colours == "luminance":
            content = _tensor(self._canvas[top : self._painted]).clamp(0, 1)
            painted = torch.lerp(content, painted, self._opacity)
            painted = with_luminance(content, luminance(painted)) if self._keep_colours == "luminance" else painted
        self._canvas[top : self._painted] = painted[0].permute(1, 2, 0).numpy()

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
        final = painted is self._canvas and self._painted == len(self._canvas)
        out = painted if final else np.empty_like(painted)
        rows = max(1, STRIP // painted.shape[1])
        for top in range(0, painted.shape[0], rows):
            out[top : top + rows] = as_array(recoloured(_tensor(painted[top : top + rows]), *change))
        if final:
            self._sample = None  # it has been done
        return out

    def _rows(self, top: int, bottom: int) -> Tensor:
        # Float pictures may exceed the range that networks know.
        return _tensor(self._canvas[top:bottom]).to(self._device).clamp(0, 1)


class OnDisk:
    """A shelf in a file that nobody else sees and that is gone with the shelf."""

    def __init__(self, folder: Path, channels: int, height: int, width: int) -> None:
        self.channels, self.height, self.width = channels, height, width
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed when nobody reads the map any more
        self._device = torch.device("cpu")

    def rows(self, top: int, bottom: int) -> Tensor:
        """See :class:`impasto.style.maps.Map`."""
        rows = np.empty((bottom - top, self.channels, self.width), np.float32)
        self._file.seek(top * rows[0].nbytes)
        if self._file.readinto(memoryview(rows).cast("B")) != rows.nbytes:
            raise OSError(errno.EIO, "a temporary file has become shorter")
        return torch.from_numpy(rows).permute(1, 0, 2)[None].contiguous().to(self._device)

    def put(self, top: int, rows: Tensor) -> None:
        """See :class:`impasto.style.maps.Shelf`."""
        self._device = rows.device
        lying = rows[0].permute(1, 0, 2).contiguous().float().cpu().numpy()
        self._file.seek(top * lying[0].nbytes)
        self._file.write(memoryview(lying).cast("B"))


def as_array(picture: Tensor) -> np.ndarray:
    """(1, 3, H, W) -> float32 (H, W, 3) on the CPU."""
    return picture[0].float().cpu().permute(1, 2, 0).contiguous().numpy()


def _thinned(picture: np.ndarray, pixels: int) -> np.ndarray:
    """Every n-th pixel both ways, so that there are about ``pixels`` of them."""
    step = max(1, int((picture.shape[0] * picture.shape[1] / pixels) ** 0.5))
    return picture[::step, ::step]


def _tensor(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].contiguous()
