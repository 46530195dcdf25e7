"""Workers that die, and daemons that do: no accepted job and no finished result is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from impasto import errors
from impasto.jobs import JobManager
from impasto.jobs.executor import cause_of_death
from impasto.jobs.housekeeping import MAX_INTERRUPTIONS
from impasto.paths import Paths

from .helpers import ended, gone, job, running, until, worker_pid

pytestmark = pytest.mark.slow

DAEMON = """
    import sys, time
    from pathlib import Path
    from impasto.jobs import JobManager, Submission
    from impasto.paths import Paths
    from impasto.settings import Settings
    settings = Settings(data_dir=sys.argv[1])
    manager = JobManager(settings, Paths.of(settings), work="scripted:table")
    manager.start()
    for script in sys.argv[2:]:
        print(manager.submit(Submission("stylize", {"script": script}, {"content": b"content"})).id, flush=True)
    while True:
        print(manager.device()["worker"]["pid"], flush=True)
        time.sleep(0.05)
"""


@pytest.fixture
def daemon(settings):
    """Start another process with a manager on the same folder; its job ids, and its worker's pid once there is one."""
    processes = []

    def run(*scripts):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(DAEMON), settings.data_dir, *scripts], stdout=subprocess.PIPE, text=True
        )
        processes.append(process)
        ids = [process.stdout.readline().strip() for _ in scripts]
        worker = next(int(line) for line in process.stdout if line.strip() != "None") if scripts else None
        return process, ids, worker

    yield run
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_job_whose_worker_died_once_runs_again(manager, tmp_path):
    waiting = [manager.submit(job("crash_once", marker=str(tmp_path / "marker"))), manager.submit(job())]
    first, second = (ended(manager, w.id) for w in waiting)
    assert first.state == second.state == "done" and first.attempts == 2 and second.attempts == 1
    assert first.started < second.started  # it kept its place
    until(lambda: [file.name for file in (manager.paths.jobs / first.id).iterdir()] == ["result.png"])


def test_a_job_that_killed_two_workers_fails_and_the_next_runs(manager):
    deadly, following = manager.submit(job("crash")), manager.submit(job())
    failed = ended(manager, deadly.id)
    assert failed.state == "failed" and failed.error["code"] == "worker_died" and failed.attempts == 2
    assert "exit code 3" in failed.error["message"]
    assert ended(manager, following.id).state == "done"
    assert not (manager.paths.jobs / deadly.id).exists()


def test_kill_9_of_the_worker_in_the_middle(manager):
    painting = manager.submit(job("steps", total=100, pause=0.01))
    until(lambda: manager.get(painting.id).preview > 2)
    before = manager.get(painting.id).preview
    psutil.Process(worker_pid(manager)).kill()
    done = ended(manager, painting.id)
    assert done.state == "done" and done.attempts == 2 and done.step == 100
    assert done.preview > before  # a client that waits for a higher number is not left behind


def test_kill_9_of_an_idle_worker_costs_nobody_an_attempt(manager):
    first = ended(manager, manager.submit(job()).id)
    psutil.Process(first.result["pid"]).kill()
    second = ended(manager, manager.submit(job()).id)
    assert second.state == "done" and second.attempts == 1


def test_a_worker_that_cannot_start_fails_the_job_in_words(start):
    manager = start(work="no_such_module:table")
    failed = ended(manager, manager.submit(job()).id, 30)
    assert failed.error["code"] == "worker_died" and "installation" in failed.error["message"] and failed.error["hint"]


@pytest.mark.parametrize(
    "code, last_words, said",
    [
        (-9, "", "memory"),
        (1, "terminate called after throwing an instance of 'std::bad_alloc'", "out of memory"),
        (1, "RuntimeError: CUDA error: an illegal memory access was encountered", "graphics driver"),
        (-11, "", "crashed"),
        (0xC0000005, "", "crashed"),
        (7, "Traceback: File '/home/someone/private.py'", "exit code 7"),
    ],
)
def test_causes_of_death_are_named_where_they_are_recognised_and_nothing_private_is(code, last_words, said):
    if code == -9 and sys.platform == "win32":
        pytest.skip("no such exit code")
    cause, hint = cause_of_death(code, last_words)
    assert said in cause and hint and "private" not in cause + hint


