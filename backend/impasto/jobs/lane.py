"""One queue and the thread that works it off, one job after the other."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import DiskFull, ImpastoError, OutOfMemory
from ..settings import Settings
from ..task import Task
from .eta import Estimate
from .executor import Event, Executor, Outcome
from .folders import JobFolders
from .job import DONE, FAILED, QUEUED, Job
from .queue_store import PAUSED
from .store import PROGRESS, JobStore

log = logging.getLogger(__name__)

MAX_DEATHS = 2
"""A job over which so many workers have died is not tried again."""

WRITE_EVERY_S = 0.25
"""Progress is written to the store at most so often; changes of phase at once."""

RETRY_S = 1.0
"""Pause after the disk refused to take what must be written."""

OVERFLOWED = "There was not enough memory for it beside other work, so it waited until that was done."


class Lane:
    """Takes jobs from the store in their order and hands them to its executor."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        store: JobStore,
        folders: JobFolders,
        executor: Executor,
        changed: Callable[[], None],
        done: Callable[[str, dict[str, Any]], None],
        overflow: Lane | None = None,
    ) -> None:
        """``changed`` is called after every change in the store, ``done`` with a job's id and result before it is written down.

        ``overflow``: the lane that takes over what this one's worker has no memory for, or has died over.
        """
        self.name, self.executor, self._overflow = name, executor, overflow
        self._settings, self._store, self._folders, self._changed = settings, store, folders, changed
        self._done = done
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._unload = threading.Event()
        self._paused = threading.Event()
        self._warm_up = threading.Event()
        self.begins: Callable[[], None] = lambda: None
        """Called when a job begins."""
        self._asleep = threading.Event()
        self.running: str | None = None
        self._busy = False
        self._thread = threading.Thread(target=self._work, name=f"lane-{name}", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Stop. A running job goes back into the queue."""
        self._stopping.set()
        self.executor.stop()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def warm_up(self) -> None:
        """Have the worker ready: a job may come soon."""
        self._warm_up.set()
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Begin nothing until told otherwise, and let a running job rest between two steps; or go on."""
        (self._paused.set if paused else self._paused.clear)()
        self.executor.pause(paused)
        self._wake.set()

    def unload(self, timeout: float) -> None:
        """Give the worker back: at once where it is idle (waited for, up to ``timeout`` seconds), else after the present job."""
        self._asleep.clear()
        self._unload.set()
        self._wake.set()
        if not self._busy:  # a job whose end is being written down has no more need of the worker
            self._asleep.wait(timeout)

    # -- the thread --------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            idle_since = time.monotonic()
            while not self._stopping.is_set():
                self._wake.clear()
                self._unload_if_due(idle_since)
                if self._warm_up.is_set():
                    self._warm_up.clear()
                    self.executor.warm_up()
                    idle_since = time.monotonic()
                job = None if self._paused.is_set() else self._next()
                if job is None:
                    self._wake.wait(self._until_unload(idle_since))
                else:
                    self._execute(job)
                    idle_since = time.monotonic()
        finally:
            self.executor.unload()

    def _unload_if_due(self, idle_since: float) -> None:
        due = self._settings.keep_alive_s and time.monotonic() - idle_since >= self._settings.keep_alive_s
        if self._unload.is_set() or (due and (self._paused.is_set() or not self._store_waiting())):
            self._unload.clear()
            self.executor.unload()
            self._asleep.set()

    def _until_unload(self, idle_since: float) -> float | None:
        if not self._settings.keep_alive_s or not self.executor.describe()["alive"]:
            return None
        return max(0.0, idle_since + self._settings.keep_alive_s - time.monotonic())

    def _store_waiting(self) -> bool:
        try:
            return self._store.waiting(self.name) > 0
        except ImpastoError:
            return False

    def _next(self) -> Job | None:
        try:
            job = self._store.take(self.name)
        except (ImpastoError, sqlite3.Error) as error:
            log.error("no job can be taken from the store: %s", error)
            self._stopping.wait(RETRY_S)
            self._wake.set()
            return None
        if job:
            self._changed()
        return job

    def _execute(self, job: Job) -> None:
        self.running, began = job.id, time.monotonic()
        log.info("job %s (%s) begins", job.id, job.kind)
        self.begins()
        try:
            outcome = self._outcome(job)
            log.info("job %s (%s): %s after %.1f s", job.id, job.kind, outcome.how, time.monotonic() - began)
            self._conclude(job.id, outcome)
        except Exception:  # the lane goes on whatever happens; the next start picks the job up
            log.exception("what became of job %s could not be written; it will run again", job.id)
        finally:
            self.running = None

    def _outcome(self, job: Job) -> Outcome:
        try:
            return self._run(job)
        except Exception:
            log.exception("job %s", job.id)
            return Outcome(FAILED, error=ImpastoError("Something went wrong in the daemon; its log says what.").to_dict())

    def _run(self, job: Job) -> Outcome:
        folder = self._folders.path(job.id)
        if not folder.is_dir():
            return Outcome(FAILED, error=ImpastoError("The job's files are gone.", hint="Submit it again.").to_dict())
        self._folders.drop_half_written(job.id)
        parameters, output = self._store.task(job.id)
        task = Task(job.id, job.kind, folder.absolute(), parameters, output)
        listener = Listener(job, self._store, self._changed)
        self._busy = True
        try:
            outcome = self.executor.run(task, listener)
        finally:
            self._busy = False
        listener.flush()
        return outcome

    def _conclude(self, id: str, outcome: Outcome) -> None:
        """Write how it ended, unless it was cancelled meanwhile, and leave on disk what belongs to that."""
        result = outcome.result
        if outcome.how == DONE and result:
            self._done(id, result)
        if outcome.how == "stopped":
            state = self._write_until_it_works(lambda: self._store.requeue(id))
        elif outcome.how == "died" or self._deserves_another(id, outcome):
            state = self._try_again(id, outcome)
        else:
            state = self._write_until_it_works(
                lambda: self._store.end(id, outcome.how, keep_s=self._keep_s, error=outcome.error, result=result)
            )
        if state != QUEUED:
            self._folders.tidy(id, result if state == DONE else None)
        with contextlib.suppress(DiskFull):
            self._store.measured(id, self._folders.size(id))
        self._changed()

    def _deserves_another(self, id: str, outcome: Outcome) -> bool:
        """Memory that ran out in the middle of long work may have been taken by another program: it goes on once more."""
        again = self._overflow is not None or self._folders.has_checkpoint(id)
        return again and (outcome.error or {}).get("code") == OutOfMemory.code

    def _try_again(self, id: str, outcome: Outcome) -> str:
        lane = self._overflow or self
        if outcome.how == FAILED and lane is not self:
            with contextlib.suppress(DiskFull):
                self._store.note(id, OVERFLOWED)
        error = outcome.error or {}
        state = self._write_until_it_works(
            lambda: self._store.died(id, error, most=MAX_DEATHS, keep_s=self._keep_s, lane=lane.name)
        )
        lane.wake()
        return state

    @property
    def _keep_s(self) -> float:
        return self._settings.result_hours * 3600

    def _write_until_it_works(self, write: Callable[[], Any]) -> Any:
        """Write what must not be lost, waiting for room if need be."""
        while True:
            try:
                return write()
            except (DiskFull, sqlite3.Error):
                if self._stopping.wait(RETRY_S):
                    raise


class Listener:
    """Writes what a worker tells of its job into the store, no more often than is useful."""

    def __init__(self, job: Job, store: JobStore, changed: Callable[[], None]) -> None:
        self._id, self._store, self._changed = job.id, store, changed
        self._preview = job.preview
        self._estimate = Estimate()
        self._pending: dict[str, Any] = {}
        self._written = 0.0

    def __call__(self, event: Event) -> None:
        """Take one event: phase, progress, preview, note or device."""
        kind = event["event"]
        try:
            if kind == "device":
                self._store.remember("device", {k: v for k, v in event.items() if k not in ("event", "job")})
            elif kind == "note":
                self._store.note(self._id, str(event.get("text", "")))
                self._changed()
            elif kind == "checkpoint":
                self._store.made_progress(self._id)
            elif kind in ("phase", "progress", "preview"):
                self._take(kind, event)
        except DiskFull:
            pass  # progress may be lost; the outcome will be written

    def _take(self, kind: str, event: Event) -> None:
        self._pending.update({name: event[name] for name in PROGRESS if name in event and name != "preview"})
        if kind == "preview":
            # Counted here, not by the worker: a job that is run again goes on counting.
            self._preview += 1
            self._pending["preview"] = self._preview
        if event.get("phase") == PAUSED:
            self._estimate = Estimate()  # how long it will rest nobody knows
            self._pending["ends"] = None
        if "fraction" in event:
            self._pending["ends"] = self._estimate.update(time.monotonic(), float(event["fraction"]))
        if kind != "progress" or time.monotonic() - self._written >= WRITE_EVERY_S:
            self._write()

    def flush(self) -> None:
        """Write what was held back."""
        with contextlib.suppress(DiskFull):
            self._write()

    def _write(self) -> None:
        if self._pending:
            self._store.progress(self._id, self._pending)
            self._pending, self._written = {}, time.monotonic()
            self._changed()
