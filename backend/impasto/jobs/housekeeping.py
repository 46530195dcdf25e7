"""What keeps the data folder in order: picking up after an earlier daemon, expiry, leases, the disk quota."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from ..errors import UnknownJob, WorkerDied
from ..settings import Settings
from .folders import JobFolders
from .job import DONE, ENDED, QUEUED, RUNNING
from .leases import Leases
from .quota import Quota
from .store import JobStore

log = logging.getLogger(__name__)

MAX_INTERRUPTIONS = 1000
"""A job over which the daemon has ended so often, without a checkpoint in between, is given up: it may be what ends the daemon. Far
more often than that can happen to a job that is only unlucky, for what was accepted shall run."""

SWEEP_S = 60.0
"""At most so long after its time is up, an expired job is removed."""

LEASE_SWEEP_S = 5.0
"""At most so long after its lease is up, a job is given up."""

CLOCK_SLACK_S = 5.0
"""The wall clock may drift so far from the steady one before it counts as having jumped."""

SEEN = "seen"
"""The fact under which the wall clock's latest time is kept."""


def recover(store: JobStore, folders: JobFolders, keep_s: float) -> None:
    """Bring store and folders into agreement after an earlier daemon, however that ended. Call before anything else does."""
    for id, state, result in store.outline():
        if state == RUNNING:
            error = WorkerDied(
                f"The daemon ended {MAX_INTERRUPTIONS} times while it worked on this job.", hint="Set a smaller resolution."
            )
            state = store.interrupted(id, error.to_dict(), most=MAX_INTERRUPTIONS, keep_s=keep_s)
        if state == QUEUED:
            folders.drop_half_written(id)
        else:
            folders.tidy(id, result if state == DONE else None)
        store.measured(id, folders.size(id))
    folders.sweep(id for id, *_ in store.outline())


class Clock:
    """Tells how far the wall clock has jumped.

    Results are kept for so many hours *that the daemon runs*: a clock that is set forward by years, a suspended laptop, a holiday
    and a daemon that was off do not make them expire, and a clock set back does not keep them for ever.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._wall, self._steady = time.time(), time.monotonic()
        seen = store.fact(SEEN)
        if isinstance(seen, (int, float)):
            self._moved(self._wall - seen, self._wall)
        store.remember(SEEN, self._wall)

    def look(self) -> float:
        """Where the clock has jumped since the last look, move every expiry along with it.

        Returns the wall clock's time that they now go by: it may jump again at any moment.
        """
        wall, steady = time.time(), time.monotonic()
        took = steady - self._steady
        self._moved(wall - self._wall - took, wall - took)
        self._wall, self._steady = wall, steady
        self._store.remember(SEEN, wall)
        return wall

    def _moved(self, seconds: float, looked: float) -> None:
        """``looked``: when the last look was, by the clock as it is now. What has ended since may go by it already."""
        if abs(seconds) > CLOCK_SLACK_S:
            log.info(
                "results are kept %.0f s %s by the clock, which has jumped or stood still",
                abs(seconds),
                "longer" if seconds > 0 else "shorter",
            )
            self._store.postpone(seconds, looked)


class Housekeeper:
    """A thread that looks after leases, expiry and quota."""

    def __init__(
        self,
        settings: Settings,
        store: JobStore,
        folders: JobFolders,
        leases: Leases,
        quota: Quota,
        cancel: Callable[[str], object],
        changed: Callable[[], None],
    ) -> None:
        """``cancel`` gives up a job; ``changed`` is called after every change in the store."""
        self._settings, self._store, self._folders, self._leases, self._quota = settings, store, folders, leases, quota
        self._cancel, self._changed = cancel, changed
        self._clock = Clock(store)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for that."""
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        due = time.monotonic()
        while not self._stopping.wait(min(LEASE_SWEEP_S, max(0.0, due - time.monotonic()))):
            try:
                self._give_up_lapsed()
                if time.monotonic() >= due:
                    due = time.monotonic() + self._sweep()
            except Exception as error:  # a full disk, mostly; whatever it is, the next round shall come
                log.warning("housekeeping: %s", error)
                due = time.monotonic() + SWEEP_S

    def _sweep(self) -> float:
        """Remove what has expired; seconds until there may be more."""
        now = self._clock.look()
        for id in self._store.expired(now):
            with contextlib.suppress(UnknownJob):  # its owner was quicker
                self._store.remove(id)
            self._folders.discard(id)
            self._changed()
        self._quota.enforce()
        next_one = self._store.next_expiry()
        return max(0.1, min(SWEEP_S, self._settings.result_hours * 3600, next_one - now if next_one else SWEEP_S))

    def _give_up_lapsed(self) -> None:
        for id in self._leases.lapsed():
            with contextlib.suppress(UnknownJob):
                if self._store.get(id).state not in ENDED:
                    log.info("job %s is given up: who wanted it has not asked for it any more", id)
                    self._cancel(id)
