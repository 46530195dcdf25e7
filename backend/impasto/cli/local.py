"""Painting in this process, without a daemon."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from ..errors import DiskFull
from ..settings import Settings
from ..task import CONTENT, PREVIEW, style_file
from .order import Order
from .watch import CANCEL, FINISH, Watch


def paint(settings: Settings, order: Order, watch: Watch) -> bytes:
    """Paint ``order`` here; the result's bytes. Raises what `worker.stylize.run_stylize` raises."""
    watch.line.show({"phase": "starting"})
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch comes, which reads it once; see jobs.process
    from ..worker.control import Control
    from ..worker.stylize import run_stylize

    control = Control()

    def heed() -> None:
        if watch.wish == CANCEL:
            control.cancel()
        elif watch.wish == FINISH:
            control.finish()

    with _work_folder() as name, watch.interrupts(heed):
        folder = Path(name)
        _lay_out(folder, order)
        reporter = Reporter(folder, watch)

        def report(event: str, **fields: Any) -> None:
            reporter(event, **fields)
            heed()

        try:
            result = run_stylize(folder, order.stylization, {"format": order.format}, settings, report, control)
        finally:
            watch.line.close()
        for note in reporter.notes:
            watch.line.say(f"note: {note}")
        return (folder / result["file"]).read_bytes()


def _work_folder() -> tempfile.TemporaryDirectory[str]:
    try:
        return tempfile.TemporaryDirectory(prefix="impasto-", ignore_cleanup_errors=True)
    except OSError as error:
        raise DiskFull(f"There is no room for temporary files: {error.strerror}.") from None


def _lay_out(folder: Path, order: Order) -> None:
    """Write the pictures under the names that a job's folder has."""
    try:
        (folder / CONTENT).write_bytes(order.content)
        for position, style in enumerate(order.styles):
            if isinstance(style, bytes):
                (folder / style_file(position)).write_bytes(style)
    except OSError as error:
        raise DiskFull(f"There is no room for temporary files: {error.strerror}.") from None


class Reporter:
    """Gathers what the engine reports into the shape in which the API tells of a job."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        self._folder, self._watch = folder, watch
        self._job: dict[str, Any] = {"preview": 0}
        self._began = 0.0
        self.notes: list[str] = []

    def __call__(self, event: str, **fields: Any) -> None:
        if event == "note":
            self.notes.append(fields["text"])
        elif event == "preview":
            self._job["preview"] += 1
        elif event in ("phase", "progress"):
            self._job.update(fields)
            self._job["eta"] = self._eta()
        self._watch.saw(self._job, (self._folder / PREVIEW).read_bytes)

    def _eta(self) -> float | None:
        """Seconds left at the speed so far; the first step only starts the clock, since it also warms up."""
        fraction = self._job.get("fraction") or 0.0
        if not self._job.get("step"):
            return None
        if not self._began:
            self._began, self._from = time.monotonic(), fraction
        done = fraction - self._from
        return (time.monotonic() - self._began) * (1 - fraction) / done if done > 0 else None
