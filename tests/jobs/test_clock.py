"""Clocks that are set: results are kept for so many hours of the daemon's running, whatever the calendar says."""

from __future__ import annotations

import time

import pytest
from impasto import errors
from impasto.jobs import housekeeping, store

from .helpers import ended, job, until

pytestmark = pytest.mark.slow

YEAR = 365 * 86400.0


@pytest.fixture
def clock(monkeypatch):
    """Call it to set the wall clock forward (or back) by so many seconds; the steady clock goes on as ever."""
    real, off = time.time, [0.0]

    class Shifted:
        monotonic = staticmethod(time.monotonic)
        strftime = staticmethod(time.strftime)

        @staticmethod
        def time():
            return real() + off[0]

    monkeypatch.setattr(housekeeping, "time", Shifted)
    monkeypatch.setattr(store, "time", Shifted)
    monkeypatch.setattr(housekeeping, "SWEEP_S", 0.2)
    monkeypatch.setattr(housekeeping, "LEASE_SWEEP_S", 0.1)
    return lambda seconds: off.__setitem__(0, off[0] + seconds)


@pytest.mark.parametrize("jump", [YEAR, -YEAR, 3600.0 * 80])
def test_a_clock_that_is_set_neither_loses_nor_keeps_results(start, clock, jump):
    manager = start(result_hours=72)
    done = ended(manager, manager.submit(job()).id)
    time.sleep(0.5)
    clock(jump)
    until(lambda: abs(manager.get(done.id).expires - done.expires - jump) < 5)
    time.sleep(0.5)
    assert manager.result(done.id)[0].is_file()


def test_a_clock_that_is_set_just_before_results_are_looked_through_takes_none(start, clock, monkeypatch):
    look = housekeeping.Clock.look

    def looked_at_and_set(self):
        now = look(self)
        clock(3600.0 * 80)
        return now

    manager = start(result_hours=72)
    done = ended(manager, manager.submit(job()).id)
    monkeypatch.setattr(housekeeping.Clock, "look", looked_at_and_set)
    until(lambda: manager.get(done.id).expires - done.expires > 3600)
    assert manager.result(done.id)[0].is_file()


def test_what_ends_between_a_clock_that_is_set_and_the_next_look_at_it_is_kept(start, clock, monkeypatch):
    monkeypatch.setattr(housekeeping, "SWEEP_S", 2.0)
    manager = start(result_hours=72)
    before = ended(manager, manager.submit(job()).id)
    clock(-YEAR)
    after = ended(manager, manager.submit(job()).id)
    until(lambda: abs(manager.get(before.id).expires - before.expires + YEAR) < 5)
    assert manager.get(after.id).expires == pytest.approx(after.expires, abs=5)
    assert manager.result(after.id)[0].is_file()


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_a_daemon_that_was_off_for_long_still_has_its_results(start, clock, jump):
    manager = start(result_hours=72)
    done = ended(manager, manager.submit(job()).id)
    manager.stop()
    clock(jump)
    again = start(result_hours=72)
    assert again.result(done.id)[0].is_file()
    assert again.get(done.id).expires - done.expires == pytest.approx(jump, abs=5)


def test_results_expire_all_the_same(start, clock):
    manager = start(result_hours=2 / 3600)
    done = ended(manager, manager.submit(job()).id)
    clock(-YEAR)

    def forgotten():
        try:
            return not manager.get(done.id)
        except errors.UnknownJob:
            return True

    until(forgotten)


@pytest.mark.parametrize("jump", [YEAR, -YEAR])
def test_durations_of_a_running_job_are_not_the_calendars_business(start, clock, jump):
    manager = start()
    painting = manager.submit(job("steps", total=300, pause=0.02))
    until(lambda: manager.get(painting.id).eta)
    clock(jump)
    time.sleep(0.3)
    found = manager.get(painting.id)
    assert 0 <= found.elapsed < 60 and 0 <= found.eta < 60
    manager.finish(painting.id)
    assert ended(manager, painting.id).elapsed < 60
