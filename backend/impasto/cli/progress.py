"""How far a job is, on one line of standard error: redrawn on a terminal, written now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

BAR = 24
QUIET_S = 10.0
"""Where nobody watches, a line is written so often at most."""

REDRAW_S = 0.1


class ProgressLine:
    """Shows jobs as the API tells of them (a mapping with ``phase``, ``step``, ``total``, ``fraction``, ``eta``...)."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False) -> None:
        self._stream, self._quiet = stream or sys.stderr, quiet
        self._redraws = self._stream.isatty()
        self._width, self._last, self._phase = 0, float("-inf"), ""

    def show(self, job: Mapping[str, Any]) -> None:
        """Show where ``job`` stands, if it is time to."""
        if self._quiet:
            return
        phase, now = job.get("phase") or job.get("state") or "", time.monotonic()
        if phase == self._phase and now - self._last < (REDRAW_S if self._redraws else QUIET_S):
            return
        self._phase, self._last = phase, now
        line = describe(job)
        if self._redraws:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """A sentence of its own, above the progress."""
        if not self._quiet:
            self.close()
            self._stream.write(text + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Leave the line as it is and go on below it."""
        if self._width:
            self._stream.write("\n")
        self._width = 0


def describe(job: Mapping[str, Any]) -> str:
    """One line: ``painting [#####-----]  45%  step 90 of 200  512 x 384 px  1:23 left``."""
    phase = job.get("phase") or job.get("state") or ""
    position = job.get("position") or 0
    if position:
        return f"{phase}, number {position} in the queue{behind(job.get('waiting_for'))}"
    if job.get("total_bytes") and not job.get("step"):
        done, total = job.get("done_bytes") or 0, job["total_bytes"]
        return f"{phase} {bar(done / total)} {done / 1e6:.0f} of {total / 1e6:.0f} MB"
    if not job.get("total") or phase in ("preparing", "saving"):
        return phase
    parts = [f"{phase} {bar(job.get('fraction') or 0)}", f"step {job.get('step', 0)} of {job['total']}"]
    if job.get("width"):
        parts.append(f"{job['width']} x {job['height']} px")
    if job.get("eta") is not None:
        parts.append(f"{clock(job['eta'])} left")
    return "  ".join(parts)


def behind(ahead: Mapping[str, Any] | None) -> str:
    """``, behind The Great Wave``: what a waiting job waits for, where that is known."""
    if not ahead or not ahead.get("title"):
        return ""
    doing = {"train": "learning ", "pull": "fetching "}.get(ahead.get("kind", ""), "")
    return f", behind {doing}{ahead['title']}"


def bar(fraction: float) -> str:
    """``[######------]  50%``."""
    fraction = min(max(fraction, 0.0), 1.0)
    filled = round(BAR * fraction)
    return f"[{'#' * filled}{'-' * (BAR - filled)}] {fraction:4.0%}"


def clock(seconds: float) -> str:
    """``1:23``, ``2:05:09``."""
    minutes, second = divmod(max(round(seconds), 0), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
