"""Long work rests when it is told to, and goes on where it stood."""

from __future__ import annotations

import time

import pytest

from .helpers import ended, job, running, until
from .test_lanes import painting

pytestmark = pytest.mark.slow


def rests(manager, id):
    return until(lambda: found if (found := manager.get(id)).phase == "paused" else None)


def test_what_runs_rests_and_what_waits_does_not_begin_but_what_is_quick_is_painted(manager):
    held, waiting = manager.submit(job("steps", total=400)), manager.submit(job())
    until(lambda: manager.get(held.id).step > 2)
    version = manager.get(waiting.id).version
    manager.pause(True)
    assert manager.paused and manager.wait(waiting.id, version, 5).phase == "paused"
    stands = rests(manager, held.id)
    assert stands.state == "running" and manager.get(waiting.id).state == "queued" and manager.get(waiting.id).eta is None
    assert ended(manager, manager.submit(painting()).id).state == "done"
    assert ended(manager, manager.submit(job(kind="pull")).id).state == "done"
    assert manager.get(held.id).step <= stands.step + 1
    manager.pause(False)
    assert running(manager, held.id).phase == "painting"
    assert ended(manager, held.id).state == "done" and manager.get(held.id).step == 400
    assert ended(manager, waiting.id).state == "done" and not manager.paused


def test_an_idle_queue_can_be_paused_too(manager):
    ended(manager, manager.submit(job()).id)
    manager.pause(True)
    waiting = manager.submit(job())
    assert (waiting.state, waiting.phase, waiting.position, waiting.waiting_for) == ("queued", "paused", 1, None)
    manager.pause(True)
    assert manager.cancel(waiting.id).state == "cancelled"
    other = manager.submit(job())
    manager.pause(False)
    assert ended(manager, other.id).state == "done"


@pytest.mark.parametrize("how", ["cancel", "finish"])
def test_what_rests_can_be_ended(manager, how):
    held = manager.submit(job("steps"))
    until(lambda: manager.get(held.id).step > 2)
    manager.pause(True)
    rests(manager, held.id)
    getattr(manager, how)(held.id)
    done = ended(manager, held.id, 5)
    assert done.state == {"cancel": "cancelled", "finish": "done"}[how]
    assert how == "cancel" or done.result["finished_early"]


def test_it_lasts_over_a_restart(start):
    manager = start()
    held = manager.submit(job("steps", total=20))
    running(manager, held.id)
    manager.pause(True)
    manager.stop()
    again = start()
    assert again.paused and ended(again, again.submit(painting()).id).state == "done"
    assert (again.get(held.id).state, again.get(held.id).phase) == ("queued", "paused")
    again.pause(False)
    assert ended(again, held.id).state == "done"


@pytest.mark.slow
def test_what_rests_is_not_taken_for_hung(start):
    manager = start(worker_silence_s=1)
    held = manager.submit(job("steps", total=20))
    running(manager, held.id)
    manager.pause(True)
    rests(manager, held.id)
    time.sleep(3)
    manager.pause(False)
    done = ended(manager, held.id)
    assert done.state == "done" and done.attempts == 1
