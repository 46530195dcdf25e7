"""How much memory this process may have, and what a painting takes of it at the least. No torch: the daemon asks, too."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from pathlib import Path

import psutil

from .errors import OutOfMemory

BYTES_PER_PIXEL = {"fp32": 3000, "bf16": 1800}
"""What a step of the iterative method takes at least, measured with vgg16: the features of all layers, and their gradients."""

SMALLEST = 64
"""Long side, px, that is always tried; and what sizes are rounded to."""

SHRUNK = 0.7
"""To this share of the long side a painting is shrunk that did not fit: about half the pixels."""


def largest_side(room: float, precision: str, height: int, width: int) -> int:
    """The longest side at which a picture of these proportions is sure not to need more than ``room`` bytes, px.

    A bound, not a promise: what is larger cannot fit, what is smaller may not either.
    """
    aspect = max(height, width) / min(height, width)
    return max(SMALLEST, int(math.sqrt(max(0.0, room) / BYTES_PER_PIXEL[precision] * aspect)) // SMALLEST * SMALLEST)


def smaller(side: int) -> int:
    """The next side to try, in round numbers, where ``side`` px did not fit."""
    return max(SMALLEST, int(side * SHRUNK) // SMALLEST * SMALLEST)


def does_not_fit(side: int, room: int) -> OutOfMemory:
    """The error for a painting of ``side`` px where there is room for ``room``."""
    return OutOfMemory(
        f"There is not enough memory to paint at {side} px.",
        field="resolution",
        hint=f"Set resolution to {room} or less, or close other programs.",
    )


def machine() -> tuple[int, int]:
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
