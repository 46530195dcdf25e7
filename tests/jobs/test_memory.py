"""Memory: what can never fit is refused before it is accepted, what turns out not to fit fails or shrinks, as it is set."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from impasto import errors, images
from impasto import machine as machine_module
from impasto.engine import device as devices
from impasto.jobs import Submission
from impasto.jobs.admission import plan_what_fits, refuse_training_that_cannot_fit
from impasto.methods import METHODS, Entry
from impasto.methods.iterative import BYTES_PER_PIXEL, largest_side
from impasto.models import FastLibrary
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.stylization import Stylization
from impasto.training import Training
from worker.negative import Engine
from worker.test_stylize import folder, paint  # noqa: F401

from .helpers import ended, job

GPU = {"device": "cuda", "precision": "bf16", "memory_total_bytes": 8_000_000_000}
PICTURE = images.encode(images.Picture(np.zeros((1500, 2000, 3), np.float32)), "png")


@pytest.fixture
def machine(monkeypatch):
    """Set the machine's memory, bytes."""
    return lambda total: monkeypatch.setattr(machine_module, "main_memory", lambda: (0, total))


def ask(settings=None, device=GPU, content=PICTURE, **parameters):
    settings = settings or Settings()
    stylization = Stylization.parse({"style": ["upload:0"], "method": "iterative", **parameters})
    plan_what_fits(stylization.to_dict(), content, FastLibrary(Paths.of(settings), settings), settings, device)


# -- before a job is accepted --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings, device, resolution, fits",
    [
        ({}, GPU, 2000, True),
        ({}, {**GPU, "memory_total_bytes": 10**9}, 2000, False),
        ({}, {**GPU, "memory_total_bytes": 10**9}, 512, True),
        ({}, {**GPU, "memory_total_bytes": 10**9}, 0, True),
        ({}, {}, 2000, True),
        ({"device": "cuda"}, {**GPU, "device": "cpu", "memory_total_bytes": 1}, 2000, True),
        ({"device": "cpu", "precision": "fp32"}, {}, 2000, False),
        ({"device": "cpu", "precision": "fp32"}, {}, 900, True),
        ({"when_memory_is_short": "shrink"}, {**GPU, "memory_total_bytes": 10**9}, 2000, True),
    ],
    ids=[
        "fits",
        "too large",
        "small enough",
        "left to the device",
        "device unknown",
        "another device was known",
        "cpu",
        "cpu, small",
        "may shrink",
    ],
)
def test_what_could_never_fit_is_refused_with_what_would(machine, settings, device, resolution, fits):
    machine(4_000_000_000)
    if fits:
        return ask(Settings(**settings), device, resolution=resolution)
    with pytest.raises(errors.OutOfMemory) as refused:
        ask(Settings(**settings), device, resolution=resolution)
    assert refused.value.field == "resolution" and "2000 px" in refused.value.message
    room = int(refused.value.hint.split("resolution to ")[1].split()[0])
    assert 64 <= room < 2000
    ask(Settings(**settings), device, resolution=room)  # what it says does fit
    return None


def test_the_fast_method_is_not_measured_by_the_iterative_ones_needs(machine):
    machine(4_000_000_000)
    ask(device={**GPU, "memory_total_bytes": 10**9}, style=["starry-night"], method="auto", resolution=2000)
    with pytest.raises(errors.OutOfMemory):
        ask(device={**GPU, "memory_total_bytes": 10**9}, style=["starry-night"], method="auto", resolution=2000, iterations=30)


def test_a_picture_that_the_machine_cannot_hold_is_refused(machine):
    machine(30_000_000)
    with pytest.raises(errors.OutOfMemory) as refused:
        ask(style=["starry-night"])
    assert refused.value.field == "content" and "2000 x 1500" in refused.value.message and refused.value.hint


@pytest.mark.parametrize("asked, fits", [({}, True), ({"batch": 8, "side": 128}, True), ({"batch": 256, "side": 512}, False)])
def test_a_training_that_could_never_fit_is_refused(machine, asked, fits):
    machine(4_000_000_000)
    parameters = {**Training.parse(asked).to_dict(), "name": ["One"]}
    if fits:
        return refuse_training_that_cannot_fit(parameters, Settings(device="cpu"), {})
    with pytest.raises(errors.OutOfMemory) as refused:
        refuse_training_that_cannot_fit(parameters, Settings(device="cpu"), {})
    assert refused.value.field == "batch" and "256" in refused.value.message and refused.value.hint
    return None


def test_a_refused_job_leaves_nothing_behind(manager, machine):
    machine(30_000_000)
    stylization = Stylization.parse({"style": ["starry-night"]})
    with pytest.raises(errors.OutOfMemory):
        manager.submit(Submission("stylize", stylization.to_dict(), {"content": PICTURE}))
    assert manager.jobs() == [] and list(manager.paths.jobs.iterdir()) == []


