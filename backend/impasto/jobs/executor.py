"""Who carries jobs out: the interface, and the one that does it on this machine.

An executor runs one job at a time. Whoever calls :meth:`Executor.run` waits in it; the other methods may be called
from any thread. Requests carry a job's id, and one for a job that no longer runs is dropped, so it cannot hit the next.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..errors import WorkerDied, WorkerHung
from ..paths import Paths
from ..settings import Settings
from ..task import Task
from .leftover_workers import record_worker
from .process import CLOSED, Inbox, WorkerProcess
from .watchdog import Watchdog

log = logging.getLogger(__name__)

CANCEL_GRACE_S = 1.5
"""A cancelled job may take so long to end by itself; then its worker is killed, so that a cancel takes effect within 2 s."""

STARTS = 3
"""How often a worker that dies before it has begun the job is started for it."""

PAUSE, WARM_UP = "pause", "warm up"
"""What a worker is told besides jobs' ends."""

SILENT = "it gave no sign of life any more"

WORK = "impasto.worker.handlers:table"
"""Where a worker finds what to do for each kind of job."""


@dataclass(frozen=True)
class Share:
    """What a worker may take of the machine. ``niceness``: how much less urgent it is than the daemon and the editor, as Unix
    counts it; ``limits``: what the function that makes its table of work is given besides settings and paths."""

    niceness: int = 10
    limits: Mapping[str, Any] = field(default_factory=dict)


