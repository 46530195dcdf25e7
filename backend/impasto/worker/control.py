"""What may be asked of a job while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..errors import Cancelled

RESTS_S = 0.1
"""How often a job that rests looks whether to go on."""


class Control:
    """Set by one thread, looked at between steps by the one that works."""

    def __init__(self, looked: Callable[[], None] = lambda: None) -> None:
        """``looked`` is called whenever somebody looks whether to go on: a job that does has not hung."""
        self._looked = looked
        self._cancelled, self._finishing, self._paused = threading.Event(), threading.Event(), threading.Event()
        self.rests: Callable[[bool], None] = lambda rests: None
        """Called when it begins to rest, and when it goes on."""

    def cancel(self) -> None:
        """Discard it."""
        self._cancelled.set()

    def finish(self) -> None:
        """Keep what there is."""
        self._finishing.set()

    def pause(self) -> None:
        """Rest at the next :meth:`check`."""
        self._paused.set()

    def resume(self) -> None:
        """Go on."""
        self._paused.clear()

    @property
    def cancelled(self) -> bool:
        """Whether it is to be discarded."""
        self._looked()
        return self._cancelled.is_set()

    @property
    def finishing(self) -> bool:
        """Whether it is to end at the next step."""
        return self._finishing.is_set()

    def check(self) -> None:
        """Raises :class:`Cancelled` where it is to be discarded. Returns only when it need not rest."""
        if self._paused.is_set():
            self._rest()
        if self.cancelled:
            raise Cancelled("The job was cancelled.")

    def _rest(self) -> None:
        self.rests(True)
        while self._paused.is_set() and not self.cancelled and not self.finishing:
            time.sleep(RESTS_S)
        self.rests(False)
