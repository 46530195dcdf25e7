"""What others, a damaged disk or a second program do to the job database."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time

import pytest
from impasto import errors
from impasto.paths import Paths

from .helpers import ended, job, until

pytestmark = pytest.mark.slow

BAD = {
    "parameters that are no JSON": ("parameters", "{torn"),
    "parameters that are a list": ("parameters", "[]"),
    "no output": ("output", ""),
    "progress that is no JSON": ("progress", "\x00"),
    "progress with a field that there is not": ("progress", '{"speed": 3}'),
    "progress that is a text": ("progress", '{"step": "many"}'),
    "notes that are a number": ("notes", "7"),
    "an error that is a list": ("error", "[1]"),
    "a result that is no JSON": ("result", "{'file': 'result.png'}"),
    "a result that is a number": ("result", '{"file": 5}'),
    "a state that there is not": ("state", "asleep"),
    "a kind that there is not": ("kind", "sculpt"),
    "an id that leads astray": ("id", "../../etc"),
    "a time that is a text": ("created", "yesterday"),
    "bytes for a text": ("parameters", b"\xff\xfe\x00"),
    "brackets without end": ("parameters", "[" * 100_000),
}


def change(settings, query, *values):
    with contextlib.closing(sqlite3.connect(Paths.of(settings).database, isolation_level=None)) as database:
        database.execute(query, values)


@pytest.mark.parametrize("opened", [False, True], ids=["before the start", "while it is open"])
@pytest.mark.parametrize("column, value", BAD.values(), ids=BAD)
def test_a_damaged_row_is_set_aside_and_all_the_others_stay(start, settings, column, value, opened):
    manager = start()
    first, bad, last = (ended(manager, manager.submit(job()).id) for _ in range(3))
    if not opened:
        manager.stop()
    change(settings, f"UPDATE jobs SET {column} = ? WHERE id = ?", value, bad.id)
    manager = manager if opened else start()
    assert {one.id for one in manager.jobs()} >= {last.id, first.id}
    assert ended(manager, manager.submit(job()).id).state == "done"
    with pytest.raises(errors.UnknownJob):
        manager.get(bad.id)
    assert len(manager.jobs()) == 3
    paths = Paths.of(settings)
    kept = json.loads(paths.database.with_name("jobs.sqlite3.damaged-rows").read_text(encoding="utf-8"))
    assert kept["sequence"] == 2
    if column != "id":
        assert (paths.data / "jobs.damaged" / bad.id / "result.png").read_text() == "picture"
    assert manager.result(first.id)[0].read_text() == "picture"


def test_a_damaged_row_that_waits_does_not_keep_the_others_waiting(start, settings):
    manager = start()
    first = manager.submit(job("steps", pause=0.05))
    bad, last = manager.submit(job()), manager.submit(job())
    change(settings, "UPDATE jobs SET progress = '{torn' WHERE id = ?", bad.id)
    manager.cancel(first.id)
    assert ended(manager, last.id).state == "done"


@pytest.mark.parametrize("query", ["ALTER TABLE jobs DROP COLUMN notes", "DROP TABLE facts", "ALTER TABLE jobs RENAME TO others"])
def test_a_missing_column_is_damage_like_any_other(start, settings, query):
    manager = start()
    done = ended(manager, manager.submit(job()).id)
    manager.stop()
    change(settings, query)
    again = start()
    assert again.jobs() == [] and ended(again, again.submit(job()).id).state == "done"
    data = Paths.of(settings).data
    assert (next(data.glob("jobs.damaged-*")) / done.id / "result.png").read_text() == "picture"


@contextlib.contextmanager
def held(settings):
    """Another program is in the middle of a transaction."""
    with contextlib.closing(sqlite3.connect(Paths.of(settings).database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_a_database_that_another_program_holds_can_be_read_and_says_so_to_who_writes(start, settings):
    manager = start()
    done = ended(manager, manager.submit(job()).id)
    refusals = []

    def submit():
        with pytest.raises(errors.DatabaseLocked) as refused:
            manager.submit(job())
        refusals.append(refused.value)

    with held(settings):
        writers = [threading.Thread(target=submit) for _ in range(3)]
        for writer in writers:
            writer.start()
        slowest, looks = 0.0, 0
        while any(writer.is_alive() for writer in writers):
            began = time.monotonic()
            assert [one.id for one in manager.jobs()] == [done.id] and manager.result(done.id)
            slowest, looks = max(slowest, time.monotonic() - began), looks + 1
            time.sleep(0.05)
    assert len(refusals) == 3 and looks > 10 and slowest < 1.5, slowest
    assert refusals[0].status == 503 and "room" not in refusals[0].message + refusals[0].hint
    assert ended(manager, manager.submit(job()).id).state == "done"


def test_what_cannot_be_written_now_is_written_later(start, settings):
    """The end of a job, and the removal of one, while another program holds the database."""
    manager = start()
    kept, running = ended(manager, manager.submit(job()).id), manager.submit(job("steps", total=40))
    until(lambda: manager.get(running.id).state == "running")
    with held(settings):
        with pytest.raises(errors.DatabaseLocked):
            manager.remove(kept.id)
        assert manager.result(kept.id)[0].read_text() == "picture", "nothing is thrown away for a refusal"
    assert ended(manager, running.id).state == "done"
    manager.remove(kept.id)


def test_a_fact_that_is_no_json_is_no_fact(start, settings):
    manager = start()
    ended(manager, manager.submit(job()).id)
    manager.stop()
    change(settings, "UPDATE facts SET value = '{torn'")
    manager = start()
    assert manager.jobs() and ended(manager, manager.submit(job()).id).state == "done"
