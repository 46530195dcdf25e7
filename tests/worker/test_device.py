"""Which device and precision are taken, and whose errors mean that memory ran out."""

from __future__ import annotations

import errno
import json

import pytest
from impasto import errors
from impasto.machine import Machine
from impasto.methods.iterative import Iterative
from impasto.settings import Settings

torch = pytest.importorskip("torch")
devices = pytest.importorskip("impasto.engine.device")


@pytest.mark.parametrize("name", ["cpu", "auto"])
def test_there_is_always_a_device_and_it_can_be_described(name):
    device = devices.choose(Settings(device=name))
    reply = json.loads(json.dumps(device.describe()))
    assert reply["memory_total_bytes"] > reply["memory_used_bytes"] > 0 and reply["precision"] in ("fp32", "bf16")
    assert reply["device"].split(":")[0] in ("cpu", "cuda", "mps") and reply["threads"] >= 1


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cuda:99", "npu", "cpu 0"] + ([] if torch.cuda.is_available() else ["cuda"]))
def test_a_device_that_is_not_there_is_an_error_that_says_so(name):
    with pytest.raises(errors.DeviceUnavailable) as caught:
        devices.choose(Settings(device=name))
    assert caught.value.field == "device"


@pytest.mark.parametrize(
    "precision, amx, dtype",
    [
        ("fp32", True, torch.float32),
        ("bf16", False, torch.bfloat16),
        ("auto", True, torch.bfloat16),
        ("auto", False, torch.float32),
    ],
)
def test_bf16_by_itself_only_where_the_hardware_has_it(monkeypatch, precision, amx, dtype):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    assert devices.choose(Settings(device="cpu", precision=precision)).dtype == dtype


def test_threads_are_as_set():
    before = torch.get_num_threads()
    try:
        devices.choose(Settings(device="cpu", cpu_threads=1))
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def _really_too_much():
    torch.empty(2**50, dtype=torch.float32)


@pytest.mark.parametrize(
    "error, is_it",
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("CUBLAS_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("could not create a primitive"), True),
        (RuntimeError("can't start new thread"), True),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), True),
        (OSError(errno.ENOENT, "No such file or directory"), False),
        (RuntimeError("shapes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_out_of_memory_is_recognised(error, is_it):
    assert devices.is_out_of_memory(error) is is_it


def test_out_of_memory_is_recognised_when_it_really_happens():
    with pytest.raises(RuntimeError) as caught:
        _really_too_much()
    assert devices.is_out_of_memory(caught.value)
    devices.free()


# -- room ----------------------------------------------------------------------------------------------------------------


def size(full, resolution, available):
    settings = Settings(auto_resolution_cpu=512)
    return Iterative().size(full, resolution, settings, Machine("cpu", "fp32", available))


@pytest.mark.parametrize(
    "full, resolution, expected",
    [
        ((3000, 4000), 0, (384, 512)),
        ((3000, 4000), 1024, (768, 1024)),
        ((300, 400), 0, (300, 400)),
        ((300, 400), 16384, (300, 400)),
        ((16, 10000), 512, (16, 512)),
        ((17, 9000), 0, (16, 512)),
        ((40, 60), 8, (16, 16)),
        ((40, 60), 1, (16, 16)),
    ],
)
def test_the_size_follows_the_resolution_but_never_exceeds_the_picture(full, resolution, expected):
    assert size(full, resolution, 10**12) == expected


def test_what_cannot_fit_is_refused_before_it_is_tried_with_the_resolution_that_fits():
    poor = 3000 * 1024 * 768
    with pytest.raises(errors.OutOfMemory) as caught:
        size((3000, 4000), 2048, poor)
    assert "2048" in caught.value.message and "1024 or less" in caught.value.hint and caught.value.field == "resolution"
    assert size((3000, 4000), 1024, poor) == (768, 1024)
    assert size((768, 1024), 2048, poor) == (768, 1024)  # it is painted at its own size, whatever is asked


def test_left_to_the_device_the_size_is_what_fits():
    assert size((3000, 4000), 0, 3000 * 256 * 192) == (192, 256)
    assert size((3000, 4000), 0, 0) == (48, 64)


def test_a_worker_that_shares_a_gpu_keeps_to_its_part_of_the_memory(monkeypatch):
    said = []
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1 << 30, 8 << 30))
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", lambda share, device: said.append((share, device)))
    devices.limit_memory(torch.device("cpu"), 2 << 30)
    assert not said
    devices.limit_memory(torch.device("cuda:1"), 2 << 30)
    devices.limit_memory(torch.device("cuda:1"), 16 << 30)
    assert said == [(0.25, torch.device("cuda:1")), (1.0, torch.device("cuda:1"))]
