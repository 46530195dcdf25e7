"""An editor that is killed must not leave the device busy with what nobody wants any more."""

from __future__ import annotations

import time

import pytest
from impasto.jobs import housekeeping

from .helpers import ended, job, running, until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _watchful(monkeypatch):
    monkeypatch.setattr(housekeeping, "LEASE_SWEEP_S", 0.1)


def state(manager, id):
    """Without asking as an owner does, which would renew the lease."""
    return manager._store.get(id).state


def test_a_job_that_nobody_asks_about_is_given_up_running_or_waiting(manager):
    jobs = [manager.submit(job("steps")) for _ in range(2)]
    kept = manager.submit(job("steps", total=3))
    for one in jobs:
        manager.lease(one.id, 1)
    until(lambda: {state(manager, one.id) for one in jobs} == {"cancelled"})
    assert ended(manager, kept.id).state == "done"


def test_asking_and_waiting_renew_it(manager):
    held = manager.submit(job("steps"))
    manager.lease(held.id, 1)
    running(manager, held.id)
    for _ in range(4):
        manager.get(held.id)
        time.sleep(0.5)
    manager.wait(held.id, 2**40, 2.5)  # longer than the lease, but somebody is there
    assert state(manager, held.id) == "running"
    until(lambda: state(manager, held.id) == "cancelled")


def test_what_has_ended_stays_as_it_is(manager):
    done = ended(manager, manager.submit(job()).id)
    manager.lease(done.id, 0.2)
    time.sleep(0.6)
    assert state(manager, done.id) == "done" and manager.result(done.id)[0].is_file()


def test_a_restart_forgets_it_and_the_job_runs_to_its_end(start):
    manager = start()
    held = manager.submit(job("steps", total=60, pause=0.02))
    manager.lease(held.id, 1)
    running(manager, held.id)
    manager.stop()
    again = start()
    until(lambda: state(again, held.id) == "done", 20)