Event = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a run ended. ``how``: done, failed, cancelled, died (the worker, in the middle) or stopped (with the executor)."""

    how: str
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None


NOT_BEGUN = "not begun"
"""How a run ended whose worker was gone before it began, so that the job is not to blame; ``error`` where the cause is known."""


class Executor(Protocol):
    """Carries out one job at a time."""

    def run(self, task: Task, listen: Callable[[Event], None]) -> Outcome:
        """Carry out ``task``, telling ``listen`` what happens, until it has ended."""

    def cancel(self, id: str) -> None:
        """Discard job ``id`` if it is the running one; ``run`` returns within 2 s."""

    def finish(self, id: str) -> None:
        """Let job ``id``, if it is the running one, end at its next step with what it has."""

    def pause(self, paused: bool) -> None:
        """Let whatever runs, now or later, rest between two steps, or go on. One that rests can be cancelled and finished."""

    def warm_up(self) -> None:
        """Make what the next job needs ready, without waiting for that. Called by the thread that calls ``run``, between runs."""

    def unload(self) -> None:
        """Give memory back. Called by the thread that calls ``run``, between runs."""

    def stop(self) -> None:
        """End for good: ``run`` returns soon, and nothing is started any more."""

    def describe(self) -> dict[str, Any]:
        """What is there now: ``alive``, ``pid``, ``memory`` (bytes) and ``device`` (what the worker said of it)."""


class LocalExecutor:
    """A worker process on this machine, started when the first job needs it."""

    def __init__(self, name: str, settings: Settings, paths: Paths, work: str = WORK, share: Share | None = None) -> None:
        self._work, self._log_file = work, paths.logs / f"worker-{name}.log"
        self._note = paths.workers / name
        self._silence_s = settings.worker_silence_s
        folders = {name: str(Path(folder).absolute()) for name, folder in asdict(paths).items()}
        self._setup = {"settings": {**settings.to_dict(), "token": ""}, "paths": folders, **asdict(share or Share())}
        self._inbox: Inbox = queue.Queue()
        self._worker: WorkerProcess | None = None
        self._stopping, self._paused = threading.Event(), threading.Event()

    def cancel(self, id: str) -> None:
        """See :class:`Executor`."""
        self._inbox.put((None, {"event": "cancel", "job": id}))

    def finish(self, id: str) -> None:
        """See :class:`Executor`."""
        self._inbox.put((None, {"event": "finish", "job": id}))

    def pause(self, paused: bool) -> None:
        """See :class:`Executor`."""
        (self._paused.set if paused else self._paused.clear)()
        self._inbox.put((None, {"event": PAUSE}))

    def stop(self) -> None:
        """See :class:`Executor`."""
        self._stopping.set()
        self._inbox.put((None, {"event": "stop"}))

    def warm_up(self) -> None:
        """See :class:`Executor`."""
        with contextlib.suppress(OSError):  # the next job will say that it cannot be started
            self._running_worker().send({"do": WARM_UP})

    def unload(self) -> None:
        """See :class:`Executor`."""
        worker, self._worker = self._worker, None
        if worker:
            worker.close()

    def describe(self) -> dict[str, Any]:
        """See :class:`Executor`."""
        worker = self._worker
        if worker is None or not worker.alive:
            return {"alive": False, "pid": None, "memory": 0, "device": None}
        return {"alive": True, "pid": worker.pid, "memory": worker.memory(), "device": worker.device}

    def run(self, task: Task, listen: Callable[[Event], None]) -> Outcome:
        """See :class:`Executor`."""
        cause = ""
        for _ in range(STARTS):
            if self._stopping.is_set():
                return Outcome("stopped")
            try:
                worker = self._running_worker()
            except OSError as error:
                log.error("no worker can be started: %s", error)
                cause = "the system refuses to start it"
                continue
            watchdog = Watchdog(self._silence_s, worker.cpu_seconds)
            run = _Run(worker, self._inbox, task, listen, self._stopping, self._paused, watchdog)
            outcome = run.until_it_ends()
            if not worker.alive:
                self._worker = None
            if outcome.how != NOT_BEGUN:
                return outcome
            cause = SILENT if outcome.error else cause_of_death(worker.exit_code, "\n".join(worker.tail))[0]
        return Outcome(
            "failed", error=WorkerDied(f"The worker process could not be started ({cause}).", hint="Run: impasto doctor").to_dict()
        )

    def _running_worker(self) -> WorkerProcess:
        if self._worker is None or not self._worker.alive:
            if self._worker:
                self._worker.reap()
            self._worker = WorkerProcess(self._work, self._setup, self._log_file, self._inbox)
            record_worker(self._note, self._worker.pid)
        return self._worker


class _Run:
    """One job on one worker. All that happens comes through the inbox, one thing after the other, so nothing can cross."""

    def __init__(
        self,
        worker: WorkerProcess,
        inbox: Inbox,
        task: Task,
        listen: Callable[[Event], None],
        stopping: threading.Event,
        paused: threading.Event,
        watchdog: Watchdog,
    ) -> None:
        self._worker, self._inbox, self._task, self._listen, self._stopping = worker, inbox, task, listen, stopping
        self._paused, self._watchdog = paused, watchdog
        self._begun = False
        self._deadline: float | None = None

    def until_it_ends(self) -> Outcome:
        """The outcome; maybe :data:`NOT_BEGUN`."""
        self._worker.send({"do": "run", **self._task.to_message()})
        self._tell_paused()
        outcome = None
        while outcome is None:
            patience = self._watchdog.check_s if self._deadline is None else self._deadline - time.monotonic()
            if patience <= 0:
                log.warning("worker %d did not end a cancelled job in time and is killed", self._worker.pid)
                self._worker.kill()
                return Outcome("cancelled")
            try:
                sender, event = self._inbox.get(timeout=patience)
            except queue.Empty:
                outcome = self._hung() if self._deadline is None and self._watchdog.hung() else None
                continue
            if sender is None:
                outcome = self._on_request(event)
            elif sender is self._worker:
                outcome = self._on_event(event)
        return outcome

    def _on_request(self, event: Event) -> Outcome | None:
        if event["event"] == "stop" or self._stopping.is_set():
            self._worker.close()
            return Outcome("stopped")
        if event["event"] == PAUSE:
            self._tell_paused()
        elif event["job"] == self._task.id:
            self._worker.send({"do": event["event"], "id": self._task.id})
            if event["event"] == "cancel" and self._deadline is None:
                self._deadline = time.monotonic() + CANCEL_GRACE_S
        return None

    def _tell_paused(self) -> None:
        self._worker.send({"do": PAUSE if self._paused.is_set() else "resume", "id": self._task.id})

    def _on_event(self, event: Event) -> Outcome | None:
        if event["event"] == CLOSED:
            return self._gone()
        self._watchdog.heard()
        if event.get("job") == self._task.id:
            self._begun = True
            if event["event"] in ("done", "failed", "cancelled"):
                return Outcome(event["event"], result=event.get("result"), error=event.get("error"))
            self._listen(event)
        elif event["event"] == "device":
            self._listen(event)
        return None

    def _hung(self) -> Outcome:
        log.error("worker %d gives no sign of life any more and is killed", self._worker.pid)
        self._worker.kill()
        error = WorkerHung(
            f"The worker process was ended in the middle of the job: {SILENT}.",
            hint="Set a smaller resolution, or device to cpu; if it stays, run: impasto doctor",
        )
        return Outcome("died" if self._begun else NOT_BEGUN, error=error.to_dict())

    def _gone(self) -> Outcome:
        code = self._worker.reap()
        if self._deadline is not None:
            return Outcome("cancelled")
        log.error("worker %d ended by itself, exit code %s", self._worker.pid, code)
        if not self._begun:
            return Outcome(NOT_BEGUN)
        cause, hint = cause_of_death(code, "\n".join(self._worker.tail))
        error = WorkerDied(f"The worker process ended in the middle of the job ({cause}).", hint=hint)
        return Outcome("died", error=error.to_dict())


_CAUSES = (
    # What the last words contain, what that means, what to do.
    (("out of memory", "bad_alloc", "can't allocate memory", "MemoryError"), "out of memory", "Set a smaller resolution."),
    (
        ("CUDA error", "CUDNN_STATUS", "device-side assert"),
        "the graphics driver failed",
        "Try again; if it stays, set device to cpu.",
    ),
    (
        ("No module named", "ImportError", "DLL load failed"),
        "a part of the installation is missing or damaged",
        "Run: impasto doctor",
    ),
)


def cause_of_death(code: int | None, last_words: str) -> tuple[str, str]:
    """Why a worker died, in a few words, and a hint. Only causes that are recognised are named; the rest is in the log."""
    for signs, cause, hint in _CAUSES:
        if any(sign in last_words for sign in signs):
            return cause, hint
    if code == -9 and not sys.platform.startswith("win"):
        return "killed by the system, most often because memory ran out", "Set a smaller resolution, or close other programs."
    if code in (-11, -7, -6, 0xC0000005, 0xC0000409):
        return "it crashed", "Run: impasto doctor"
    return f"exit code {code}", "Its log is in the data folder, under logs."
