"""The device that a worker computes on. Imports torch: worker side only."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import DeviceUnavailable
from ..machine import main_memory
from ..settings import Settings


@dataclass(frozen=True)
class Device:
    """Where the work is done, and in which ``dtype`` the convolutions compute."""

    torch_device: torch.device
    dtype: torch.dtype

    @property
    def is_gpu(self) -> bool:
        """Whether it is anything but the CPU."""
        return self.torch_device.type != "cpu"

    @property
    def precision(self) -> str:
        """fp32 or bf16."""
        return "bf16" if self.dtype == torch.bfloat16 else "fp32"

    def available(self) -> int:
        """Bytes of memory that could still be taken."""
        used, total = _memory(self.torch_device)
        if self.torch_device.type == "cuda":  # what torch keeps for later use is ours to take
            used -= torch.cuda.memory_reserved(self.torch_device) - torch.cuda.memory_allocated(self.torch_device)
        return total - used

    def describe(self) -> dict[str, Any]:
        """Plain JSON: what it is, and its memory now in bytes."""
        used, total = _memory(self.torch_device)
        return {
            "device": str(self.torch_device),
            "name": _name(self.torch_device),
            "precision": self.precision,
            "torch": str(torch.__version__),
            "threads": torch.get_num_threads(),
            "memory_used_bytes": used,
            "memory_total_bytes": total,
        }


def choose(settings: Settings) -> Device:
    """The device and precision that ``settings`` ask for. Raises :class:`DeviceUnavailable`."""
    device = _named(settings.device)
    if device.type == "cpu":
        _keep_blocks()
    if settings.cpu_threads:
        torch.set_num_threads(min(settings.cpu_threads, 4 * (os.cpu_count() or 1)))
    if settings.precision == "auto":
        return Device(device, torch.bfloat16 if computes_bf16(device) else torch.float32)
    return Device(device, torch.bfloat16 if settings.precision == "bf16" else torch.float32)


def _named(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu")
    kind, _, index = name.partition(":")
    known: dict[str, Callable[[], bool]] = {
        "cpu": lambda: True,
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    if kind not in known or (index and not index.isdecimal()):
        raise DeviceUnavailable(f"The setting device is {name[:40]!r}, but must be auto, cpu, cuda, cuda:1 or mps.", field="device")
    if not known[kind]():
        raise DeviceUnavailable(
            f"The device {kind} is not on this machine, or its driver and torch do not fit.",
            field="device",
            hint="Set device to auto; impasto doctor says what is there.",
        )
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise DeviceUnavailable(f"There is no device {name}; this machine has {torch.cuda.device_count()}.", field="device")
    return torch.device(name) if kind == "cuda" else torch.device(kind)


def limit_memory(device: torch.device, most: int) -> None:
    """Let torch take at most so many bytes of a GPU's memory in this process: what needs more runs out of memory."""
    if device.type == "cuda":
        total = torch.cuda.mem_get_info(device)[1]
        torch.cuda.set_per_process_memory_fraction(min(1.0, most / total), device)


_MALLOPT_TRIM, _MALLOPT_MMAP = -1, -3
_KEPT_BLOCKS, _LARGEST_BLOCK = 1 << 28, 1 << 26
"""Bytes: what the C library may keep for later use, and what is always given back at once."""


def _keep_blocks() -> None:
    """Have glibc keep what features leave behind, until :func:`free`.

    By itself it gives blocks of some MB back at once, and the system clears their pages anew each time: a third of the time of
    a pass through a fast style's network.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):  # another C library
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_MALLOPT_MMAP, _LARGEST_BLOCK)
            mallopt(_MALLOPT_TRIM, _KEPT_BLOCKS)


def computes_bf16(device: torch.device) -> bool:
    """Whether bf16 is what the hardware multiplies in. Emulated it would be slower than fp32, and less exact."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    if device.type == "cpu":
        probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(getattr(torch.cpu, probe, bool)() for probe in probes)
    return False


_NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "not enough memory",
    "bad_alloc",
    "cublas_status_alloc_failed",
    "could not create a memory object",
    "could not create a primitive",
    "can't start new thread",
    "failed to map segment",
)
"""How torch's various allocators put it, and oneDNN and the system for threads and libraries."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that memory ran out, on any device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    said = str(error).lower()
    return isinstance(error, (RuntimeError, ImportError)) and any(sign in said for sign in _NO_MEMORY)


def free() -> None:
    """Give back to the system what torch and the C library keep for later use."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
    if sys.platform == "linux":
        # glibc keeps freed blocks: hundreds of MB after a painting of 800 px.
        with contextlib.suppress(AttributeError, OSError):
            ctypes.CDLL(None).malloc_trim(0)


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return platform.processor() or platform.machine()


def _memory(device: torch.device) -> tuple[int, int]:
    """Bytes used, by anybody, and in all."""
    if device.type == "cuda":
        available, total = torch.cuda.mem_get_info(device)
        return total - available, total
    return main_memory()