@pytest.mark.parametrize(
    "room, precision, size", [(0, "fp32", (100, 100)), (10**9, "bf16", (100, 3000)), (10**10, "fp32", (900, 900))]
)
def test_the_largest_side_keeps_to_the_room(room, precision, size):
    side = largest_side(room, precision, size)
    pixels = side * side * min(size) / max(size)
    assert side % 64 == 0 and (side == 64 or pixels * BYTES_PER_PIXEL[precision] <= room)


# -- what turns out not to fit ---------------------------------------------------------------------------------------------


class Card(Engine):
    """A GPU with room for paintings of so many px; anything larger fails at its second step, as the real ones do."""

    def __init__(self, settings, room):
        super().__init__(settings, on_step=self.fill)
        self.room = room

    def fill(self, step):
        if step == 2 and max(self.begun[-1].size) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 7.79 GiB")

    is_out_of_memory = staticmethod(devices.is_out_of_memory)


@pytest.fixture
def card(tmp_path, monkeypatch):
    monkeypatch.setitem(METHODS, "iterative", Entry("worker.negative:Negative", "Negative"))
    return lambda room, **settings: Card(Settings(data_dir=str(tmp_path / "data"), **settings), room)


@pytest.fixture
def large(folder):  # noqa: F811
    (folder / "content").write_bytes(images.encode(images.Picture(np.zeros((300, 400, 3), np.float32)), "png"))
    return folder


def test_a_gpu_without_room_fails_the_job_and_says_what_to_set(large, card):
    with pytest.raises(errors.OutOfMemory) as failed:
        paint(large, card(200), resolution=400)
    assert "400 x 300" in failed.value.message and "Set resolution to 256 or less" in failed.value.hint
    assert "CUDA" not in failed.value.message + failed.value.hint


def test_told_so_it_paints_smaller_and_says_it(large, card):
    small = card(200, when_memory_is_short="shrink")
    result, reports = paint(large, small, resolution=400)
    assert (result["width"], result["height"]) == (400, 300) and max(result["painted_width"], result["painted_height"]) <= 200
    notes = [fields["text"] for fields in reports.of("note")]
    assert "There is not enough memory to paint at 400 px, so it is painted at 256 px." in notes
    assert "There is not enough memory to paint at 256 px, so it is painted at 128 px." in notes
    assert small.released == 2  # memory was given back before each new attempt
    assert reports.of("progress")[-1]["step"] == 4


def test_what_fits_at_no_size_fails_even_then(large, card):
    with pytest.raises(errors.OutOfMemory):
        paint(large, card(0, when_memory_is_short="shrink"), resolution=400)


def test_of_a_gpus_memory_that_which_torch_keeps_for_later_is_free(monkeypatch):
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (3_000, 10_000))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 4_000)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 1_000)
    assert devices.Device(torch.device("cuda"), torch.float32).available() == 6_000


# -- containers --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limit, used, cache, expected",
    [("1000000", "400000", "100000", (300_000, 1_000_000)), ("max", "400000", "0", None), ("9223372036854771712", "5", "0", None)],
)
def test_a_container_s_memory_is_all_there_is(monkeypatch, tmp_path, limit, used, cache, expected):
    group = tmp_path / "docker" / "abc"
    group.mkdir(parents=True)
    for name, text in (("memory.max", limit), ("memory.current", used), ("memory.stat", f"anon 7\ninactive_file {cache}\n")):
        (group / name).write_text(text, encoding="ascii")
    (tmp_path / "cgroup").write_text("0::/docker/abc\n", encoding="ascii")
    monkeypatch.setattr(machine_module, "_VERSION_2", (tmp_path, *machine_module._VERSION_2[1:]))
    monkeypatch.setattr(
        machine_module, "Path", lambda name: tmp_path / "cgroup" if name == "/proc/self/cgroup" else tmp_path / name
    )
    real = machine_module.psutil.virtual_memory()
    used_now, total = machine_module.main_memory()
    assert (used_now, total) == expected if expected else total == real.total


@pytest.mark.slow
@pytest.mark.parametrize("times, state", [(1, "done"), (2, "failed")])
def test_long_work_over_which_memory_runs_out_goes_on_once_from_its_checkpoint(manager, tmp_path, times, state):
    found = ended(manager, manager.submit(job("exhaust_late", marker=str(tmp_path / "marker"), times=times)).id)
    assert found.state == state and found.attempts == 2
    assert (found.error or {}).get("code") == (None if times == 1 else "out_of_memory")
    assert ended(manager, manager.submit(job()).id).state == "done"
