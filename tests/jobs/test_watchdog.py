"""A worker that hangs is ended; one that takes long, or waits for something, is not."""

from __future__ import annotations

import signal
import sys
import time
from types import SimpleNamespace

import psutil
import pytest
from impasto.jobs import watchdog
from impasto.jobs.watchdog import PATIENCE, Watchdog

from .helpers import ended, gone, job, running, until, worker_pid

pytestmark = pytest.mark.slow


class Worker:
    """Its processor time, and the moment, as a test sets them."""

    def __init__(self, monkeypatch, silence_s=60):
        self.now = self.taken = 0.0
        monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: self.now))
        self.watchdog = Watchdog(silence_s, lambda: self.taken)

    def live(self, seconds, share=0.0, says=False):
        """Go on for so long; whether it was taken for hung at any moment."""
        found = False
        for _ in range(round(seconds / self.watchdog.check_s)):
            self.now += self.watchdog.check_s
            self.taken += share * self.watchdog.check_s
            if says:
                self.watchdog.heard()
            found |= self.watchdog.hung()
        return found


@pytest.mark.parametrize(
    "share, says, seconds, hung",
    [
        (0, False, 58, False),
        (0, False, 64, True),
        (0.01, False, 64, True),
        (0, True, 3600, False),
        (0.5, False, 60 * PATIENCE - 4, False),
        (2, False, 60 * PATIENCE + 4, True),
    ],
    ids=["still early", "idle and silent", "waking threads", "talks", "computes", "computes for ever"],
)
def test_who_neither_talks_nor_computes_hangs(monkeypatch, share, says, seconds, hung):
    assert Worker(monkeypatch).live(seconds, share, says) is hung


def test_a_machine_that_has_slept_is_not_held_against_the_worker(monkeypatch):
    worker = Worker(monkeypatch)
    assert not worker.live(50)
    worker.now += 8 * 3600
    assert not worker.watchdog.hung() and not worker.live(50)
    assert worker.live(20)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_worker_that_stands_still_is_ended_and_its_job_runs_again(start, tmp_path):
    manager = start(worker_silence_s=5)
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, held.id)
    first = worker_pid(manager)
    psutil.Process(first).send_signal(signal.SIGSTOP)
    until(lambda: worker_pid(manager) not in (None, first), 20)
    assert gone(first)
    (tmp_path / "door").touch()
    done = ended(manager, held.id)
    assert done.state == "done" and done.attempts == 2


def test_a_job_over_which_two_workers_hang_fails_in_words_and_the_next_runs(start):
    manager = start(worker_silence_s=5)
    deaf, following = manager.submit(job("stubborn")), manager.submit(job())
    failed = ended(manager, deaf.id, 40)
    assert failed.state == "failed" and failed.error["code"] == "worker_hung" and "no sign of life" in failed.error["message"]
    assert "resolution" in failed.error["hint"]
    assert ended(manager, following.id).state == "done"


def test_a_job_that_waits_for_something_but_looks_whether_to_go_on_has_not_hung(start, tmp_path):
    manager = start(worker_silence_s=5)
    waiting = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, waiting.id)
    time.sleep(8)
    (tmp_path / "door").touch()
    done = ended(manager, waiting.id)
    assert done.state == "done" and done.attempts == 1
