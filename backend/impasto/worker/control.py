"""What may be asked of a job while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import Cancelled


class Control:
    """Set by one thread, looked at between steps by the one that works."""

    def __init__(self, looked: Callable[[], None] = lambda: None) -> None:
        """``looked`` is called whenever somebody looks whether to go on: a job that does has not hung."""
        self._looked = looked
        self._cancelled, self._finishing = threading.Event(), threading.Event()

    def cancel(self) -> None:
        """Discard it."""
        self._cancelled.set()

    def finish(self) -> None:
        """Keep what there is."""
        self._finishing.set()

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
        """Raises :class:`Cancelled` where it is to be discarded."""
        if self.cancelled:
            raise Cancelled("The job was cancelled.")
