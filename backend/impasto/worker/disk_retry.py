"""Hours of work are not thrown away because the disk is full when they are to be saved."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from typing import TypeVar

from ..errors import DiskFull
from .control import Control

WAIT_S = 600.0
"""So long a job waits for room before it fails."""

RETRY_S = 1.0

FULL = {errno.ENOSPC, errno.EDQUOT}

WAITING = "There is no room on the disk for the result: it is saved as soon as there is."

Kept = TypeVar("Kept")


def retry_while_disk_full(write: Callable[[], Kept], report: Callable[..., None], control: Control) -> Kept:
    """What ``write`` returns, tried again for up to :data:`WAIT_S` while the disk is full, of which ``report`` is told once.

    Raises what ``write`` raises, and :class:`Cancelled`.
    """
    began = time.monotonic()
    while True:
        try:
            return write()
        except (OSError, DiskFull) as error:
            full = isinstance(error, DiskFull) or error.errno in FULL
            if not full or time.monotonic() - began > WAIT_S:
                raise
        report("note", text=WAITING)
        control.check()
        time.sleep(RETRY_S)
