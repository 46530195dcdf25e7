"""Requests that hold a server thread for long: how many may do so, and how they notice that their client has left.

A waiting request occupies one of waitress's threads. If all of them waited, nobody could ask for a status or cancel a
job, so a few threads are always kept back (:data:`SPARE_THREADS`); a client that finds no place gets 503 and Retry-After.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import request

from ..errors import Busy

SPARE_THREADS = 4
"""Threads that never wait, so that short requests are answered at once."""

TICK_S = 1.0
"""How often a waiting request looks whether its client is still there."""


class Place:
    """One waiting client's place. ``leave`` may be called twice."""

    def __init__(self, release: Callable[[], None]) -> None:
        self._release = release
        self._lock = threading.Lock()
        self._held = True

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            held, self._held = self._held, False
        if held:
            self._release()


class WaitSlots:
    """Counts the connections that wait, and refuses one too many."""

    def __init__(self, threads: int) -> None:
        self.places = max(1, threads - SPARE_THREADS)
        self._free = threading.BoundedSemaphore(self.places)

    def enter(self) -> Place:
        """Take a place, to be left by the caller. Raises :class:`Busy` where there is none."""
        if not self._free.acquire(blocking=False):
            raise Busy(
                f"{self.places} connections already wait for jobs, as many as the setting threads allows.",
                hint="Try again in a moment, ask for the state without waiting, or raise the setting threads.",
            )
        return Place(self._free.release)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for the length of a ``with`` block."""
        place = self.enter()
        try:
            yield
        finally:
            place.leave()


def client_left() -> Callable[[], bool]:
    """A test of whether the client of the present request has closed its connection; usable after the request context is gone."""
    return request.environ.get("waitress.client_disconnected", lambda: False)
