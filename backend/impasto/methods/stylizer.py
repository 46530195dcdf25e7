"""One stylization from a picture to a picture, by whichever method: chosen, sized, stepped, previewed, stopped, tried smaller.

The worker's jobs, the command line without a daemon and the Python API all stand on this. Torch comes with the engine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from .. import images
from ..errors import OutOfMemory, StyleMissing
from ..images import Picture
from ..observer import Observer
from ..parameters import UPLOAD
from ..sizes import Size
from ..stylization import Stylization
from .base import Method, Session
from .choice import choose, slowed_down, without_effect
from .iterative import MIN_SIDE

if TYPE_CHECKING:
    from ..engine.checkpoint import Checkpoint
    from ..engine.engine import Engine
    from ..style import Progress

FIRST_PREVIEW_S = 1.0
"""The first preview comes so long after the first step, however long the interval: something to see at once."""

PREVIEW_SIDE = 1024
"""Longest side of a preview, px."""

PREVIEW_SHARE = 0.1
"""Previews may take at most this share of the time."""

LARGE_PIXELS = 16 << 20
"""From here on what paintings leave behind is given back before such a picture is read, and before its file is made."""

SHRINK = 0.7
"""To this share of the long side a painting is shrunk that did not fit: about half the pixels."""

ABOVE_WHITE = 1.001
CLIPPED = "Parts of the picture are brighter than white (above 1). A painting goes no further than white, so that is lost."

_LUMINANCE = np.array([[0.2126], [0.7152], [0.0722]], np.float32)


@dataclass(frozen=True)
class Stylized:
    """A painted picture. ``method``: by which; ``size``: (height, width) at which it was painted; ``seconds``: of painting alone;
    ``steps`` done, and whether it was ``finished_early``."""

    picture: Picture
    method: str
    size: Size
    seconds: float
    steps: int
    finished_early: bool


class Stylizer:
    """Paints one picture. Make a new one for each."""

    def __init__(
        self,
        engine: Engine,
        stylization: Stylization,
        read_content: Callable[[], Picture],
        read_style: Callable[[int], Picture | None],
        observer: Observer,
        checkpoints: Path | None = None,
    ) -> None:
        """``read_content``: called once for each attempt; its arrays are painted over, so they must be nobody else's.
        ``read_style``: the picture that was sent along as the style at a position, or None where the style library has it.
        ``checkpoints``: the folder in which an iterative painting keeps where it stands, and from which it goes on."""
        self._engine, self._stylization, self._observer = engine, stylization, observer
        self._read_content, self._read_style, self._checkpoints = read_content, read_style, checkpoints

    def run(self) -> Stylized:
        """Paint.

        Raises :class:`Cancelled` or whatever the observer raises, :class:`OutOfMemory`, and what choosing a method, reading,
        fetching and painting raise.
        """
        engine, observer, stylization = self._engine, self._observer, self._stylization
        observer.phase("preparing")
        observer.device(engine.describe())
        method, _ = choose(stylization, engine.fast_styles)
        for note in filter(None, (without_effect(stylization, method), slowed_down(stylization, method.name, engine.fast_styles))):
            observer.note(note)
        shrinks, limit = engine.settings.when_memory_is_short == "shrink", 0
        while True:
            attempt = _Attempt(engine, stylization, self._read_content(), self._read_style, observer, self._checkpoints)
            wanted = limit or stylization.resolution
            size = method.size(attempt.full, wanted, engine.settings, engine.machine())
            if max(size) < min(wanted, max(attempt.full)):
                observer.note(_shrunk_note(wanted, max(size)))
            try:
                return attempt.paint(method, size)
            except Exception as error:
                side = max(size)
                if not engine.is_out_of_memory(error):
                    raise
                if not shrinks or side <= MIN_SIDE:
                    raise OutOfMemory(
                        f"There was not enough memory to paint at {size[1]} x {size[0]}.",
                        field="resolution",
                        hint=f"Set resolution to {smaller(side)} or less, or close other programs.",
                    ) from None
            # Outside of the block above, which holds on to all that the attempt had in memory.
            limit = smaller(side)
            observer.note(_shrunk_note(side, limit))
            del attempt
            engine.release()


class _Attempt:
    """One try at one size."""

    def __init__(
        self,
        engine: Engine,
        stylization: Stylization,
        content: Picture,
        read_style: Callable[[int], Picture | None],
        observer: Observer,
        checkpoints: Path | None,
    ) -> None:
        self._engine, self._stylization, self._observer = engine, stylization, observer
        self._content, self._read_style, self._checkpoints = content, read_style, checkpoints
        self._small_alpha: np.ndarray | None = None
        self.full: Size = (content.height, content.width)
        for note in content.notes:
            observer.note(note)
        if stylization.strength and content.dtype == np.float32 and content.rgb.max() > ABOVE_WHITE:
            observer.note(CLIPPED)

    def paint(self, method: Method, size: Size) -> Stylized:
        """See :meth:`Stylizer.run`."""
        began = time.monotonic()
        steps, early = self._paint(method, size) if self._stylization.strength else (0, False)
        seconds = round(time.monotonic() - began, 3)
        if size[0] * size[1] >= LARGE_PIXELS:
            self._engine.release()
        return Stylized(self._content, method.name, size, seconds, steps, early)

    def _paint(self, method: Method, size: Size) -> tuple[int, bool]:
        """The steps done, and whether that was before the last."""
        observer = self._observer
        # The session paints over this array, and colours under transparency are forgotten: at 100 megapixels a copy has 1.2 GB.
        self._content = images.repaint(self._content, images.filled(self._content))
        styles = _Styles(self._engine, self._stylization.style, self._read_style)
        session = method.begin(self._engine, self._content.rgb, styles, size, self._stylization, observer)
        checkpoint = self._resume(session)
        if size != self.full:
            observer.note(f"Painted at {size[1]} x {size[0]}, enlarged to {self.full[1]} x {self.full[0]}.")
        observer.check()
        observer.phase("painting")
        last, stopped = self._steps(session, size, checkpoint)
        observer.check()
        if stopped is not None:
            observer.note(f"Stopped after step {stopped.step} of {stopped.total} and kept.")
        if last is not None and last.skipped:
            observer.note(f"{last.skipped} steps overshot or gave numbers that are not finite; they were taken back.")
        self._content = images.repaint(self._content, session.picture(self.full))
        return last.step if last else session.done, stopped is not None

    def _resume(self, session: Session) -> Checkpoint | None:
        """Let ``session`` go on where its checkpoint stands, if there is one that fits; what keeps it from now on."""
        if self._checkpoints is None or session.checkpoint_key is None:
            return None
        from ..engine.checkpoint import Checkpoint

        key = {"stylization": self._stylization.to_dict(), "canvas": session.checkpoint_key}
        checkpoint = Checkpoint(self._checkpoints, key, self._engine.settings.checkpoint_s, self._observer)
        if state := checkpoint.load(self._engine.device.torch_device):
            session.restore(state)
            self._observer.note(f"Gone on from step {session.done}, where it was interrupted.")
        return checkpoint

    def _steps(self, session: Session, size: Size, checkpoint: Checkpoint | None) -> tuple[Progress | None, Progress | None]:
        """The last step, and the one after which the rest was stopped, if any."""
        observer, interval = self._observer, self._engine.settings.preview_interval_s
        due, progress, stopped = time.monotonic() + min(FIRST_PREVIEW_S, interval), None, None
        for progress in session:
            observer.check()
            observer.progress(progress)
            if stopped is None and observer.finishing and progress.step < progress.total and session.stop():
                stopped = progress
            if stopped is not None:
                continue
            if checkpoint and checkpoint.due():
                checkpoint.save(session.state())
            now = time.monotonic()
            if observer.wants_previews and now >= due and session.has_preview and progress.step < progress.total:
                observer.preview(*self._preview(session, size))
                took = time.monotonic() - now
                due = now + max(interval, took / PREVIEW_SHARE)
        return progress, stopped

    def _preview(self, session: Session, size: Size) -> tuple[np.ndarray, np.ndarray | None]:
        factor = min(1.0, PREVIEW_SIDE / max(size))
        height, width = (max(1, round(side * factor)) for side in size)
        rgb = session.picture((height, width))
        if self._content.grey:
            rgb = np.repeat(rgb @ _LUMINANCE, 3, axis=2)
        return rgb, self._alpha(width, height)

    def _alpha(self, width: int, height: int) -> np.ndarray | None:
        alpha = self._content.alpha
        if alpha is not None and self._small_alpha is None:
            top = np.iinfo(alpha.dtype).max if alpha.dtype.kind == "u" else 1
            whole = Image.fromarray(np.clip(alpha.astype(np.float32) / top, 0, 1))
            self._small_alpha = np.asarray(whole.resize((width, height), Image.Resampling.BOX))
        return self._small_alpha


class _Styles(Sequence[np.ndarray]):
    """The style pictures, (H, W, 3) each, read when they are asked for."""

    def __init__(self, engine: Engine, names: Sequence[str], read: Callable[[int], Picture | None]) -> None:
        self._engine, self._names, self._read = engine, names, read

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, position: Any) -> Any:
        picture = self._read(range(len(self))[position])
        if picture is None:
            if UPLOAD.fullmatch(self._names[position]):
                raise StyleMissing("A style picture is missing.", field="style")
            data = self._engine.styles.picture(self._names[position])
            picture = images.decode(data, images.Limits.of(self._engine.settings))
        return images.filled(picture)


def smaller(side: int) -> int:
    """The next side to try, in round numbers, where ``side`` px did not fit."""
    return max(MIN_SIDE, int(side * SHRINK) // MIN_SIDE * MIN_SIDE)


def _shrunk_note(wanted: int, side: int) -> str:
    return f"There is not enough memory to paint at {wanted} px, so it is painted at {side} px."
