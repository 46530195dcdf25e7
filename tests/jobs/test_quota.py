"""How much of the disk jobs may take, and what goes when it is used up."""

from __future__ import annotations

import pytest
from impasto import errors
from impasto.jobs.quota import MADE_ROOM

from .helpers import ended, job, running, until

pytestmark = pytest.mark.slow

MEGABYTE = "x" * 1_000_000


def painted(manager, text=MEGABYTE):
    """A finished job whose result has a megabyte."""
    done = ended(manager, manager.submit(job(text=text)).id)
    until(lambda: manager._store._rows("SELECT bytes FROM jobs WHERE id = ?", done.id)[0][0] == len(text))
    return done


def test_fetched_results_go_first_the_oldest_of_them_before_the_others(start):
    manager = start(disk_quota_mb=4)
    unseen, old, recent = painted(manager), painted(manager), painted(manager)
    manager.fetched(recent.id), manager.fetched(old.id)
    fourth = ended(manager, manager.submit(job(inputs={"content": b"y" * 1_500_000})).id)
    assert fourth.state == "done"
    with pytest.raises(errors.Gone, match="no longer there"):
        manager.result(old.id)
    assert MADE_ROOM in manager.get(old.id).notes and manager.get(old.id).state == "done"
    for kept in (unseen, recent):
        assert manager.result(kept.id)[0].stat().st_size == 1_000_000 and not manager.get(kept.id).notes


def test_what_nobody_has_fetched_is_kept_and_the_next_job_refused(start):
    manager = start(disk_quota_mb=2)
    kept = [painted(manager), painted(manager)]
    with pytest.raises(errors.QuotaExceeded) as refused:
        manager.submit(job())
    assert refused.value.status == 507 and "disk_quota_mb" in refused.value.message and "Fetch or delete" in refused.value.hint
    assert len(manager.jobs()) == 2 and len(list(manager.paths.jobs.iterdir())) == 2
    manager.remove(kept[0].id)
    assert ended(manager, manager.submit(job()).id).state == "done"
    assert manager.result(kept[1].id)[0].is_file()


def test_a_job_that_runs_or_waits_is_never_removed_for_room(start, tmp_path):
    manager = start(disk_quota_mb=2)
    held = manager.submit(job("gate", file=str(tmp_path / "door"), inputs=None))
    waiting = manager.submit(job(inputs={"content": b"z" * 1_900_000}))
    running(manager, held.id)
    with pytest.raises(errors.QuotaExceeded):
        manager.submit(job(inputs={"content": b"z" * 900_000}))
    (tmp_path / "door").touch()
    assert [ended(manager, id).state for id in (held.id, waiting.id)] == ["done", "done"]


def test_results_that_together_are_too_large_lose_the_fetched_ones_at_the_next_look(start, monkeypatch):
    monkeypatch.setattr("impasto.jobs.housekeeping.SWEEP_S", 0.2)
    monkeypatch.setattr("impasto.jobs.housekeeping.LEASE_SWEEP_S", 0.1)
    manager = start(disk_quota_mb=3)
    first = painted(manager)
    manager.fetched(first.id)
    painted(manager, "x" * 2_900_000)
    until(lambda: not manager._folders.path(first.id).exists())


def test_the_count_outlives_a_restart(start):
    manager = start(disk_quota_mb=2)
    painted(manager), painted(manager)
    manager.stop()
    with pytest.raises(errors.QuotaExceeded):
        start(disk_quota_mb=2).submit(job())


def test_nought_is_no_limit(start):
    manager = start(disk_quota_mb=0)
    painted(manager)
    assert ended(manager, manager.submit(job()).id).state == "done"


def test_own_styles_count_and_are_never_removed(start):
    manager = start(disk_quota_mb=3)
    done = painted(manager)
    manager.fetched(done.id)
    mine = manager.paths.styles / "mine.png"
    mine.write_bytes(bytes(1_500_000))
    with pytest.raises(errors.QuotaExceeded) as refused:
        manager.make_room(2_000_000)
    assert "styles" in refused.value.message and manager.result(done.id), "nothing goes for what cannot fit anyway"
    manager.make_room(1_000_000)
    assert MADE_ROOM in manager.get(done.id).notes and mine.exists()
    with pytest.raises(errors.QuotaExceeded):
        manager.submit(job(inputs={"content": bytes(1_800_000)}))
