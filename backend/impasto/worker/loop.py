"""The worker process: it owns torch and the device, does one job at a time and tells what happens in JSON lines.

Asked through standard input: ``run`` (a job), ``warm up``, and ``cancel``, ``finish``, ``pause`` and ``resume`` (by job id; any
other is ignored). Told through standard output: ``device``, ``started``, ``phase``, ``progress``, ``preview``, ``note``,
``checkpoint``, ``alive``, then ``done``, ``failed`` or ``cancelled``. Torch is imported by the work that needs it, not here.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import psutil

from ..disk import NO_ROOM
from ..errors import Cancelled, DiskFull, ImpastoError, OutOfMemory
from ..paths import Paths
from ..settings import Settings
from ..task import Task
from .control import Control

LEAVE_GRACE_S = 1.0
"""When the daemon has gone, a running job may take so long to end before the process is ended under it."""

QUIET_S = 3.0
"""So long after the last job its memory is given back to the system."""

HEARTBEAT_S = 1.0
"""A job that looks whether to go on says at most so often that it is alive."""

WARM_UP = "warm up"
"""The kind of work that makes the first job quicker, in a table that has it."""

WARMING = Task("", WARM_UP, Path(), {}, {})

Report = Callable[..., None]
"""``report(event, **fields)``."""

Handler = Callable[[Task, Report, Control], "dict[str, Any] | None"]
"""Does a job and returns its result. Raises :class:`Cancelled` or any other :class:`ImpastoError`."""

Table = Mapping[str, Handler]
"""Kind of job -> its handler. Made once in the life of a worker by ``module:function``, which takes settings, paths and limits."""


def main() -> None:
    """Entry point of ``python -m impasto.worker``."""
    parser = argparse.ArgumentParser(prog="impasto.worker", description="Started by the daemon; not for use by hand.")
    parser.add_argument("--work", required=True)
    module, _, function = parser.parse_args().work.partition(":")
    requests, events = _claim_streams()
    _leave_the_end_to_the_daemon()
    setup = json.loads(requests.readline() or b"null")
    if setup is None:
        return
    _lower_priority(setup["niceness"])
    make = getattr(importlib.import_module(module), function)
    paths = Paths(**{name: Path(value) for name, value in setup["paths"].items()})
    table = make(Settings(**setup["settings"]), paths, **setup["limits"])
    Worker(table, requests, events).serve()
    _exit()


class Worker:
    """Reads tasks in one thread, works in another."""

    def __init__(self, table: Table, requests: IO[bytes], events: IO[bytes]) -> None:
        self._table, self._requests, self._events = table, requests, events
        self._tasks: queue.Queue[Task | None] = queue.Queue()
        self._controls: dict[str, Control] = {}
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def serve(self) -> None:
        """Handler until standard input closes, or memory has run out.

        After that, what a broken-off backward pass holds on to and how the rest is fragmented is not ours to mend:
        the next job gets a fresh process, which surely has it all.
        """
        threading.Thread(target=self._read, name="tasks", daemon=True).start()
        while (task := self._next()) is not None:
            if task.kind == WARM_UP:
                self._warm_up()
                continue
            exhausted = self._execute(task)
            self._controls.pop(task.id, None)
            if exhausted:
                break
        self._ended.set()

    def _warm_up(self) -> None:
        if WARM_UP in self._table:
            try:
                self._table[WARM_UP](WARMING, lambda *_, **__: None, Control())
            except Exception:  # whatever is wrong, the first job will say it to somebody
                traceback.print_exc()

    def _next(self) -> Task | None:
        """The next task, or None at the end. What the last job left of its memory is of use to one that follows soon."""
        try:
            return self._tasks.get(timeout=QUIET_S)
        except queue.Empty:
            _free_memory()
            return self._tasks.get()

    def _read(self) -> None:
        for line in self._requests:
            self._take(json.loads(line))
        # The daemon has closed the pipe or is gone. Whatever runs must not outlive it.
        for control in list(self._controls.values()):
            control.cancel()
        self._tasks.put(None)
        self._ended.wait(LEAVE_GRACE_S)
        _exit()

    def _take(self, message: dict[str, Any]) -> None:
        if message["do"] == "run":
            task = Task.from_message(message)
            self._controls[task.id] = Control(self._heartbeat(task.id))
            self._tasks.put(task)
            return
        if message["do"] == WARM_UP:
            self._tasks.put(WARMING)
            return
        control = self._controls.get(message["id"])
        if control:
            requests = {"cancel": control.cancel, "finish": control.finish, "pause": control.pause, "resume": control.resume}
            requests[message["do"]]()

    def _execute(self, task: Task) -> bool:
        """Do one job; whether memory ran out over it."""

        phase = "starting"

        def report(event: str, **fields: Any) -> None:
            nonlocal phase
            phase = fields["phase"] if event == "phase" else phase
            self._send({"event": event, "job": task.id, **fields})

        def rests(now: bool) -> None:
            self._send({"event": "phase", "job": task.id, "phase": "paused" if now else phase})

        report("started")
        try:
            control = self._controls[task.id]
            control.rests = rests
            control.check()
            result = self._table[task.kind](task, report, control)
            control.check()
            report("done", result=result or {})
        except Cancelled:
            report("cancelled")
        except BaseException as error:
            said = as_impasto_error(error)
            report("failed", error=said.to_dict())
            return isinstance(said, OutOfMemory)
        return False

    def _heartbeat(self, id: str) -> Callable[[], None]:
        """Says now and then that job ``id`` is alive though it has nothing else to say, such as while it waits for the network."""
        due = 0.0

        def heartbeat() -> None:
            nonlocal due
            now = time.monotonic()
            if now >= due:
                due = now + HEARTBEAT_S
                self._send({"event": "alive", "job": id})

        return heartbeat

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(message, allow_nan=False).encode() + b"\n"
        with self._lock, contextlib.suppress(OSError):  # a daemon that has gone is noticed by the other thread
            self._events.write(line)
            self._events.flush()


def as_impasto_error(error: BaseException) -> ImpastoError:
    """The error as the user meets it. What is not one of ours goes into the log with its traceback."""
    if isinstance(error, ImpastoError):
        return error
    traceback.print_exception(error)
    if _is_out_of_memory(error):
        return OutOfMemory(
            "There is not enough memory for this job.",
            hint="Set a smaller resolution (of a training: batch or side), or close other programs.",
        )
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return DiskFull(
            "The job's folder is gone, full, or cannot be written.",
            hint="Make room, or choose another folder with the setting data_dir, and send the job again.",
        )
    if isinstance(error, ImportError):
        return ImpastoError("A part of the installation is missing or damaged.", hint="Run: impasto doctor")
    return ImpastoError("Something went wrong while working on the job; the worker's log in the data folder says what.")


def _is_out_of_memory(error: BaseException) -> bool:
    if "torch" not in sys.modules:
        return isinstance(error, MemoryError)
    from ..engine.device import is_out_of_memory

    return is_out_of_memory(error)


def _claim_streams() -> tuple[IO[bytes], IO[bytes]]:
    """Our ends of the pipes, under numbers that nobody else knows.

    What libraries print goes to standard error instead, and what they try to read is empty.
    """
    requests, events = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, events


def _leave_the_end_to_the_daemon() -> None:
    # Ctrl-C in the daemon's terminal reaches this process too; the daemon decides what becomes of the job.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        # Where memory runs out it is this process that the system shall end, not the daemon or the editor.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")


def _lower_priority(niceness: int) -> None:
    """By ``niceness``, as Unix counts it; Windows has one step. Nothing changes where the machine is otherwise idle."""
    with contextlib.suppress(OSError, psutil.Error):
        process = psutil.Process()
        if sys.platform != "win32":
            process.nice(min(19, int(process.nice()) + niceness))
        elif niceness:
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)


def _free_memory() -> None:
    gc.collect()
    if "torch" in sys.modules:
        from ..engine.device import free

        free()


def _exit() -> None:
    """End at once, whatever threads and libraries are doing, and leave no child behind."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    os._exit(0)
