"""Cancel takes effect within 2 s, whatever the job does, and never touches another."""

from __future__ import annotations

import contextlib
import random
import threading
import time

import pytest
from impasto import errors

from .helpers import ended, gone, job, running, until, worker_pid

pytestmark = pytest.mark.slow

WITHIN_S = 2.0
SLACK_S = 1.0
"""For a busy test machine, on top of what is promised; a worker that had to be waited out would take minutes."""


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(manager, tmp_path):
    first = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, first.id)
    waiting = manager.submit(job())
    cancelled = manager.cancel(waiting.id)
    assert cancelled.state == "cancelled" and cancelled.ended and cancelled.attempts == 0
    assert not (manager.paths.jobs / waiting.id).exists()
    (tmp_path / "door").touch()
    assert ended(manager, first.id).state == "done"
    assert manager.get(waiting.id).attempts == 0


def test_cancel_is_idempotent_and_leaves_what_has_ended_alone(manager):
    done = ended(manager, manager.submit(job()).id)
    failed = ended(manager, manager.submit(job("refuse")).id)
    for before in (done, failed):
        assert manager.cancel(before.id) == manager.cancel(before.id) == before
    assert manager.result(done.id)[0].is_file()
    painting = manager.submit(job("steps"))
    running(manager, painting.id)
    assert manager.cancel(painting.id) == manager.cancel(painting.id)
    with pytest.raises(errors.UnknownJob):
        manager.cancel("0" * 16)


def test_a_listening_job_ends_by_itself_and_its_worker_goes_on(manager):
    painting = manager.submit(job("steps"))
    until(lambda: manager.get(painting.id).step > 1)
    pid = worker_pid(manager)
    assert manager.cancel(painting.id).state == "cancelled"
    after = ended(manager, manager.submit(job()).id)
    assert after.state == "done" and after.result["pid"] == pid
    until(lambda: not (manager.paths.jobs / painting.id).exists())
    assert manager.get(painting.id).state == "cancelled"


@pytest.mark.parametrize("script", ["stubborn", "shouting"])
def test_a_deaf_job_is_ended_by_force_and_the_next_runs_unharmed(manager, script):
    deaf = manager.submit(job(script))
    until(lambda: manager.get(deaf.id).phase == "painting" or manager.get(deaf.id).step)
    pid, waiting = worker_pid(manager), manager.submit(job())
    began = time.monotonic()
    assert manager.cancel(deaf.id).state == "cancelled"
    assert time.monotonic() - began < 0.5
    until(lambda: gone(pid))
    assert time.monotonic() - began < WITHIN_S + SLACK_S
    after = ended(manager, waiting.id)
    assert after.state == "done" and after.attempts == 1 and after.result["pid"] != pid


def test_what_a_killed_job_had_started_is_ended_too(manager, tmp_path):
    deaf = manager.submit(job("parent", note=str(tmp_path / "child")))
    running(manager, deaf.id)
    child = int((tmp_path / "child").read_text())
    assert not gone(child)
    manager.cancel(deaf.id)
    until(lambda: gone(child), WITHIN_S + SLACK_S)


@pytest.mark.parametrize("delay", [0.0, 0.005, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3])
def test_cancel_at_any_moment_of_a_start(manager, delay):
    """While the worker is not there yet, is starting, has just got the job..."""
    deaf = manager.submit(job("stubborn"))
    time.sleep(delay)
    assert manager.cancel(deaf.id).state == "cancelled"
    after = ended(manager, manager.submit(job()).id, 6)
    assert after.state == "done" and after.attempts == 1
    assert manager.get(deaf.id).state == "cancelled"


def test_late_cancels_and_finishes_never_reach_the_next_job(manager):
    """Jobs end, and are cancelled or finished at that very moment, over and over; every other job must be whole."""
    dice = random.Random(0)
    for _ in range(40):
        short, following = manager.submit(job("steps", total=3, pause=0.005)), manager.submit(job("steps", total=6, pause=0.005))
        time.sleep(dice.uniform(0, 0.06))
        said = []
        late = [threading.Thread(target=call, args=(manager, short.id, said)) for call in (_cancel, _finish, _cancel)]
        for thread in late:
            thread.start()
        for thread in late:
            thread.join()
        whole = ended(manager, following.id)
        assert (whole.state, whole.step, whole.attempts, whole.notes) == ("done", 6, 1, [])
        assert not whole.result["finished_early"]
        assert said == [manager.get(short.id).state] * 2 and said[0] in ("cancelled", "done")  # once said, it stays


def _cancel(manager, id, said):
    said.append(manager.cancel(id).state)


def _finish(manager, id, said):
    with contextlib.suppress(errors.Conflict):  # it waits yet
        manager.finish(id)


def test_a_result_that_comes_after_the_cancel_is_discarded(manager):
    """The worker was just done, and its word is on the way."""
    listen = manager._lanes["device"].executor.run

    def run(task, listener):
        outcome = listen(task, listener)
        manager.cancel(task.id)
        return outcome

    manager._lanes["device"].executor.run = run
    cancelled = ended(manager, manager.submit(job()).id)
    until(lambda: not (manager.paths.jobs / cancelled.id).exists())
    assert manager.get(cancelled.id).state == "cancelled" and manager.get(cancelled.id).result is None


def test_all_are_cancelled_and_none_begins_meanwhile(manager, tmp_path):
    held = [manager.submit(job("gate", kind=kind, file=str(tmp_path / "door"))) for kind in ("stylize", "pull")]
    for one in held:
        running(manager, one.id)
    waiting = [manager.submit(job()) for _ in range(4)]
    assert [one.id for one in manager.queue() if one.state == "queued"] == [one.id for one in waiting]
    assert {one.state for one in manager.queue()[:2]} == {"running"}
    cancelled = manager.cancel_all()
    assert {one.id for one in cancelled} == {one.id for one in (*held, *waiting)} and {one.state for one in cancelled} == {
        "cancelled"
    }
    assert manager.queue() == [] and manager.cancel_all() == []
    assert [manager.get(one.id).attempts for one in waiting] == [0] * 4
    assert ended(manager, manager.submit(job()).id).state == "done"


def test_requests_for_others_are_dropped_by_the_executor(manager, tmp_path):
    painting = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, painting.id)
    for lane in manager._lanes.values():
        lane.executor.cancel("0" * 16)
        lane.executor.finish("0" * 16)
    pull = manager.submit(job("stubborn", kind="pull"))
    running(manager, pull.id)
    manager.cancel(pull.id)
    assert ended(manager, manager.submit(job(kind="pull")).id).state == "done"  # the cancel has run its course
    assert manager.get(painting.id).state == "running"
    (tmp_path / "door").touch()
    assert ended(manager, painting.id).state == "done"
