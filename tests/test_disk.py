"""Files are written whole or not at all, and what was promised is on the disk, not on its way there."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from impasto import disk, errors
from impasto.jobs.folders import JobFolders


def test_a_reader_sees_the_old_file_or_the_new_one(tmp_path):
    file = tmp_path / "file"
    disk.write_whole(file, b"old")
    with disk.written_whole(file) as temporary:
        temporary.write_bytes(b"ne")
        assert file.read_bytes() == b"old"
        temporary.write_bytes(b"new")
    assert file.read_bytes() == b"new" and os.listdir(tmp_path) == ["file"]


def test_what_goes_wrong_half_way_leaves_the_old_file_and_nothing_else(tmp_path):
    file = tmp_path / "file"
    disk.write_whole(file, b"old")
    with pytest.raises(ZeroDivisionError), disk.written_whole(file) as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert file.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_kill_9_at_any_moment_of_endless_writing(tmp_path):
    file = tmp_path / "file"
    code = """
        import sys
        from pathlib import Path
        from impasto.disk import write_whole
        for n in range(10**9):
            write_whole(Path(sys.argv[1]), bytes([n % 256]) * 300_000, lasting=False)
    """
    for pause in (0.3, 0.33, 0.37, 0.41, 0.45):
        child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code), str(file)])
        deadline = time.monotonic() + 30
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        child.wait()
        data = file.read_bytes()
        assert len(data) == 300_000 and len(set(data)) == 1
    disk.remove_torn(tmp_path, "file")
    assert os.listdir(tmp_path) == ["file"]


def test_torn_files_of_other_names_stay(tmp_path):
    for name in (".one.7.part", ".two.7.part", "three.part"):
        (tmp_path / name).touch()
    disk.remove_torn(tmp_path, "one")
    assert sorted(os.listdir(tmp_path)) == [".two.7.part", "three.part"]


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a file handle stands for")
def test_a_jobs_inputs_and_their_names_are_on_the_disk_before_it_is_accepted(tmp_path, monkeypatch):
    flushed, real = [], os.fsync

    def fsync(handle):
        flushed.append(os.path.basename(os.readlink(f"/proc/self/fd/{handle}")))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    JobFolders(tmp_path / "jobs").create("0" * 16, {"content": b"c", "style-0": b"s"})
    assert flushed == ["content", "style-0", f".new-{'0' * 16}", "jobs"]


def test_what_the_store_promises_is_flushed_and_progress_is_not(tmp_path):
    from impasto.jobs.store import JobStore

    store = JobStore(tmp_path / "jobs.sqlite3")
    for lasting, level in ((True, 2), (False, 1), (True, 2)):
        with store._change(lasting=lasting) as database:
            assert database.execute("PRAGMA synchronous").fetchone()[0] == level
    assert store._rows("PRAGMA journal_mode")[0][0] == "wal"
    store.close()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EFBIG, errno.EMFILE])
def test_every_reason_for_which_a_file_cannot_be_written_has_one_sentence(number):
    with pytest.raises(errors.DiskFull) as reply, disk.disk_errors():
        raise OSError(number, "of the system", "/secret/path")
    assert "secret" not in str(reply.value.to_dict()) and "Make room" in reply.value.hint


def test_other_trouble_stays_what_it_is():
    with pytest.raises(BrokenPipeError), disk.disk_errors():
        raise BrokenPipeError(errno.EPIPE, "pipe")
