"""What is known of the machine: the device that paints, and how much main memory this process may have. No torch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Machine:
    """What is known of the device that paints. ``device``: "cpu", "cuda", "mps", or "" where nothing is known yet. ``precision``:
    fp32 or bf16. ``memory``: bytes that a painting may take, or None where that is not known."""

    device: str = ""
    precision: str = "fp32"
    memory: int | None = None

    @property
    def is_gpu(self) -> bool:
        """Whether it is known to be anything but a CPU."""
        return self.device not in ("", "cpu")


def main_memory() -> tuple[int, int]:
    """Bytes of main memory used and in all, as far as this process may have them: containers get less than the machine has."""
    memory = psutil.virtual_memory()
    used, total = memory.total - memory.available, memory.total
    for limit, taken in _limits():
        if limit < total or limit - taken < total - used:
            used, total = min(taken, limit), limit
    return used, total


_VERSION_2 = Path("/sys/fs/cgroup"), ("memory.max", "memory.current", "inactive_file")
_VERSION_1 = Path("/sys/fs/cgroup/memory"), ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _limits() -> Iterator[tuple[int, int]]:
    """(limit, used) of each Linux control group that this process is in and that has a limit."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            if controllers and "memory" not in controllers.split(","):
                continue
            root, names = _VERSION_1 if controllers else _VERSION_2
            here = root / path.strip("/")
            for folder in (here, *here.parents):
                if folder == root or root in folder.parents:
                    yield from _limit(folder, *names)


def _limit(folder: Path, limit: str, used: str, cache: str) -> Iterator[tuple[int, int]]:
    with contextlib.suppress(OSError, ValueError):  # "max", or no such group seen from in here
        most, taken = int((folder / limit).read_text(encoding="ascii")), int((folder / used).read_text(encoding="ascii"))
        given_back = 0  # pages of files, which the system drops when memory is wanted
        for line in (folder / "memory.stat").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(" ")
            given_back = int(value) if name == cache else given_back
        yield most, max(0, taken - given_back)
