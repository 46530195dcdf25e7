"""Between pictures as arrays and the engine's tensors: the device, the encoders kept warm, the painting at work.

Imports torch: worker side only, and the command line where it works without a daemon.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import Cancelled, InvalidParameter, WeightsUnavailable
from ..memory import does_not_fit, largest_side
from ..models import Catalogue, Choice, FastLibrary, ModelStore
from ..paths import Paths
from ..settings import Settings
from ..style import Encoder, Painting, Progress
from ..style.colour import luminance, with_luminance
from ..style.feedforward import WHOLE_PIXELS
from ..style.mixing import mix_of
from ..style.scales import Size, fit, resize
from ..style.transformer import Network
from ..stylization import Stylization
from . import device as devices
from .checkpoint import Checkpoint
from .fast import FastCanvas, as_array, compose, rows_of
from .pull import downloading

KEPT_NETWORKS = 8
"""Fast styles' networks kept warm; each has some MB."""

ONLY_STRENGTH = 0.5
"""The strength at which a network that knows just one paints as it was trained to; below it the content shines through."""

KEPT_ENCODERS = 2
"""Encoders kept warm between jobs; a VGG is 60 to 80 MB."""

FAINT = 0.15
"""Below this strength the content shines through, too: norms forget a picture's own colours, so that the row that paints it as it
is gives those of an average photograph."""

LARGEST_STYLE = 4
"""Styles are shrunk to this many times the painting's long side, twice what the engine ever looks at."""

Report = Callable[..., None]


