"""How much of what is being sent may lie on this machine at once, and that one request at a time is taken apart.

A body lies on the disk until its request is read, and then twice; its pictures are in memory, and decoded many times as large.
So bodies have one budget together, beyond which the daemon does not read on from their connections (the clients wait, as for a slow
network), and requests with pictures are read, checked and kept in turn.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from flask import request

BUDGET_OF_LARGEST = 2
"""Bodies may together have so many times the size of the largest one that is taken."""

SMALL_BYTES = 1_000_000
"""Bodies up to this need no budget: there are no more of them than connections."""

WAIT_S = 30.0
"""So long a client waits for others' uploads; then it is told to come again."""

BODY_READ = "impasto.body_read"
"""In the WSGI environment: what to call once nobody needs the body any more."""

one_at_a_time = threading.RLock()
"""Held by whoever has a request's pictures in memory, or decodes one."""


class UploadBudget:
    """Bytes that may be taken and are given back. Safe to use from several threads."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take ``size`` bytes, if there are so many left."""
        with self._lock:
            if size > self._left:
                return False
            self._left -= size
            return True

    def give(self, size: int) -> None:
        """Give them back."""
        with self._lock:
            self._left += size


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Wait for one's turn to read the present request's form, check it and have it kept; nothing of its body is left behind."""
    with one_at_a_time:
        try:
            yield
        finally:
            request.close()  # the form's files
            request.environ.get(BODY_READ, lambda: None)()
