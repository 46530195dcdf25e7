"""What takes seconds does not wait for what takes minutes."""

from __future__ import annotations

import functools
import sys

import numpy as np
import psutil
import pytest
from impasto import images
from impasto.jobs import Submission
from impasto.jobs.job import lane_of
from impasto.methods.choice import plan
from impasto.models import FastLibrary
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.stylization import Stylization
from impasto.training import Training

from .helpers import ended, gone, job, running, until
from .scripted import CROWDED, DEADLY

pytestmark = pytest.mark.slow


@functools.cache
def picture(height=60, width=80):
    return images.encode(images.Picture(np.zeros((height, width, 3), np.float32)), "png")


def painting(**parameters):
    """A stylization as the API submits it; by default in a style that a network has learnt."""
    stylization = Stylization.parse({"style": ["starry-night"], **parameters})
    return Submission("stylize", stylization.to_dict(), {"content": picture()})


@pytest.fixture
def long_work(manager, tmp_path):
    """A painting and a training that run until the end of the test."""
    never = str(tmp_path / "never")
    training = Submission("train", {"name": [never], **Training.parse({}).to_dict()})
    held = [manager.submit(one) for one in (job("gate", file=never), training)]
    for one in held:
        running(manager, one.id)
    return held


def test_a_fast_painting_waits_neither_for_an_iterative_one_nor_for_a_training(manager, long_work):
    done = ended(manager, manager.submit(painting()).id)
    assert done.state == "done"
    assert [manager.get(one.id).state for one in long_work] == ["running", "running"]
    waiting = manager.submit(painting(method="iterative"))
    assert waiting.position == 1 and manager.get(waiting.id).state == "queued"


def test_while_long_work_runs_a_worker_for_quick_work_is_ready(manager, long_work):
    def ready():
        return next(worker for worker in manager.device()["workers"] if worker["lane"] == "quick")

    pid = until(lambda: ready()["alive"] and ready()["pid"])
    assert manager.device()["worker"]["pid"] != pid  # what is at work is what is shown
    assert ended(manager, manager.submit(painting()).id).result["pid"] == pid


@pytest.mark.parametrize(
    "parameters, lane",
    [
        ({}, "quick"),
        ({"keep_colours": "luminance", "resolution": 40}, "quick"),
        ({"style": ["upload:0"], "method": "fast", "refine": 0}, "quick"),
        ({"style": ["upload:0"], "method": "fast", "refine": 5}, "quick"),
        ({"style": ["upload:0"], "method": "fast"}, "device"),
        ({"method": "iterative"}, "device"),
        ({"method": "iterative", "iterations": 1}, "device"),
    ],
)
def test_what_is_quick_is_read_off_the_plan(parameters, lane, cpu, tmp_path):
    settings = Settings(data_dir=str(tmp_path))
    stylization = Stylization.parse({"style": ["starry-night"], **parameters})
    assert lane_of("stylize", plan(stylization, (768, 1024), FastLibrary(Paths.of(settings), settings), settings, cpu)) == lane


def test_on_a_device_whose_pace_is_unknown_refining_counts_as_long(tmp_path, gpu):
    settings = Settings(data_dir=str(tmp_path))
    library = FastLibrary(Paths.of(settings), settings)
    asked = [{"style": ["starry-night"]}, {"style": ["upload:0"], "method": "fast"}]
    planned = [plan(Stylization.parse(values), (768, 1024), library, settings, gpu) for values in asked]
    assert [lane_of("stylize", one) for one in planned] == ["quick", "device"]
    quick = plan(Stylization.parse(asked[1]), (768, 1024), library, settings, gpu, {"fast": 1e-9})
    assert lane_of("stylize", quick) == "quick"  # known to take a moment


@pytest.fixture
def cpu():
    from impasto.machine import Machine

    return Machine("cpu", "fp32", 16_000_000_000)


@pytest.fixture
def gpu():
    from impasto.machine import Machine

    return Machine("cuda", "bf16", 16_000_000_000)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has priority classes instead of niceness")
def test_the_worker_for_quick_work_is_the_more_urgent_one(manager, long_work):
    ended(manager, manager.submit(painting()).id)
    nice = {worker["lane"]: psutil.Process(worker["pid"]).nice() for worker in manager.device()["workers"]}
    assert nice["quick"] == psutil.Process().nice() and nice["device"] == min(19, nice["quick"] + 10)


@pytest.mark.parametrize("seed", [CROWDED, DEADLY])
def test_what_finds_no_memory_beside_long_work_is_painted_after_it(manager, tmp_path, seed):
    door = tmp_path / "door"
    held = manager.submit(job("gate", file=str(door)))
    running(manager, held.id)
    quick = manager.submit(painting(seed=seed))
    waiting = until(lambda: found if (found := manager.get(quick.id)).attempts and found.state == "queued" else None)
    assert waiting.position == 1
    door.touch()
    done = ended(manager, quick.id)
    assert done.state == "done" and done.attempts == 2 and done.started >= manager.get(held.id).started
    assert any("memory" in note for note in done.notes) is (seed == CROWDED)


def test_the_device_is_described_with_both_workers_and_unload_gives_both_back(manager, tmp_path):
    first = [manager.submit(one) for one in (job(), painting())]
    pids = [ended(manager, one.id).result["pid"] for one in first]
    until(lambda: manager.device()["state"] == "idle")
    assert [(worker["lane"], worker["pid"], worker["alive"]) for worker in manager.device()["workers"]] == [
        ("device", pids[0], True),
        ("quick", pids[1], True),
    ]
    manager.unload()
    assert all(gone(pid) for pid in pids) and manager.device()["state"] == "asleep"
    painted = ended(manager, manager.submit(painting()).id)
    until(lambda: manager.device()["job"] is None)
    device = manager.device()
    assert device["state"] == "idle" and device["worker"]["pid"] == painted.result["pid"]


def test_quick_work_that_was_queued_runs_after_a_restart(start, manager, tmp_path):
    held = manager.submit(job("gate", file=str(tmp_path / "never")))
    running(manager, held.id)
    manager._lanes["quick"].stop()
    quick = manager.submit(painting())
    manager.stop()
    again = start()
    running(again, held.id)
    assert ended(again, quick.id).state == "done" and again.get(held.id).state == "running"