def test_a_stopped_manager_takes_up_where_it_was(start, tmp_path):
    manager = start()
    done = ended(manager, manager.submit(job()).id)
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    waiting, cancelled = manager.submit(job(key="once")), manager.submit(job())
    running(manager, held.id)
    manager.cancel(cancelled.id)
    pid = worker_pid(manager)
    manager.stop()
    assert gone(pid)
    (tmp_path / "door").touch()
    again = start()
    assert [ended(again, id).state for id in (held.id, waiting.id)] == ["done", "done"]
    assert again.get(held.id).attempts == 1  # stopping was not its fault
    assert again.get(held.id).started < again.get(waiting.id).started
    assert again.result(done.id)[0].read_text() == "picture"
    assert again.get(cancelled.id).state == "cancelled"
    assert again.submit(job(key="once")).id == waiting.id


def has_begun(paths, id):
    """Whether the daemon's database says that a job runs."""
    with contextlib.closing(sqlite3.connect(paths.database)) as database:
        return database.execute("SELECT 1 FROM jobs WHERE id = ? AND state = 'running'", (id,)).fetchone()


def test_kill_9_of_the_daemon_loses_nothing_and_leaves_nothing(daemon, settings, start):
    process, ids, worker = daemon("quick", "stubborn", "quick")
    paths = Paths.of(settings)
    until(lambda: has_begun(paths, ids[1]))
    process.kill()
    process.wait()
    until(lambda: gone(worker), 10)
    (paths.jobs / ids[1] / ".result.png.77.part").write_bytes(b"half")
    (paths.jobs / "0123456789abcdef").mkdir()
    (paths.jobs / f".new-{'1' * 16}").mkdir()
    (paths.jobs / "not ours").mkdir()
    manager = start()
    running(manager, ids[1])
    assert manager.get(ids[1]).attempts == 2
    manager.cancel(ids[1])
    assert [ended(manager, id).state for id in ids] == ["done", "cancelled", "done"]
    until(lambda: sorted(folder.name for folder in paths.jobs.iterdir()) == sorted([ids[0], ids[2], "not ours"]))


def test_an_idle_worker_ends_with_its_daemon(daemon):
    process, _, worker = daemon("quick")
    process.kill()
    process.wait()
    until(lambda: gone(worker), 3)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_worker_that_hangs_does_not_outlive_its_daemon_beyond_the_next_start(daemon, settings, start):
    process, ids, worker = daemon("stubborn")
    os.kill(worker, signal.SIGSTOP)
    process.kill()
    process.wait()
    time.sleep(1.5)
    assert not gone(worker)  # it has not noticed
    manager = start()
    assert gone(worker)
    manager.cancel(ids[0])


def test_a_number_that_has_gone_to_another_process_is_left_alone(settings, start):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        note = Paths.of(settings).workers / "device"
        note.parent.mkdir(parents=True)
        note.write_text(f'{{"pid": {stranger.pid}, "born": 1.0}}', encoding="utf-8")
        start()
        assert stranger.poll() is None and not note.exists()
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_ctrl_c_in_the_terminal_is_the_daemons_business(manager):
    painting = manager.submit(job("steps", total=50, pause=0.01))
    until(lambda: manager.get(painting.id).step > 1)
    os.kill(worker_pid(manager), signal.SIGINT)
    done = ended(manager, painting.id)
    assert done.state == "done" and done.attempts == 1


def test_a_job_that_is_running_whenever_the_daemon_ends_is_given_up_unless_it_gets_on(start):
    for made_progress, state in ((True, "running"), (False, "failed")):
        manager = start()
        deadly = manager.submit(job("stubborn"))
        running(manager, deadly.id)
        with manager._store._change() as database:
            database.execute("UPDATE jobs SET interruptions = ?", (MAX_INTERRUPTIONS - 1,))
        if made_progress:
            manager._store.made_progress(deadly.id)
        # As if killed: the folder is free, the row still says "running".
        manager._store.requeue = lambda id: "queued"
        manager.stop()
        again = start()
        found = running(again, deadly.id) if made_progress else again.get(deadly.id)
        assert found.state == state and (found.error or {}).get("code") == (None if made_progress else "worker_died")
        again.cancel(deadly.id)
        again.stop()


