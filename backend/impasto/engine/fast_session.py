"""A painting by the fast method: one pass of a network, over the content's own array. Imports torch."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..models import NetworkSource
from ..sizes import Size, pass_sizes
from ..style import Progress
from ..style.colour import keep_chroma, palette_map, recoloured
from ..style.feedforward import WHOLE_PIXELS, FeedForward
from ..style.mixing import mix_embeddings, opacity_of, repainted_share
from ..style.scales import enlarged_rows, resize, shrunk_rows
from ..style.tone import ToneCorrection, tone_share
from ..style.transformer import Network
from ..stylization import Stylization
from .device import free
from .engine import Engine
from .file_buffer import FileBuffer
from .networks import indices_in

STRIP_PIXELS = 1 << 20
"""Pixels that are recoloured at once."""

TONE_PIXELS = 1 << 17
"""Pixels that light and dark are compared on, at most."""

IN_MEMORY_PIXELS = 16 << 20
"""Features of pictures up to so many px stay in memory (some 50 bytes a pixel), of larger ones in files."""

PALETTE_PIXELS = 1 << 19
"""Pixels that a palette is measured on, at most; evenly spread ones tell as much as all of them."""


class FastSession(Iterator[Progress]):
    """A painting that comes from the top down, once all of the picture has been looked at. Below, the content is still there.

    It is painted over the content's own array, so that even a very large picture is in memory only once. A network's strokes have
    one size in px, so a larger picture is painted small first, by a session of its own; what that gives is laid over the content
    and painted again, with fine strokes over the broad ones.
    """

    checkpoint_key = None

    @classmethod
    def by(
        cls, engine: Engine, network: Network, source: NetworkSource, content: np.ndarray, size: Size, stylization: Stylization
    ) -> FastSession:
        """A painting of ``content`` (H, W, 3) at ``size``, by a network that has been made of ``source``.

        At the content's own size it takes the content's place.
        """
        strength = stylization.strength if source.identity else 1.0
        mix = mix_embeddings(network.embeddings, indices_in(source), stylization.mix(), strength, stylization.detail)
        share = repainted_share(stylization.strength, source.identity)
        if size != content.shape[:2]:
            content = as_array(resize(engine.tensor(content), size).clamp(0, 1))
        # Of all passes over a very large picture: beside it there is no memory for the features of the smaller ones, either.
        buffers = functools.partial(FileBuffer, engine.folder) if size[0] * size[1] > IN_MEMORY_PIXELS else None
        contents = [content]
        for pass_size in reversed(pass_sizes(size, stylization.stroke_size)[:-1] if share else []):
            contents.append(_shrunk(contents[-1], pass_size))
        session = None
        for number, picture in enumerate(reversed(contents), 1):
            keeps_chroma = stylization.keep_colours == "luminance"
            session = cls(
                network,
                mix,
                picture,
                stylization.keep_colours if number == len(contents) or keeps_chroma else "off",
                opacity_of(stylization.strength, source.identity),
                tone_share(stylization.strength) if source.identity else 0.0,
                engine.device.torch_device,
                buffers,
                session,
                share ** (1 / max(1, len(contents) - 1)),
            )
        assert session is not None, "there is one size at least"
        return session

    def __init__(
        self,
        network: Network,
        mix: Tensor,
        content: np.ndarray,
        keep_colours: str = "off",
        opacity: float = 1.0,
        tones: float = 0.0,
        device: torch.device | None = None,
        buffer: Any = None,
        coarser: FastSession | None = None,
        share: float = 1.0,
    ) -> None:
        """``content`` (H, W, 3), sRGB-encoded, at the size it is painted at; it becomes the painting. ``opacity``: of the painting
        over the content. ``tones``: how far its light and dark are drawn back to the content's, see :class:`.ToneCorrection`.
        ``buffer``: what makes room for features, see :class:`.FeedForward`; without it they stay in memory. ``coarser``: paints the
        same content smaller, before; ``share`` 0..1: how much of that is laid over the content."""
        self._picture, self._keep_colours, self._opacity = content, keep_colours, opacity
        self._device = device or torch.device("cpu")
        self._content_sample = _thinned(content, PALETTE_PIXELS).copy() if keep_colours == "match" else None
        self._tones, self._content_tones = tones, _thinned(content, TONE_PIXELS).copy() if tones else None
        work = FeedForward(network, mix.to(self._device), self._rows, (content.shape[0], content.shape[1]), buffer)
        self._advances, self.total, self.done, self._painted_rows = work.paint(), work.steps(), 0, 0
        self._coarser, self._share = coarser, share
        self.pixels: int = content.shape[0] * content.shape[1] + (coarser.pixels if coarser else 0)
        self._before = coarser.pixels / self.pixels if coarser else 0.0  # of the time
        self.total += coarser.total if coarser else 0

    def __next__(self) -> Progress:
        """Go on by some rows of some stage."""
        if self._coarser and (coarse := next(self._coarser, None)):
            fraction = coarse.fraction * self._before
        else:
            self._take_over()
            advance = next(self._advances)
            if advance.rows is not None:
                self._keep(advance.top, advance.rows.float().cpu())
                if self._content_tones is not None and self._painted_rows == len(self._picture):
                    self._correct_tones(self._content_tones)
            fraction = self._before + (1 - self._before) * advance.fraction
        self.done += 1
        height, width = self._picture.shape[:2]
        return Progress(
            step=self.done,
            total=self.total,
            scale=1,
            scales=1,
            width=width,
            height=height,
            losses={},
            fraction=fraction,
            skipped=0,
        )

    def stop(self) -> bool:
        """Half a picture is of no use to anybody, and the other half is done in seconds."""
        return False

    @property
    def has_preview(self) -> bool:
        """Whether any rows have been painted, at whatever size."""
        return self._painted_rows > 0 or (self._coarser.has_preview if self._coarser else self._before > 0)

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size`` (height, width): float32 (H, W, 3), 0..1. At its own size it may be the very array."""
        if self._coarser:
            return self._coarser.picture(size)
        full = self._picture.shape[:2]
        shown = self._picture if size == full else _thinned(self._picture, 4 * size[0] * size[1])
        if self._content_sample is not None:
            shown = self._with_content_palette(shown, self._content_sample)
        return shown if size == full else as_array(resize(as_tensor(shown), size).clamp(0, 1))

    def state(self) -> dict[str, Any]:
        """There is none: a pass is over before it would be written."""
        raise NotImplementedError("a fast painting cannot go on later")

    def restore(self, state: dict[str, Any]) -> None:
        """See :meth:`state`."""
        raise NotImplementedError("a fast painting cannot go on later")

    def _take_over(self) -> None:
        """Once the coarser pass is over: its picture, enlarged bilinearly, is laid over the content."""
        if self._coarser is None:
            return
        coarse, self._coarser = torch.from_numpy(self._coarser.picture(self._coarser.size)), None
        height, width = self.size
        rows = max(1, STRIP_PIXELS // width)
        for top in range(0, height, rows):
            bottom = min(height, top + rows)
            strip = enlarged_rows(enlarged_rows(coarse, top, bottom, height).transpose(0, 1), 0, width, width).permute(2, 1, 0)[
                None
            ]
            content = as_tensor(self._picture[top:bottom])
            if self._keep_colours == "luminance":
                strip = keep_chroma(content.clamp(0, 1), strip)
            self._picture[top:bottom] = as_array(torch.lerp(content, strip, self._share))
        if height * width > WHOLE_PIXELS:
            del coarse
            free()  # what a pass leaves behind would be missing in the next, larger one

    @property
    def size(self) -> Size:
        """Height and width in px."""
        return self._picture.shape[0], self._picture.shape[1]

    def _keep(self, top: int, painted: Tensor) -> None:
        """Write rows (1, 3, n, W) from ``top`` on over the content, which shows through as far as it should."""
        self._painted_rows = top + painted.shape[2]
        rows = slice(top, self._painted_rows)
        if self._opacity < 1 or self._keep_colours == "luminance":
            content = as_tensor(self._picture[rows]).clamp(0, 1)
            painted = torch.lerp(content, painted, self._opacity)
            painted = keep_chroma(content, painted) if self._keep_colours == "luminance" else painted
        self._picture[rows] = painted[0].permute(1, 2, 0).numpy()

    def _correct_tones(self, content: np.ndarray) -> None:
        """Once all rows are there: how bright the painting is cannot be known before."""
        height, width = self._picture.shape[:2]
        painted = as_tensor(_thinned(self._picture, TONE_PIXELS))
        correction = ToneCorrection(painted, as_tensor(content).clamp(0, 1), (height, width), self._tones)
        rows = max(1, STRIP_PIXELS // width)
        for top in range(0, height, rows):
            strip = torch.from_numpy(self._picture[top : top + rows])
            strip.add_(correction.rows(top, top + len(strip))[..., None]).clamp_(0, 1)

    def _with_content_palette(self, painted: np.ndarray, content: np.ndarray) -> np.ndarray:
        # A network has learnt its painting in the painting's own colours, so they are changed afterwards.
        change = palette_map(as_tensor(_thinned(painted, PALETTE_PIXELS)), as_tensor(content).clamp(0, 1))
        final = painted is self._picture and self._painted_rows == len(self._picture)
        out = painted if final else np.empty_like(painted)
        rows = max(1, STRIP_PIXELS // painted.shape[1])
        for top in range(0, painted.shape[0], rows):
            out[top : top + rows] = as_array(recoloured(as_tensor(painted[top : top + rows]), *change))
        if final:
            self._content_sample = None  # it has been done
        return out

    def _rows(self, top: int, bottom: int) -> Tensor:
        # Float pictures may exceed the range that networks know.
        return as_tensor(self._picture[top:bottom]).to(self._device).clamp(0, 1)


def dtype_for(engine: Engine, size: Size) -> torch.dtype:
    """What a network computes in. A CPU that has bf16 would save two fifths of 0.15 s for a megapixel, which is not worth a
    picture that is a quarter of a step of 255 off, unless asked for; and painted in parts, where statistics differ in their
    last digits, it would differ by more than 1/255."""
    wanted = engine.device.is_gpu or engine.settings.precision == "bf16"
    return engine.device.dtype if wanted and size[0] * size[1] <= WHOLE_PIXELS else torch.float32


def as_array(picture: Tensor) -> np.ndarray:
    """(1, 3, H, W) -> float32 (H, W, 3) on the CPU."""
    return picture[0].float().cpu().permute(1, 2, 0).contiguous().numpy()


def as_tensor(picture: np.ndarray) -> Tensor:
    """(H, W, 3) -> (1, 3, H, W) on the CPU."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].contiguous()


def _shrunk(picture: np.ndarray, size: Size) -> np.ndarray:
    """``picture`` (H, W, 3) at a smaller ``size``, in strips: a copy of a very large one would not fit into memory."""
    whole, out = torch.from_numpy(picture), np.empty((*size, 3), np.float32)
    rows = max(1, STRIP_PIXELS // picture.shape[1] * size[0] // picture.shape[0])
    for top in range(0, size[0], rows):
        bottom = min(size[0], top + rows)
        strip = shrunk_rows(whole, top, bottom, size[0]).transpose(0, 1).contiguous()
        out[top:bottom] = shrunk_rows(strip, 0, size[1], size[1]).transpose(0, 1).clamp(0, 1).numpy()
    return out


def _thinned(picture: np.ndarray, pixels: int) -> np.ndarray:
    """Every n-th pixel both ways, so that there are about ``pixels`` of them."""
    step = max(1, int((picture.shape[0] * picture.shape[1] / pixels) ** 0.5))
    return picture[::step, ::step]
