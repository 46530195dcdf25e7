"""Looking after one painting: shows its progress, keeps its preview, and knows when the user wants it to stop.

Ctrl-C once, or --finish-after, stops and keeps what there is; Ctrl-C a second time discards it.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .output import write_bytes
from .progress import ProgressLine

NOTHING, FINISH, CANCEL = "", "finish", "cancel"

INTERRUPTS = 2
"""So often Ctrl-C is a request; once more, and Python is interrupted wherever it is."""


class ProgressWatcher:
    """``stop_request`` says whether the user wants the painting to stop, and how; ``update`` is called with its progress."""

    def __init__(self, line: ProgressLine, finish_after: float | None = None, preview_to: Path | None = None) -> None:
        self.line = line
        self._finish_after, self._preview_to = finish_after, preview_to
        self._presses, self._preview, self._first_step = 0, 0, 0.0

    @property
    def wants_previews(self) -> bool:
        """Whether anybody looks at previews."""
        return self._preview_to is not None

    @property
    def stop_request(self) -> str:
        """``finish``, ``cancel``, or empty to go on."""
        if self._presses > 1 or (self._presses and not self._first_step):  # before the first step there is nothing to keep
            return CANCEL
        late = self._finish_after is not None and self._first_step and time.monotonic() - self._first_step >= self._finish_after
        return FINISH if self._presses or late else NOTHING

    def update(self, job: Mapping[str, Any], preview: Callable[[], bytes] | None = None) -> None:
        """``job`` as the API tells of it; ``preview`` gets the newest preview's bytes."""
        self.line.show(job)
        if job.get("step") and not self._first_step:
            self._first_step = time.monotonic()
        number = job.get("preview") or 0
        if number > self._preview and self._preview_to and preview:
            self._preview = number
            write_bytes(self._preview_to, preview())

    @contextmanager
    def interrupts(self, pressed: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Count Ctrl-C, and call ``pressed``, instead of being torn out of work; a third one does tear."""

        def count(number: int, frame: Any) -> None:
            self._presses += 1
            pressed()
            if self._presses > INTERRUPTS:
                raise KeyboardInterrupt

        if threading.current_thread() is not threading.main_thread():  # others cannot catch signals
            yield
            return
        before = signal.signal(signal.SIGINT, count)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