class Easel:
    """Everything that painting needs and that is worth keeping between two jobs."""

    def __init__(self, settings: Settings, paths: Paths) -> None:
        """Raises :class:`DeviceUnavailable`."""
        self.settings, self.paths = settings, paths
        self.device = devices.choose(settings)
        self._encoders: dict[tuple[str, str], Encoder] = {}
        self._networks: dict[Any, Network] = {}

    def describe(self) -> dict[str, Any]:
        """The device, for people."""
        return self.device.describe()

    def size(self, full: Size, resolution: int) -> Size:
        """(height, width) at which a picture of size ``full`` is painted: ``resolution`` or the device's own, never enlarged.

        Where that resolution was asked for and cannot fit, raises :class:`OutOfMemory` before any time is spent on it, or, where
        the setting ``when_memory_is_short`` says so, answers a smaller one.
        """
        auto = self.settings.auto_resolution_gpu if self.device.is_gpu else self.settings.auto_resolution_cpu
        room = largest_side(self.device.available(), self.device.precision, *full)
        wanted = min(resolution, max(full))
        if wanted > room and self.settings.when_memory_is_short == "refuse":
            raise does_not_fit(wanted, room)
        return shrunk(full, min(resolution or auto, room))

    def begin(
        self,
        content: np.ndarray,
        styles: Iterable[np.ndarray],
        size: Size,
        stylization: Stylization,
        report: Report,
        cancelled: Callable[[], bool],
    ) -> Canvas:
        """A painting of ``content`` at ``size``. Arrays are (H, W, 3), sRGB-encoded. Fetches the encoder where it is missing."""
        encoder = self.encoder(stylization.encoder, report, cancelled, stylization.pooling)
        _check_layers(stylization, encoder, self._name_of(encoder))
        report("phase", phase="preparing")
        largest = LARGEST_STYLE * max(size)
        tensors = []
        for style in styles:
            if cancelled():
                raise Cancelled("The job was cancelled.")
            tensor = self._tensor(style)
            tensors.append(resize(tensor, fit(tensor.shape[-2:], largest)).clamp(0, 1) if max(style.shape) > largest else tensor)
        small = resize(self._tensor(content), size).clamp(0, 1)
        start = self._start(content, size, stylization, cancelled)
        painting = Painting(small, tensors, encoder, stylization, start)
        return Canvas(painting, content, stylization.keep_colours == "luminance", [*size, self._name_of(encoder)])

    def fast_size(self, full: Size, resolution: int) -> Size:
        """(height, width) at which the fast method paints: tiles bound its memory, so the whole picture where nothing is asked."""
        return shrunk(full, resolution or max(full))

    def begin_fast(self, content: np.ndarray, choice: Choice, size: Size, stylization: Stylization) -> FastCanvas:
        """A painting of ``content`` (H, W, 3) at ``size`` by a network; at the content's own size it takes the content's place.

        Raises :class:`BadStyleFile` for a damaged file.
        """
        network, strength = self._network(choice, self._fast_dtype(size)), stylization.strength
        mix = mix_of(network.rows, rows_of(choice), stylization.mix(), strength if choice.identity else 1.0, stylization.detail)
        opacity = min(1.0, strength / (FAINT if choice.identity else ONLY_STRENGTH))
        if size != content.shape[:2]:
            content = as_array(resize(self._tensor(content), size).clamp(0, 1))
        return FastCanvas(network, mix, content, stylization.keep_colours, self.device.torch, opacity, self.paths.data)

    def _fast_dtype(self, size: Size) -> torch.dtype:
        """What a network computes in. A CPU that has bf16 would save two fifths of 0.15 s for a megapixel, which is not worth a
        picture that is a quarter of a step of 255 off, unless asked for; and painted in parts, where statistics differ in their
        last digits, it would differ by more than 1/255."""
        wanted = self.device.is_gpu or self.settings.precision == "bf16"
        return self.device.dtype if wanted and size[0] * size[1] <= WHOLE_PIXELS else torch.float32

    def _network(self, choice: Choice, dtype: torch.dtype) -> Network:
        key = choice.key(), dtype
        if key not in self._networks:
            while len(self._networks) >= KEPT_NETWORKS:
                self._networks.pop(next(iter(self._networks)))
            self._networks[key] = compose(choice).to(self.device.torch).settle(dtype)
        return self._networks[key]

    def _start(self, content: np.ndarray, size: Size, stylization: Stylization, cancelled: Callable[[], bool]) -> Tensor | None:
        """The fast method's picture, where the iterative one shall begin with it."""
        if stylization.init != "fast":
            return None
        choice = FastLibrary(self.paths).need(stylization.style)
        # Luminance alone is kept in the end; the canvas would do that to the colours that the engine does not see.
        plain = replace(stylization, keep_colours="match" if stylization.keep_colours == "match" else "off")
        canvas = self.begin_fast(content.copy(), choice, size, plain)
        for _ in canvas:
            if cancelled():
                raise Cancelled("The job was cancelled.")
        return self._tensor(canvas.picture(size))

    def _name_of(self, encoder: Encoder) -> str:
        return next(name for (name, _), kept in self._encoders.items() if kept is encoder)

    def take_up(self, canvas: Canvas, folder: Path, stylization: Stylization, report: Report) -> Checkpoint:
        """Let ``canvas``, not begun yet, go on where the checkpoint in ``folder`` stands, if it fits; what keeps it from now on."""
        key = {"stylization": stylization.to_dict(), "canvas": canvas.key}
        checkpoint = Checkpoint(folder, key, self.settings.checkpoint_s, report)
        if state := checkpoint.load(self.device.torch):
            canvas.restore(state)
            report("note", text=f"Gone on from step {canvas.done}, where it was interrupted.")
        return checkpoint

    def tidy(self) -> None:
        """Give back to the system what painting has left behind; what is kept warm stays."""
        gc.collect()  # canvases know themselves by way of their own methods
        devices.free()

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether ``error`` says that memory ran out."""
        return devices.is_out_of_memory(error)

    def _tensor(self, picture: np.ndarray) -> Tensor:
        # Float pictures may exceed the range that encoders know.
        return torch.from_numpy(np.ascontiguousarray(picture)).to(self.device.torch).permute(2, 0, 1)[None].contiguous().clamp(0, 1)

    def encoder(self, wanted: str, report: Report, cancelled: Callable[[], bool], pooling: str = "max") -> Encoder:
        """The encoder ``wanted`` ("auto" or an id) on the device, fetched where it is missing.

        Raises :class:`Cancelled` and what fetching raises.
        """
        store = ModelStore(Catalogue.load(), self.paths, self.settings)
        chosen = store.choose(wanted)
        if (chosen, pooling) not in self._encoders:
            try:
                loaded = store.load(chosen)
            except WeightsUnavailable:
                report("phase", phase="fetching weights")
                chosen = store.ensure(wanted, downloading(report), cancelled)
                loaded = store.load(chosen)
            while len(self._encoders) >= KEPT_ENCODERS:
                self._encoders.pop(next(iter(self._encoders)))
            encoder = Encoder(*loaded, pooling, self.device.dtype)
            self._encoders[chosen, pooling] = encoder.to(self.device.torch)
        return self._encoders[chosen, pooling]


def shrunk(full: Size, long_side: int) -> Size:
    """``full`` scaled to ``long_side``, never enlarged."""
    if long_side >= max(full):
        return full
    height, width = fit(full, long_side)
    return min(height, full[0]), min(width, full[1])


class Canvas(Iterator[Progress]):
    """A painting at work, seen as arrays. It can be stopped and kept at any step."""

    can_stop = begun = True

    def __init__(self, painting: Painting, content: np.ndarray, keep_luminance_only: bool, key: list[Any]) -> None:
        """``key``: what, besides the stylization and its pictures, has to be the same for :meth:`restore`."""
        self._painting, self.key = painting, key
        self._content, self._restore_colours = content, keep_luminance_only

    def __next__(self) -> Progress:
        """Do one step."""
        return next(self._painting)

    @property
    def done(self) -> int:
        """Steps so far."""
        return self._painting.done

    def state(self) -> dict[str, Any]:
        """See :meth:`impasto.style.Painting.state`."""
        return self._painting.state()

    def restore(self, state: dict[str, Any]) -> None:
        """See :meth:`impasto.style.Painting.restore`."""
        self._painting.restore(state)

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size`` (height, width): float32 (H, W, 3), 0..1."""
        with torch.no_grad():
            picture = self._painting.picture(size).float().cpu()
            if self._restore_colours and size == self._content.shape[:2]:
                # The engine saw the content at the painting's size; the exact colours are those of the content itself.
                content = torch.from_numpy(np.ascontiguousarray(self._content)).permute(2, 0, 1)[None].clamp(0, 1)
                picture = with_luminance(content, luminance(picture))
        return picture[0].permute(1, 2, 0).contiguous().numpy()


def _check_layers(stylization: Stylization, encoder: Encoder, name: str) -> None:
    """Raises :class:`InvalidParameter` for a layer that this encoder has not: the VGGs differ in their deeper blocks."""
    for field in ("content_layers", "style_layers"):
        missing = sorted(set(getattr(stylization, field)) - encoder.available())
        if missing:
            raise InvalidParameter(
                f"The encoder {name} has no layer {missing[0]}.", field=field, hint="Name a layer before it, or another encoder."
            )
