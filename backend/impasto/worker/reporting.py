"""What a job's painting tells, as events for the daemon and a preview file in the job's folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import images
from ..disk import write_whole
from ..models import fast, refined_styles
from ..observer import Observer
from ..task import PREVIEW, REFINED
from .control import Control

if TYPE_CHECKING:
    import numpy as np

    from ..learning.session import TrainingProgress
    from ..models import FastHeader, PullProgress
    from ..style import Progress

Report = Callable[..., None]
"""``report(event, **fields)``."""

DOWNLOAD_PHASES = {
    "waiting": "waiting for another download",
    "downloading": "fetching weights",
    "converting": "converting weights",
    "done": "saving",
}
"""What a download is doing -> what its job says."""


class JobObserver(Observer):
    """Reports ``device``, ``phase``, ``progress``, ``preview`` (``preview.png`` is new), ``checkpoint`` and ``note``; looks at the
    job's control between steps."""

    wants_previews = True

    def __init__(self, folder: Path, report: Report, control: Control) -> None:
        self._folder, self._report, self._control = folder, report, control
        self.refined_positions: list[int] = []
        """Of the styles that could be kept."""

    def phase(self, name: str) -> None:
        """See :class:`Observer`."""
        self._report("phase", phase=name)

    def note(self, text: str) -> None:
        """See :class:`Observer`."""
        self._report("note", text=text)

    def device(self, facts: Mapping[str, Any]) -> None:
        """See :class:`Observer`."""
        self._report("device", **facts)

    def download(self, progress: PullProgress) -> None:
        """See :class:`Observer`."""
        report_download(self._report, progress)

    def progress(self, progress: Progress | TrainingProgress) -> None:
        """See :class:`Observer`. Losses that are not finite cannot be told in JSON."""
        losses = {name: value for name, value in progress.losses.items() if math.isfinite(value)}
        self._report("progress", **{**asdict(progress), "losses": losses})

    def preview(self, rgb: np.ndarray, alpha: np.ndarray | None) -> None:
        """See :class:`Observer`."""
        try:
            write_whole(self._folder / PREVIEW, images.to_png8(rgb, alpha), lasting=False)
        except OSError:
            return  # the disk is full, or (Windows) somebody is reading the last one; the next will do
        self._report("preview")

    def refined(self, header: FastHeader, arrays: Mapping[str, np.ndarray]) -> None:
        """See :class:`Observer`. Written to the job's folder, for whoever wants to keep the style."""
        try:
            fast.write(self._folder / REFINED, arrays, header)
        except OSError:
            return  # the picture is what was asked for
        self.refined_positions = refined_styles.positions(header)

    def checkpoint(self) -> None:
        """See :class:`Observer`."""
        self._report("checkpoint")

    def check(self) -> None:
        """See :class:`Observer`."""
        self._control.check()

    @property
    def cancelled(self) -> bool:
        """See :class:`Observer`."""
        return self._control.cancelled

    @property
    def finishing(self) -> bool:
        """See :class:`Observer`."""
        return self._control.finishing


def report_download(report: Report, progress: PullProgress, **fields: Any) -> None:
    """A download as progress of the job that needs it; ``fields`` go along."""
    event = "progress" if progress.phase == "downloading" else "phase"
    report(event, phase=DOWNLOAD_PHASES[progress.phase], done_bytes=progress.done, total_bytes=progress.total, **fields)
