"""Long paintings go on where they stood: from a checkpoint that is whole, on the disk, and of the very same painting."""

from __future__ import annotations

import time

import psutil
import pytest
import torch
from impasto.engine import checkpoint
from impasto.engine.checkpoint import FILE, MAX_INTERVAL_S, Checkpoint
from impasto.jobs.executor import WORK
from impasto.worker.control import Control
from impasto.worker.reporting import JobObserver
from jobs.helpers import ended, until, worker_pid
from jobs.test_real import painting, pictures  # noqa: F401

from .test_stylize import Reports

CPU = torch.device("cpu")
STATE = {"done": 3, "picture": torch.arange(6.0)}


def keeper(folder, key="one", every_s=15.0):
    reports = Reports()
    return Checkpoint(folder, {"key": key}, every_s, JobObserver(folder, reports, Control())), reports


def test_what_was_saved_last_is_there_again(tmp_path):
    first, reports = keeper(tmp_path)
    assert first.load(CPU) is None and not reports
    first.save({**STATE, "done": 2})
    first.save(STATE)
    found = keeper(tmp_path)[0].load(CPU)
    assert found["done"] == 3 and torch.equal(found["picture"], STATE["picture"])
    assert [event for event, _ in reports] == ["checkpoint"] * 2 and [file.name for file in tmp_path.iterdir()] == [FILE]
    first.drop()
    assert keeper(tmp_path)[0].load(CPU) is None


def test_one_of_another_painting_is_not_read(tmp_path):
    keeper(tmp_path)[0].save(STATE)
    other, reports = keeper(tmp_path, key="two")
    assert other.load(CPU) is None and not reports


@pytest.mark.parametrize(
    "damage",
    [lambda data: b"", lambda data: data[:-100], lambda data: b"\x80\x02cos\nsystem\n", lambda data: data[:200] + data[500:]],
    ids=["empty", "torn", "a pickle", "with a hole"],
)
def test_a_damaged_one_is_said_and_begun_anew(tmp_path, damage):
    keeper(tmp_path)[0].save(STATE)
    (tmp_path / FILE).write_bytes(damage((tmp_path / FILE).read_bytes()))
    again, reports = keeper(tmp_path)
    assert again.load(CPU) is None
    assert reports.of("note") == [{"text": "The checkpoint was damaged, so the work began anew."}]


def test_half_of_one_is_removed_and_the_one_before_it_read(tmp_path):
    keeper(tmp_path)[0].save(STATE)
    (tmp_path / f".{FILE}.99.part").write_bytes(b"half")
    again, _ = keeper(tmp_path)
    assert again.load(CPU)["done"] == 3 and [file.name for file in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("PytorchStreamWriter failed writing file")])
def test_without_room_the_work_goes_on_and_says_so_once(tmp_path, monkeypatch, error):
    kept, reports = keeper(tmp_path)
    kept.save(STATE)

    def full(*_):
        raise error

    monkeypatch.setattr(checkpoint.torch, "save", full)
    kept.save({**STATE, "done": 9}), kept.save({**STATE, "done": 10})
    assert len(reports.of("note")) == 1 and "no room" in reports.of("note")[0]["text"]
    assert kept.load(CPU)["done"] == 3 and [file.name for file in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize("took, apart", [(0.1, 10), (2, 20), (4, 22), (9, 18), (100, 200)])
def test_slow_disks_get_fewer_but_so_that_no_more_than_half_a_minute_is_lost(tmp_path, monkeypatch, took, apart):
    kept, _ = keeper(tmp_path, every_s=10)
    now = [0.0]
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(checkpoint.torch, "save", lambda *_: (now.__setitem__(0, now[0] + took), _[1].touch()))
    kept.save(STATE)
    now[0] = apart - 0.01
    assert not kept.due()
    now[0] = apart + 0.01
    assert kept.due()
    assert apart + took <= MAX_INTERVAL_S or took > MAX_INTERVAL_S / 3


@pytest.mark.slow
def test_a_painting_whose_worker_is_killed_goes_on_and_is_the_same_to_the_byte(start, weights_dir, pictures):  # noqa: F811
    manager = start(WORK, weights_dir=str(weights_dir), offline=True, device="cpu", precision="fp32", cpu_threads=1, checkpoint_s=1)
    asked = painting(pictures, iterations=300, resolution=64, seed=3, init="noise")
    whole, killed = manager.submit(asked), manager.submit(asked)
    assert ended(manager, whole.id, 120).state == "done"
    file = manager.paths.jobs / killed.id / FILE
    until(file.exists, 60)
    time.sleep(0.5)
    psutil.Process(worker_pid(manager)).kill()
    done = ended(manager, killed.id, 120)
    assert done.state == "done" and done.attempts == 2 and any(note.startswith("Gone on from step") for note in done.notes)
    assert manager.result(killed.id)[0].read_bytes() == manager.result(whole.id)[0].read_bytes()
    until(lambda: not file.exists())
