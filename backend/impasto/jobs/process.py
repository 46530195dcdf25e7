"""One worker process, from the daemon's side: started, spoken to, listened to, ended."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any

import psutil

log = logging.getLogger(__name__)

CLOSE_GRACE_S = 1.5
"""A worker whose standard input was closed may take so long to end."""

KILL_WAIT_S = 5.0
"""The system may take so long to reap a killed process."""

LOG_BYTES = 1_000_000
"""The log of a worker's standard error begins anew at this size; one older file is kept."""

TAIL_LINES = 60
CLOSED = "closed"

Inbox = queue.Queue[tuple[Any, dict[str, Any]]]
"""Who said it, and what."""


# Threads that wait for each other sleep: spinning, they made steps ten times slower beside any other busy program.
# Large pages: features are hundreds of megabytes, taken and given back at every step; small pages cost a fifth of it.
WORKER_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""What torch works best with, unless the user's own environment says otherwise."""


class WorkerProcess:
    """A child that speaks JSON lines.

    What it says arrives in ``inbox`` as (this process, message); (this process, ``{"event": "closed"}``) comes last.
    """

    def __init__(self, work: str, setup: Mapping[str, Any], log_file: Path, inbox: Inbox) -> None:
        """Start it. ``work``: ``module:function`` that makes its table of work. Raises ``OSError`` where it cannot be started."""
        self.device: dict[str, Any] | None = None
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self._closed = threading.Event()
        # UTF-8 whatever the locale; and a stray torch.py in the folder that the daemon was started in must not be imported.
        environment = {**WORKER_ENVIRONMENT, **os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "impasto.worker", "--work", work],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin is not None, "a pipe was asked for"
        self._input = self._process.stdin
        threading.Thread(target=self._listen, args=(self._process.stdout, inbox), name=f"events-{self.pid}", daemon=True).start()
        threading.Thread(target=self._keep_log, args=(self._process.stderr, log_file), name=f"log-{self.pid}", daemon=True).start()
        self.send(setup)

    @property
    def pid(self) -> int:
        """The system's number for it."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it lives."""
        return self._process.poll()

    @property
    def alive(self) -> bool:
        """Whether it can still take work."""
        return self.exit_code is None and not self._closed.is_set()

    def memory(self) -> int:
        """Bytes that it holds in main memory; 0 where it has gone."""
        try:
            return psutil.Process(self.pid).memory_info().rss if self.alive else 0
        except psutil.Error:
            return 0

    def cpu_seconds(self) -> float:
        """Processor seconds that it and what it has started have taken; 0 where it has gone."""
        taken = 0.0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            for one in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = one.cpu_times()
                    taken += times.user + times.system
        return taken

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something. A worker that has gone hears nothing; its end arrives in the inbox."""
        with contextlib.suppress(OSError, ValueError):
            self._input.write(json.dumps(dict(message)).encode() + b"\n")
            self._input.flush()

    def close(self) -> None:
        """End it: politely, then not."""
        with contextlib.suppress(OSError, ValueError):
            self._input.close()
        try:
            self._process.wait(CLOSE_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and whatever it started, now."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    child.kill()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_WAIT_S)

    def reap(self) -> int:
        """Wait for the end of a process that has closed its output; its exit code."""
        try:
            self._process.wait(CLOSE_GRACE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        with contextlib.suppress(OSError, ValueError):
            self._input.close()
        return self._process.returncode if self._process.returncode is not None else -1

    # -- threads -----------------------------------------------------------------------------------------------------

    def _listen(self, stream: IO[bytes], inbox: Inbox) -> None:
        with stream:
            for line in stream:
                message = parse(line)
                if message is None:
                    log.warning("worker %d said something that is no message", self.pid)
                    continue
                if message["event"] == "device":
                    self.device = message
                inbox.put((self, message))
        self._closed.set()
        inbox.put((self, {"event": CLOSED}))

    def _keep_log(self, stream: IO[bytes], file: Path) -> None:
        keeper = _log_keeper(file)
        with stream:
            for line in stream:
                text = line.decode("utf-8", "replace").rstrip()
                self.tail.append(text[:500])
                if keeper:
                    keeper.emit(logging.makeLogRecord({"msg": text, "levelno": logging.INFO, "levelname": "INFO"}))
        if keeper:
            keeper.close()


def parse(line: bytes) -> dict[str, Any] | None:
    """A message, or None where the line is none."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and isinstance(message.get("event"), str) else None


def _log_keeper(file: Path) -> RotatingFileHandler | None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        keeper = RotatingFileHandler(file, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8", errors="replace")
    except OSError:
        return None  # a full disk must not stop the work
    keeper.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    keeper.handleError = lambda record: None  # type: ignore[method-assign]  # nobody would read a traceback about the log
    return keeper
