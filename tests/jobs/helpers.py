"""Short words for what every test of jobs does."""

from __future__ import annotations

import time

import psutil
import pytest
from impasto.jobs import Submission
from impasto.jobs.job import ENDED


def until(true, seconds=30.0):
    """Poll ``true`` until it is, and answer its value. Fails after ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = true()
        if value:
            return value
        time.sleep(0.01)
    pytest.fail(f"not within {seconds} s")


def job(script="quick", *, kind="stylize", key="", inputs=None, output=None, **arguments):
    """A submission of a scripted job."""
    return Submission(
        kind=kind,
        parameters={"script": script, "with": arguments},
        inputs={"content": b"content"} if inputs is None else inputs,
        output=output or {},
        idempotency_key=key,
    )


def ended(manager, id, seconds=60.0):
    """The job when it has ended."""
    return until(lambda: found if (found := manager.wait(id, 2**40, 0.2)).state in ENDED else None, seconds)


def running(manager, id, phase="painting"):
    """The job once it is really at work."""
    return until(lambda: found if (found := manager.get(id)).state == "running" and found.phase == phase else None)


def worker_pid(manager):
    return manager.device()["worker"]["pid"]


def gone(pid):
    """Whether a process has ended."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
