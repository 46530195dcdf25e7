"""How much of the disk jobs may take, and what goes first when that is used up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from ..errors import QuotaExceeded
from .folders import JobFolders, size_of_files
from .store import JobStore

log = logging.getLogger(__name__)

MADE_ROOM = "The picture was removed to make room for newer ones (setting disk_quota_mb)."


class Quota:
    """Keeps jobs' files within ``limit`` bytes; 0 is no limit.

    Results that somebody has fetched go first, the oldest of them before the others; the job stays in the list and says so. What
    waits, runs, or has not been fetched by anybody is never removed for room: then nothing new is accepted.
    """

    def __init__(self, limit: int, store: JobStore, folders: JobFolders, styles: Path, changed: Callable[[], None]) -> None:
        """``styles``: a folder whose files count, and are never removed; ``changed`` is called after every change in the store."""
        self._limit, self._store, self._folders, self._styles, self._changed = limit, store, folders, styles, changed
        self._lock = threading.Lock()

    def make_room(self, size: int) -> None:
        """See to it that ``size`` bytes more fit. Raises :class:`QuotaExceeded`, and then removes nothing."""
        if self._limit and not self._free(size):
            raise QuotaExceeded(
                f"Jobs' pictures and your styles take {self._used() / 1e6:.0f} MB of the {self._limit / 1e6:.0f} MB that the "
                "setting disk_quota_mb allows, and none of them may be removed for this one.",
                hint="Fetch or delete finished jobs, wait for running ones, remove styles, or raise disk_quota_mb.",
            )

    def enforce(self) -> None:
        """Remove fetched results until the limit is kept, or as far as they go: what jobs leave behind shows when they end."""
        if self._limit:
            self._free(0, anyway=True)

    def _used(self) -> int:
        return self._store.used() + size_of_files(self._styles)

    def _free(self, size: int, *, anyway: bool = False) -> bool:
        with self._lock:
            over = self._used() + size - self._limit
            spare = self._store.spare() if over > 0 else []
            if over > sum(held for _, held in spare) and not anyway:
                return False
            for id, held in spare:
                if over <= 0:
                    break
                log.info("the files of job %s are removed to make room", id)
                self._store.made_room(id, MADE_ROOM)
                self._folders.discard(id)
                self._changed()
                over -= held
            return True
