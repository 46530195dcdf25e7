"""Jobs that somebody has to keep asking about: an editor that is killed must not leave the device busy with what nobody wants."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Leases:
    """Who has a lease is given up when nobody asks for as long as it says. The store keeps them for the daemon's next start.

    Safe to use from several threads. Times are of the monotonic clock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leases: dict[str, tuple[float, float]] = {}
        self._waiting: Counter[str] = Counter()

    def grant(self, id: str, seconds: float) -> None:
        """From now on job ``id`` lapses ``seconds`` after it was last asked about."""
        with self._lock:
            self._leases[id] = seconds, time.monotonic()

    def renew(self, id: str) -> None:
        """Somebody has asked about job ``id``."""
        with self._lock:
            if id in self._leases:
                self._leases[id] = self._leases[id][0], time.monotonic()

    @contextmanager
    def held(self, id: str) -> Iterator[None]:
        """Somebody waits for job ``id``, who asks about it all the time."""
        with self._lock:
            self._waiting[id] += 1
        try:
            yield
        finally:
            self.renew(id)
            with self._lock:
                self._waiting[id] -= 1
                if not self._waiting[id]:
                    del self._waiting[id]

    def lapsed(self) -> list[str]:
        """The jobs whose time is up; each is told once."""
        now = time.monotonic()
        with self._lock:
            over = [id for id, (seconds, asked) in self._leases.items() if now - asked > seconds and not self._waiting[id]]
            for id in over:
                del self._leases[id]
        return over
