"""The worker's own manners: what it says and to whom, and when it leaves."""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import time
from dataclasses import asdict

import psutil
import pytest
from impasto.jobs import process
from impasto.jobs.process import WorkerProcess, parse
from impasto.paths import Paths
from impasto.worker.control import Control
from impasto.worker.loop import as_impasto_error

from .helpers import ended, gone, job, running, until, worker_pid


def setup(settings):
    folders = {name: str(path) for name, path in asdict(Paths.of(settings)).items()}
    return {"settings": settings.to_dict(), "paths": folders, "niceness": 0, "limits": {}}


@pytest.fixture
def worker(settings, tmp_path):
    """A worker without a daemon: (process, say)."""
    child = subprocess.Popen(
        [sys.executable, "-m", "impasto.worker", "--work", "scripted:table"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )

    def say(message):
        child.stdin.write(json.dumps(message).encode() + b"\n")
        child.stdin.flush()

    say(setup(settings))
    (tmp_path / "job").mkdir()
    yield child, say
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        pipe.close()


def order(tmp_path, id, script, **arguments):
    return {
        "do": "run",
        "id": id,
        "kind": "stylize",
        "folder": str(tmp_path / "job"),
        "output": {},
        "parameters": {"script": script, "with": arguments},
    }


def heard(child, event):
    while True:
        message = json.loads(child.stdout.readline())
        if message["event"] == event:
            return message


@pytest.mark.slow
def test_libraries_that_print_or_read_do_not_break_the_conversation(manager):
    done = ended(manager, manager.submit(job("garbage")).id)
    assert done.state == "done" and "forged" not in done.result and done.result["stdin"] == ""
    assert done.result["pid"] == worker_pid(manager)
    log = manager.paths.data / "logs" / "worker-device.log"
    until(lambda: all(f"a {who} says hello" in log.read_text(encoding="utf-8") for who in ("library", "child")))


@pytest.mark.parametrize("line", [b"", b"\n", b"hello", b"{", b"[]", b"1", b"null", b'{"job": "x"}', b'{"event": 7}', b"\xff"])
def test_what_is_no_message_is_none(line):
    assert parse(line) is None


@pytest.mark.slow
@pytest.mark.parametrize("script, within", [("stubborn", 2.0), ("steps", 2.0)])
def test_it_ends_when_its_input_closes_even_in_the_middle(worker, tmp_path, script, within):
    child, say = worker
    say(order(tmp_path, "a", script))
    heard(child, "phase")
    child.stdin.close()
    began = time.monotonic()
    child.wait(10)
    assert time.monotonic() - began < within


def test_it_ends_when_its_input_closes_before_or_after_work(worker, tmp_path):
    child, say = worker
    say(order(tmp_path, "a", "quick"))
    heard(child, "done")
    child.stdin.close()
    assert child.wait(2) == 0


def test_it_heeds_only_requests_for_the_job_at_hand(worker, tmp_path):
    child, say = worker
    say({"do": "cancel", "id": "a"})
    say(order(tmp_path, "a", "steps", total=5, pause=0.01))
    say({"do": "cancel", "id": "b"})
    say({"do": "finish", "id": "b"})
    assert heard(child, "done")["result"]["finished_early"] is False
    say({"do": "cancel", "id": "a"})
    say(order(tmp_path, "c", "steps"))
    say({"do": "cancel", "id": "c"})
    assert heard(child, "cancelled")["job"] == "c"


@pytest.mark.slow
def test_the_token_is_not_told_to_the_worker(start, tmp_path):
    manager = start(token="very-secret")
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, held.id)
    worker = psutil.Process(worker_pid(manager))
    assert "very-secret" not in " ".join(worker.cmdline())
    assert manager._lanes["device"].executor._setup["settings"]["token"] == ""


def test_the_log_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(process, "LOG_BYTES", 2000)
    keeper = process._log_keeper(tmp_path / "logs" / "worker.log")
    for number in range(200):
        keeper.emit(logging.makeLogRecord({"msg": f"line {number} " + "x" * 50}))
    keeper.close()
    sizes = [file.stat().st_size for file in (tmp_path / "logs").iterdir()]
    assert len(sizes) == 2 and max(sizes) <= 2000


def test_a_worker_is_killed_if_closing_does_not_help(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "CLOSE_GRACE_S", 0.2)
    child = WorkerProcess("scripted:table", setup(settings), tmp_path / "log", queue.Queue())
    (tmp_path / "job").mkdir()
    child.send(order(tmp_path, "a", "stubborn"))
    began = time.monotonic()
    child.close()
    assert gone(child.pid) and time.monotonic() - began < 2
    child.send({"do": "cancel", "id": "a"})  # nobody there: no error
    assert not child.alive and child.memory() == 0


def test_control_is_asked_between_steps():
    control = Control()
    control.check()
    control.finish()
    assert control.finishing and not control.cancelled
    control.cancel()
    assert control.cancelled
    with pytest.raises(Exception, match="cancelled"):
        control.check()


def test_missing_parts_of_the_installation_are_named_as_such(capsys):
    said = as_impasto_error(ImportError("libsomething.so: /private/path"))
    assert "installation" in said.message and "doctor" in said.hint and "private" not in str(said.to_dict())
    assert "private" in capsys.readouterr().err  # the log has it all


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried 8 TB"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_memory_that_runs_out_in_any_kind_of_job_is_named_as_such(error):
    import torch  # noqa: F401  as in a worker that has painted

    said = as_impasto_error(error)
    assert said.code == "out_of_memory" and "batch" in said.hint and "alloc" not in str(said.to_dict())
