"""A stylization from files to a file: what a worker does for a job, and the command line without a daemon."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from .. import images
from ..disk import write_whole
from ..errors import OutOfMemory, StyleMissing
from ..memory import SMALLEST, smaller
from ..models.fast_library import FastLibrary
from ..parameters import UPLOAD
from ..paths import Paths
from ..settings import Settings
from ..stylization import Stylization
from ..task import CONTENT, PREVIEW, style_file
from .control import Control
from .room import when_there_is_room

if TYPE_CHECKING:
    from ..models.fast_library import Choice
    from ..style import Progress
    from .checkpoint import Checkpoint
    from .easel import Canvas, Easel
    from .fast import FastCanvas

FIRST_PREVIEW_S = 1.0
"""The first preview comes so long after the first step, however long the interval: something to see at once."""

PREVIEW_SIDE = 1024
"""Longest side of a preview, px."""

LARGE_PIXELS = 16 << 20
"""From here on what paintings leave behind is given back before such a picture is read, and before its file is made."""

PREVIEW_SHARE = 0.1
"""Previews may take at most this share of the time."""

Report = Callable[..., None]


def run_stylize(
    folder: Path,
    stylization: Stylization,
    output: dict[str, Any],
    settings: Settings,
    report: Report,
    control: Control,
    easel: Easel | None = None,
    *,
    resumable: bool = False,
) -> dict[str, Any]:
    """Paint ``folder/content`` and leave the picture in ``folder`` as ``result`` with its format's extension.

    The style at position i of ``stylization.style`` is read from ``folder/style-i`` or else from the style library.
    ``output``: ``format`` (default: the content's) and ``quality``. ``report(event, **fields)`` is told ``device``, ``phase``,
    ``progress``, ``preview`` (``preview.png`` is new), ``checkpoint`` and ``note``; ``control`` is looked at between steps.
    ``resumable``: keep checkpoints of an iterative painting in ``folder``, and go on from the one that is there.
    Answers the result: file, format, media_type, width, height, bytes, method ("fast" or "iterative": what auto has become),
    painted_width, painted_height, painted_s (seconds of painting alone), steps, finished_early.
    Raises :class:`Cancelled`, :class:`OutOfMemory`, and what decoding, fetching and painting raise.
    """
    report("phase", phase="preparing")
    if easel is None:
        from .easel import Easel

        easel = Easel(settings, Paths.of(settings))
    report("device", **easel.describe())
    choice = FastLibrary(easel.paths).choose(stylization)
    shrinks, most = settings.when_memory_is_short == "shrink", 0
    while True:
        run = _Run(folder, settings, report, control, resumable, easel)
        wanted = most or stylization.resolution
        size = (easel.fast_size if choice else easel.size)(run.full, wanted)
        if max(size) < min(wanted, max(run.full)):
            report("note", text=_shrunk(wanted, max(size)))
        try:
            return run.whole(easel, stylization, size, choice, output)
        except Exception as error:
            side = max(size)
            if not easel.is_out_of_memory(error):
                raise
            if not shrinks or side <= SMALLEST:
                raise OutOfMemory(
                    f"There was not enough memory to paint at {size[1]} x {size[0]}.",
                    field="resolution",
                    hint=f"Set resolution to {smaller(side)} or less, or close other programs.",
                ) from None
        # Outside of the block above, which holds on to all that the attempt had in memory.
        most = smaller(side)
        report("note", text=_shrunk(side, most))
        del run
        easel.tidy()


class _Run:
    """One stylization at work."""

    def __init__(self, folder: Path, settings: Settings, report: Report, control: Control, resumable: bool, easel: Easel) -> None:
        """Reads the content. Raises what decoding does."""
        self._folder, self._settings, self._report, self._control = folder, settings, report, control
        self._resumable = resumable
        self._checkpoint: Checkpoint | None = None
        data, limits = (folder / CONTENT).read_bytes(), images.Limits.of(settings)
        info = images.probe(data, limits)
        if info.width * info.height >= LARGE_PIXELS:
            easel.tidy()
        self._content: images.Picture | None = images.decode(data, limits)
        del data
        self._alpha: np.ndarray | None = None
        self.full = self._content.height, self._content.width
        for note in self._content.notes:
            report("note", text=note)

    def whole(
        self, easel: Easel, stylization: Stylization, size: tuple[int, int], choice: Choice | None, output: dict[str, Any]
    ) -> dict[str, Any]:
        """Paint and save; see :func:`run_stylize`."""
        began = time.monotonic()
        steps, early = self.paint(easel, stylization, size, choice)
        took = round(time.monotonic() - began, 3)
        if size[0] * size[1] >= LARGE_PIXELS:
            easel.tidy()
        self._report("phase", phase="saving")
        result = self.save(output)
        self._report("device", **easel.describe())
        return {
            **result,
            "method": "fast" if choice else "iterative",
            "painted_width": size[1],
            "painted_height": size[0],
            "painted_s": took,
            "steps": steps,
            "finished_early": early,
        }

    def paint(self, easel: Easel, stylization: Stylization, size: tuple[int, int], choice: Choice | None) -> tuple[int, bool]:
        """Paint at the content's size. Answers the steps done, and whether that was before the last."""
        full = self.full
        if stylization.strength == 0:
            return 0, False
        if choice:
            # These colours are painted over, and those under transparent parts forgotten: at 100 megapixels a copy has 1.2 GB.
            self._content = images.repaint(self._content, images.filled(self._content))
            canvas = easel.begin_fast(self._content.rgb, choice, size, stylization)
        else:
            styles = self._styles(stylization, easel)
            canvas = easel.begin(
                images.filled(self._content), styles, size, stylization, self._report, lambda: self._control.cancelled
            )
            if self._resumable:
                self._checkpoint = easel.take_up(canvas, self._folder, stylization, self._report)
        if size != full:
            self._report("note", text=f"Painted at {size[1]} x {size[0]}, enlarged to {full[1]} x {full[0]}.")
        self._control.check()
        self._report("phase", phase="painting")
        last = self._steps(canvas, size)
        self._control.check()
        early = last is not None and last.step < last.total
        if early:
            self._report("note", text=f"Stopped after step {last.step} of {last.total} and kept.")
        if last is not None and last.skipped:
            self._report("note", text=f"{last.skipped} steps overshot or gave numbers that are not finite; they were taken back.")
        self._content = images.repaint(self._content, canvas.picture(full))
        return last.step if last else canvas.done, early

    def save(self, output: dict[str, Any]) -> dict[str, Any]:
        """Write the picture in the format asked for. Nothing can be painted afterwards: the picture itself has gone."""
        picture, self._content = self._content, None
        name = output.get("format") or picture.format
        media_type, extension = images.FORMATS[name]
        for loss in images.losses(picture, name):
            self._report("note", text=loss)
        samples = images.outgoing(picture, name, int(output.get("quality") or 95))
        told = {"format": name, "media_type": media_type, "width": picture.width, "height": picture.height}
        del picture  # at 100 megapixels it has 1.2 GB, which the file need not find beside it
        data = images.write(samples, name)
        self._control.check()
        file = self._folder / f"result{extension}"
        self._folder.mkdir(parents=True, exist_ok=True)  # it may have been swept away by somebody who makes room
        when_there_is_room(lambda: write_whole(file, data), self._report, self._control)
        return {"file": file.name, **told, "bytes": len(data)}

    def _styles(self, stylization: Stylization, easel: Easel) -> Iterator[np.ndarray]:
        for position, name in enumerate(stylization.style):
            file = self._folder / style_file(position)
            if file.is_file():
                data = file.read_bytes()
            elif UPLOAD.fullmatch(name):
                raise StyleMissing("A style picture is missing.", field="style")
            else:
                from ..models import StyleLibrary

                data = StyleLibrary(easel.paths, self._settings).picture(name)
            yield images.filled(images.decode(data, images.Limits.of(self._settings)))

    def _steps(self, canvas: Canvas | FastCanvas, size: tuple[int, int]) -> Progress | None:
        began = time.monotonic()
        due, progress = began + min(FIRST_PREVIEW_S, self._settings.preview_interval_s), None
        for progress in canvas:
            self._control.check()
            losses = {name: value for name, value in progress.losses.items() if math.isfinite(value)}
            self._report("progress", **{**asdict(progress), "losses": losses})
            if self._control.finishing and canvas.can_stop:
                break
            if self._checkpoint and self._checkpoint.due():
                self._checkpoint.save(canvas.state())
            now = time.monotonic()
            if now >= due and canvas.begun and progress.step < progress.total:
                self._preview(canvas, size)
                took = time.monotonic() - now
                due = now + max(self._settings.preview_interval_s, took / PREVIEW_SHARE)
        return progress

    def _preview(self, canvas: Canvas | FastCanvas, size: tuple[int, int]) -> None:
        factor = min(1.0, PREVIEW_SIDE / max(size))
        height, width = (max(1, round(side * factor)) for side in size)
        rgb = canvas.picture((height, width))
        if self._content.grey:
            rgb = np.repeat(rgb @ np.array([[0.2126], [0.7152], [0.0722]], np.float32), 3, axis=2)
        try:
            write_whole(self._folder / PREVIEW, images.to_png8(rgb, self._small_alpha(width, height)), lasting=False)
        except OSError:
            return  # the disk is full, or (Windows) somebody is reading the last one; the next will do
        self._report("preview")

    def _small_alpha(self, width: int, height: int) -> np.ndarray | None:
        alpha = self._content.alpha
        if alpha is not None and self._alpha is None:
            top = np.iinfo(alpha.dtype).max if alpha.dtype.kind == "u" else 1
            whole = Image.fromarray(np.clip(alpha.astype(np.float32) / top, 0, 1))
            self._alpha = np.asarray(whole.resize((width, height), Image.Resampling.BOX))
        return self._alpha


def _shrunk(wanted: int, side: int) -> str:
    return f"There is not enough memory to paint at {wanted} px, so it is painted at {side} px."
