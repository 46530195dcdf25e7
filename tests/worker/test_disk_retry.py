"""A full disk makes a result wait, and a job that has nothing to do with it never."""

from __future__ import annotations

import errno

import pytest
from impasto import errors
from impasto.worker import disk_retry
from impasto.worker.control import Control
from impasto.worker.disk_retry import WAITING, retry_while_disk_full

from .test_stylize import Reports


@pytest.fixture
def clock(monkeypatch):
    """Waiting takes no time; the steady clock goes on by what was waited for."""
    now = [0.0]
    monkeypatch.setattr(disk_retry.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(disk_retry.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now


def failing(*faults):
    left = list(faults)

    def write():
        if left:
            raise left.pop(0)
        return "kept"

    return write


@pytest.mark.parametrize("fault", [OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "quota"), errors.DiskFull("Full.")])
def test_it_is_saved_as_soon_as_there_is_room(clock, fault):
    reports = Reports()
    assert retry_while_disk_full(failing(fault, fault, fault), reports, Control()) == "kept"
    assert {fields["text"] for fields in reports.of("note")} == {WAITING} and clock[0] == 3


def test_it_is_not_waited_for_for_ever(clock):
    with pytest.raises(OSError, match="full"):
        retry_while_disk_full(failing(*[OSError(errno.ENOSPC, "full")] * 10_000), Reports(), Control())
    assert disk_retry.WAIT_S < clock[0] < disk_retry.WAIT_S + 5


def test_what_waiting_does_not_mend_fails_at_once(clock):
    with pytest.raises(PermissionError):
        retry_while_disk_full(failing(PermissionError(errno.EACCES, "no")), Reports(), Control())
    assert clock[0] == 0


def test_a_cancel_ends_the_waiting(clock):
    control = Control()
    control.cancel()
    with pytest.raises(errors.Cancelled):
        retry_while_disk_full(failing(OSError(errno.ENOSPC, "full")), Reports(), control)
