"""Painting and learning in this process, without a daemon."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import Cancelled
from ..observer import Observer
from ..settings import Settings
from .progress_watcher import CANCEL, FINISH, ProgressWatcher
from .stylize_request import StylizeRequest

if TYPE_CHECKING:
    import numpy as np

    from ..learning.session import TrainingProgress
    from ..models import PullProgress
    from ..style import Progress


def paint(settings: Settings, request: StylizeRequest, watcher: ProgressWatcher) -> bytes:
    """Paint ``request`` here; the result's bytes. Raises what :func:`impasto.methods.encoded.stylize_encoded` raises."""
    watcher.line.show({"phase": "starting"})
    set_torch_environment()
    from ..engine.engine import Engine
    from ..methods.encoded import stylize_encoded

    def read_style(position: int) -> bytes | None:
        style = request.styles[position]
        return style if isinstance(style, bytes) else None

    observer = WatcherObserver(watcher)
    with watcher.interrupts():
        try:
            engine = Engine(settings)
            output: dict[str, Any] = {"format": request.format}
            if request.strip is not None:
                output["strip"] = request.strip
            result = stylize_encoded(engine, request.stylization, lambda: request.content, read_style, output, observer)
        finally:
            watcher.line.close()
    for note in observer.notes:
        watcher.line.say(f"note: {note}")
    return result.data


def set_torch_environment() -> None:
    """Set what torch reads as it is imported, before it is: threads that wait do not keep a core busy; see `jobs.process`."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


class WatcherObserver(Observer):
    """Shows a painting or a training on the progress line, in the shape in which the API tells of a job."""

    def __init__(self, watcher: ProgressWatcher) -> None:
        self._watch = watcher
        self._job: dict[str, Any] = {"preview": 0}
        self._began = self._first_fraction = 0.0
        self.notes: list[str] = []
        self.wants_previews = watcher.wants_previews

    def phase(self, name: str) -> None:
        """See :class:`Observer`."""
        self._show(phase=name)

    def note(self, text: str) -> None:
        """See :class:`Observer`."""
        self.notes.append(text)

    def download(self, progress: PullProgress) -> None:
        """See :class:`Observer`."""
        self._show(phase="fetching weights", done_bytes=progress.done, total_bytes=progress.total)

    def progress(self, progress: Progress | TrainingProgress) -> None:
        """See :class:`Observer`."""
        self._show(**asdict(progress))

    def preview(self, rgb: np.ndarray, alpha: np.ndarray | None) -> None:
        """See :class:`Observer`."""
        from ..images import to_png8

        self._job["preview"] += 1
        self._watch.update(self._job, lambda: to_png8(rgb, alpha))

    def check(self) -> None:
        """See :class:`Observer`."""
        if self.cancelled:
            raise Cancelled("The job was cancelled.")

    @property
    def cancelled(self) -> bool:
        """See :class:`Observer`."""
        return self._watch.stop_request == CANCEL

    @property
    def finishing(self) -> bool:
        """See :class:`Observer`."""
        return self._watch.stop_request == FINISH

    def _show(self, **fields: Any) -> None:
        self._job.update(fields)
        self._job["eta"] = self._eta(self._job)
        self._watch.update(self._job)

    def _eta(self, job: Mapping[str, Any]) -> float | None:
        """Seconds left at the speed so far; the first step only starts the clock, since it also warms up."""
        fraction = job.get("fraction") or 0.0
        if not job.get("step"):
            return None
        if not self._began:
            self._began, self._first_fraction = time.monotonic(), fraction
        done = fraction - self._first_fraction
        return (time.monotonic() - self._began) * (1 - fraction) / done if done > 0 else None
