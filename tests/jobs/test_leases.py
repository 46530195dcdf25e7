"""An editor that is killed must not leave the device busy with what nobody wants any more."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from impasto.jobs import housekeeping

from .helpers import ended, job, running, until

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _watchful(monkeypatch):
    monkeypatch.setattr(housekeeping, "LEASE_SWEEP_S", 0.1)


def leased(*arguments, lease_s=1.0, **more):
    return replace(job(*arguments, **more), lease_s=lease_s)


def state(manager, id):
    """Without asking as an owner does, which would renew the lease."""
    return manager._store.get(id).state


def test_a_job_that_nobody_asks_about_is_given_up_running_or_waiting(manager):
    jobs = [manager.submit(leased("steps")) for _ in range(2)]
    kept = manager.submit(job("steps", total=3))
    until(lambda: {state(manager, one.id) for one in jobs} == {"cancelled"})
    assert ended(manager, kept.id).state == "done"


def test_asking_and_waiting_renew_it(manager):
    held = manager.submit(leased("steps"))
    running(manager, held.id)
    for _ in range(4):
        manager.get(held.id)
        time.sleep(0.5)
    manager.wait(held.id, 2**40, 2.5)  # longer than the lease, but somebody is there
    assert state(manager, held.id) == "running"
    until(lambda: state(manager, held.id) == "cancelled")


def test_what_has_ended_stays_as_it_is(manager):
    done = ended(manager, manager.submit(leased(lease_s=0.2)).id)
    time.sleep(0.6)
    assert state(manager, done.id) == "done" and manager.result(done.id)[0].is_file()


def test_it_survives_a_restart_and_counts_from_then(start):
    manager = start()
    held, waiting = (manager.submit(leased("steps", lease_s=4)) for _ in range(2))
    kept = manager.submit(job("steps", total=3))
    running(manager, held.id)
    manager.stop()
    again = start()
    assert {state(again, one.id) for one in (held, waiting)} <= {"queued", "running"}  # whoever still wants it has time to ask
    until(lambda: {state(again, one.id) for one in (held, waiting)} == {"cancelled"})
    assert ended(again, kept.id).state == "done"


def test_the_same_request_again_is_somebody_who_asks(manager):
    held = manager.submit(leased("steps", key="k"))
    for _ in range(4):
        time.sleep(0.5)
        assert manager.submit(leased("steps", key="k")).id == held.id
    assert state(manager, held.id) == "running"