def test_one_folder_has_one_daemon(daemon, settings, manager):
    with pytest.raises(errors.DaemonRunning):
        JobManager(manager.settings, manager.paths, work="scripted:table").start()
    assert ended(manager, manager.submit(job()).id).state == "done"
    manager.stop()
    daemon("quick")
    with pytest.raises(errors.DaemonRunning):
        JobManager(manager.settings, manager.paths).start()


def test_the_folder_is_free_again_after_a_start_that_failed(settings, start, monkeypatch):
    Path(settings.data_dir).mkdir(parents=True)
    broken = JobManager(settings, Paths.of(settings))
    monkeypatch.setattr("impasto.jobs.manager.recover", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        broken.start()
    monkeypatch.undo()
    assert start().jobs() == []


# -- the disk ------------------------------------------------------------------------------------------------------------


def test_a_damaged_database_is_put_aside_with_its_pictures(start, settings):
    manager = start()
    done = ended(manager, manager.submit(job()).id)
    manager.stop()
    paths = Paths.of(settings)
    for file in paths.data.glob("jobs.sqlite3*"):
        file.write_bytes(b"this is no database" * 1000)
    again = start()
    assert again.jobs() == []
    assert ended(again, again.submit(job()).id).state == "done"
    kept = next(paths.data.glob("jobs.damaged-*"))
    assert (kept / done.id / "result.png").read_text() == "picture"
    assert next(paths.data.glob("jobs.sqlite3.damaged-*")).read_bytes().startswith(b"this is no database")


@pytest.mark.parametrize("lose", [lambda file: file.unlink(), lambda file: file.write_bytes(b"")], ids=["gone", "empty"])
def test_pictures_outlive_a_database_that_was_lost(start, settings, lose):
    manager = start()
    done = ended(manager, manager.submit(job()).id)
    manager.stop()
    paths = Paths.of(settings)
    for file in paths.data.glob("jobs.sqlite3*"):
        lose(file)
    assert start().jobs() == []
    assert (next(paths.data.glob("jobs.damaged-*")) / done.id / "result.png").read_text() == "picture"


def test_a_database_of_a_newer_version_is_left_alone(start, settings):
    manager = start()
    manager.stop()

    with sqlite3.connect(Paths.of(settings).database) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    with pytest.raises(errors.SettingsError, match="newer"):
        start()


def test_a_data_folder_that_cannot_be(settings, tmp_path, start):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(errors.DiskFull) as caught:
        start(data_dir=str(tmp_path / "file" / "data"))
    assert "data_dir" in caught.value.hint and str(tmp_path) not in caught.value.message


def test_no_room_for_the_inputs(manager, monkeypatch):
    def no_room(self, data):
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", no_room)
    with pytest.raises(errors.DiskFull) as caught:
        manager.submit(job())
    monkeypatch.undo()
    assert str(manager.paths.data) not in caught.value.message
    assert manager.jobs() == [] and list(manager.paths.jobs.iterdir()) == []


def test_no_room_in_the_database_is_named_and_the_outcome_written_later(manager, tmp_path):
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, held.id)
    pages = manager._store._rows("PRAGMA page_count")[0][0]
    manager._store._rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(errors.DiskFull):
        for _ in range(50):
            manager.submit(job(text="x" * 3000))
    (tmp_path / "door").touch()
    time.sleep(0.5)
    manager._store._rows("PRAGMA max_page_count = 1000000")
    assert ended(manager, held.id).state == "done"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_a_data_folder_that_may_not_be_written(settings, start):
    folder = Path(settings.data_dir)
    folder.mkdir()
    folder.chmod(0o500)
    try:
        with pytest.raises(errors.DiskFull):
            start()
    finally:
        folder.chmod(0o700)


def test_a_queued_job_whose_files_were_taken_away_fails_in_words(manager, tmp_path):
    import shutil

    held, robbed = manager.submit(job("gate", file=str(tmp_path / "door"))), manager.submit(job())
    running(manager, held.id)
    shutil.rmtree(manager.paths.jobs / robbed.id)
    (tmp_path / "door").touch()
    assert "files are gone" in ended(manager, robbed.id).error["message"]
