"""Jobs as the API and the command line see them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import filelock

from ..disk import disk_errors, is_own_file_of_job, private_folder
from ..errors import (
    Conflict,
    DatabaseLocked,
    DiskFull,
    Gone,
    InvalidParameter,
    NotReady,
    UnknownJob,
)
from ..methods.choice import Plan
from ..models import FastLibrary
from ..models.refined_styles import NOTHING_TO_KEEP
from ..paths import Paths
from ..settings import Settings
from ..sizes import Size
from ..stylization import Stylization
from ..task import PREVIEW, REFINED
from .executor import WORK
from .folders import JobFolders
from .housekeeping import Housekeeper, recover
from .job import CANCELLED, DONE, ENDED, FAILED, LANES, QUEUED, RUNNING, Job, Submission, lane_of, new_id
from .lanes import Lanes
from .leases import Leases
from .leftover_workers import end_leftover_workers
from .opening import lock, open_store
from .planning import Planner
from .quota import Quota

log = logging.getLogger(__name__)


class JobManager:
    """Accepts jobs, keeps them, has them carried out. One for each data folder; every method may be called from any thread."""

    def __init__(self, settings: Settings, paths: Paths, *, work: str = WORK) -> None:
        """``work``: ``module:function`` that gives the worker its table of work. Nothing happens before :meth:`start`."""
        self.settings, self.paths = settings, paths
        self._folders = JobFolders(paths.jobs)
        self._changes = threading.Condition()
        self._stopping = threading.Event()
        self._work = work
        self._lock: filelock.BaseFileLock | None = None
        self._leases = Leases()

    # -- life --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Take the data folder, pick up what an earlier daemon left, begin to work.

        Raises :class:`DaemonRunning` where another daemon has the folder, :class:`DiskFull` where it cannot be written.
        """
        with disk_errors():
            for folder in self.paths.private:
                private_folder(folder)
            self._lock = lock(self.paths)
        try:
            end_leftover_workers(self.paths.workers)  # they might still write to the folders that are looked through next
            self._store = open_store(self.paths, self._folders)
            recover(self._store, self._folders, self._keep_s)
            for id, seconds in self._store.leases():
                self._leases.grant(id, seconds)  # from now on: nobody could ask while there was no daemon
            self._planner = Planner(self.settings, self._store, FastLibrary(self.paths, self.settings))
            self._quota = Quota(
                self.settings.disk_quota_mb * 1_000_000, self._store, self._folders, self.paths.styles, self._changed
            )
            self._housekeeper = Housekeeper(
                self.settings, self._store, self._folders, self._leases, self._quota, self.cancel, self._changed
            )
        except BaseException:
            self._lock.release()
            raise
        self._lanes = Lanes(
            self.settings, self.paths, self._store, self._folders, self._work, self._changed, self._planner.remember
        )
        self._lanes.pause(self._store.paused)
        self._lanes.start()
        self._housekeeper.start()

    def stop(self) -> None:
        """End the workers; running jobs go back into the queue for the next start. May be called twice."""
        if self._lock is None or self._stopping.is_set():
            return
        self._stopping.set()
        self._lanes.stop()
        self._changed()
        self._housekeeper.stop()
        self._store.close()
        self._lock.release()

    def _changed(self) -> None:
        with self._changes:
            self._changes.notify_all()

    @property
    def _keep_s(self) -> float:
        return self.settings.result_hours * 3600

    # -- jobs --------------------------------------------------------------------------------------------------------

    def submit(self, submission: Submission) -> Job:
        """Accept a job. Once this returns, only cancelling or expiry loses it (or, where it is not ``lasting``, a pulled plug).

        Raises :class:`QueueFull`, :class:`DiskFull`, :class:`QuotaExceeded`, :class:`OutOfMemory` for what can never fit, or
        :class:`Conflict` where the idempotency key belongs to another request.
        """
        if submission.kind not in LANES:
            raise InvalidParameter(f"There is no kind of job {submission.kind[:40]!r}.", field="kind")
        key, fingerprint = submission.idempotency_key, _fingerprint(submission) if submission.idempotency_key else ""
        if key and (found := self._store.by_key(key, fingerprint)):
            return self._leased(found, submission.lease_s)
        lane = lane_of(submission.kind, self._planner.plan_of(submission))
        self._store.check_room(lane, self.settings.queue_limit)  # before a large picture is written for nothing
        self._quota.make_room(_size(submission))
        job = Job(new_id(), submission.kind, QUEUED, submission.title, parameters=submission.parameters, created=time.time())
        self._folders.create(job.id, submission.inputs, lasting=submission.lasting)
        try:
            accepted = self._store.add(
                job,
                lane=lane,
                output=submission.output,
                limit=self.settings.queue_limit,
                key=key,
                fingerprint=fingerprint,
                size=_size(submission),
                lease_s=submission.lease_s,
                lasting=submission.lasting,
            )
        except BaseException:
            self._folders.discard(job.id)
            raise
        if accepted.id != job.id:  # the same key came in twice at once
            self._folders.discard(job.id)
        self._changed()
        self._lanes[lane].wake()
        return self._leased(accepted, submission.lease_s)

    def _leased(self, job: Job, seconds: float) -> Job:
        """``job``, which its owner has asked about now."""
        if seconds:
            self._leases.grant(job.id, seconds)
            self._store.lease(job.id, seconds)
        return job

    def make_room(self, size: int) -> None:
        """See to it that a style of ``size`` bytes fits. Raises :class:`QuotaExceeded`."""
        self._quota.make_room(size)

    def get(self, id: str) -> Job:
        """Raises :class:`UnknownJob`."""
        self._leases.renew(id)
        return self._store.get(id)

    def jobs(self, limit: int = 50, state: str | None = None) -> list[Job]:
        """The newest first; ``state`` leaves only those in it."""
        return self._store.jobs(limit, state)

    def wait(self, id: str, since: int, timeout: float) -> Job:
        """The job as soon as its version is greater than ``since`` or it has ended, or as it is after ``timeout`` seconds."""

        def due() -> bool:
            version, ended = self._store.version(id)
            return version > since or ended or self._stopping.is_set()

        with self._leases.held(id):
            with self._changes:
                self._changes.wait_for(due, timeout)
            return self._store.get(id)

    def cancel(self, id: str) -> Job:
        """Stop and discard; the job is cancelled when this returns, its worker free within 2 s. No effect on one that has ended."""
        try:
            job, before = self._store.cancel(id, self._keep_s)
        except DiskFull:
            # The worker is freed all the same. It leaves its files behind, and with them room to write down what became of the job.
            self._lanes.cancel(id)
            raise
        if before == RUNNING:
            self._lanes.cancel(id)
        elif before == QUEUED:
            self._folders.discard(id)
        self._changed()
        return job

    def queue(self) -> list[Job]:
        """What has not ended: what runs, then what waits in the order in which it will run."""
        return self._store.queue()

    @property
    def paused(self) -> bool:
        """Whether long work rests."""
        return self._store.paused

    def pause(self, paused: bool) -> None:
        """Let long work rest, also after a restart, or go on: what runs does so between two steps, and what waits does not begin.

        What takes seconds, and downloads, go on all the time.
        """
        self._store.pause(paused)
        self._lanes.pause(paused)
        self._changed()

    def move(self, id: str, position: int) -> Job:
        """Let a job that waits be number ``position``, from 1 on, of those that wait in its lane.

        Raises :class:`UnknownJob`, or :class:`Conflict` where it does not wait.
        """
        self._store.move(id, position)
        self._changed()
        return self.get(id)

    def cancel_all(self) -> list[Job]:
        """Cancel what has not ended, as :meth:`cancel`; the jobs that this has cancelled."""
        cancelled = []
        for job in reversed(self.queue()):  # what waits first, or it would begin in between
            with contextlib.suppress(UnknownJob):  # somebody was quicker
                if (found := self.cancel(job.id)).state == CANCELLED:
                    cancelled.append(found)
        return cancelled[::-1]

    def finish(self, id: str) -> Job:
        """Let a running job end at its next step and keep what there is. No effect on one that has ended.

        Raises :class:`Conflict` where it has not started, or is a download.
        """
        job = self._store.get(id)
        if job.state == QUEUED:
            raise Conflict("The job has not started, so there is nothing to keep.", hint="Cancel it, or wait until it runs.")
        if job.state == RUNNING:
            if LANES[job.kind] == "download":
                raise Conflict("A download cannot be kept half-way.", hint="Cancel it; a later one goes on where it stopped.")
            self._lanes.finish(id)
        return job

    def remove(self, id: str) -> None:
        """Forget a job that has ended, and its pictures. Raises :class:`UnknownJob`, or :class:`Conflict` where it has not."""
        try:
            self._store.remove(id)
        except DatabaseLocked:
            raise
        except DiskFull:
            if self._store.get(id).state not in ENDED:
                raise
            self._folders.discard(id)  # makes the room that the database needs to write that the job has gone
            self._store.remove(id)
        self._folders.discard(id)
        self._changed()

    # -- pictures ----------------------------------------------------------------------------------------------------

    def preview(self, id: str) -> Path:
        """The newest preview, a PNG. It is replaced while the job runs and removed with it.

        Raises :class:`NotReady` before the first, :class:`Gone` where there will be none.
        """
        job = self._store.get(id)
        file = self._folders.path(id) / PREVIEW
        if job.state in (CANCELLED, FAILED):
            raise Gone(f"The job has {_ended(job)}, so it has no preview.")
        if job.preview and is_own_file_of_job(file):
            return file
        if job.state == DONE:
            raise Gone("The job has ended without a preview.")
        raise NotReady("There is no preview yet.", hint="Try again in a moment.")

    def fetched(self, id: str) -> None:
        """Somebody has been given the result of job ``id``: from now on it may go where the disk quota needs room."""
        with contextlib.suppress(DiskFull):
            self._store.fetched(id)

    def result(self, id: str) -> tuple[Path, str]:
        """The picture and its media type. Raises :class:`NotReady` before the end, :class:`Gone` where there is none."""
        job = self._store.get(id)
        if job.state not in ENDED:
            raise NotReady("The job has not ended yet.", hint=f"It is {job.state}; ask again when it is done.")
        if job.state != DONE:
            raise Gone(f"The job has {_ended(job)}, so it has no result.")
        result = job.result or {}
        name = result.get("file", "")
        file = self._folders.path(id) / Path(name).name
        if not name or not is_own_file_of_job(file):
            raise Gone("The picture is no longer there." if name else f"A {job.kind} job has no picture.")
        return file, result["media_type"]

    def refined(self, id: str) -> tuple[Job, Path]:
        """The job and its folder, where there are refined styles in it that can be kept (:mod:`impasto.models.refined_styles`).

        Raises as :meth:`result` does, and :class:`Conflict` where there are none.
        """
        self.result(id)
        job, folder = self._store.get(id), self._folders.path(id)
        kept = (job.result or {}).get("kept")
        if kept:
            raise Conflict(
                f"This painting's style has been kept already, as {', '.join(kept)}.", hint="Where it was removed: paint again."
            )
        if not is_own_file_of_job(folder / REFINED):
            raise Conflict(NOTHING_TO_KEEP, hint="The fast method makes one of a picture that is no fast style yet.")
        return job, folder

    def kept(self, id: str, styles: Sequence[str]) -> None:
        """What job ``id`` has refined is in the library now, under the ids ``styles``."""
        with contextlib.suppress(DiskFull):  # it is kept all the same
            self._store.kept(id, styles)
        self._changed()

    # -- what will be ------------------------------------------------------------------------------------------------

    def plan(self, stylization: Stylization, size: Size) -> Plan:
        """What ``stylization`` will mean for a picture of ``size`` (height, width): method, painted size, seconds.

        Raises :class:`StyleNotLearnt` or :class:`OutOfMemory` where it cannot be painted.
        """
        return self._planner.plan(stylization, size)

    # -- the device --------------------------------------------------------------------------------------------------

    def device(self) -> dict[str, Any]:
        """See :meth:`Lanes.device`."""
        return self._lanes.device()

    def unload(self) -> None:
        """Give the workers' memory back: at once where they are idle, else after the present job."""
        self._lanes.unload()


def _ended(job: Job) -> str:
    return "been cancelled" if job.state == CANCELLED else "failed"


def _size(submission: Submission) -> int:
    return sum(len(data) for data in submission.inputs.values())


def _fingerprint(submission: Submission) -> str:
    """Tells two requests under one idempotency key apart."""
    plain = asdict(replace(submission, inputs={}, idempotency_key=""))
    del plain["title"], plain["lease_s"]  # a style may be given another name in between
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode())
    for name in sorted(submission.inputs):
        digest.update(name.encode() + hashlib.sha256(submission.inputs[name]).digest())
    return digest.hexdigest()
