"""How much memory there is, and what a painting takes of it at the least. No torch: the daemon asks before it accepts a job."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from ..errors import ImpastoError, OutOfMemory
from ..parameters import UPLOAD
from ..settings import Settings
from ..stylization import Stylization
from ..training import Training

BYTES_PER_PIXEL = {"fp32": 3000, "bf16": 1800}
"""What a step of the iterative method takes at least, measured with vgg16: the features of all layers, and their gradients."""

LEARNT_PER_PIXEL = {"fp32": 1000, "bf16": 500}
"""Bytes that a pixel of a training's squares takes at least: the encoder's features as far as the style's deepest layer."""

HELD_PER_PIXEL = 12
"""Bytes that a pixel of the picture itself takes while its job runs, at least: three float32."""

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


def refuse_what_cannot_fit(parameters: Mapping[str, Any], content: bytes, settings: Settings, device: Mapping[str, Any]) -> None:
    """Raise :class:`OutOfMemory` for a stylization that would not fit even if nothing else were in memory.

    ``device``: what is known of it (:meth:`impasto.jobs.JobManager.device`). Where too little is known, the worker finds out.
    """
    from .. import images

    try:
        stylization = Stylization.converted(parameters)
        info = images.probe(content, images.Limits.of(settings))
    except ImpastoError:
        return  # refused elsewhere, in better words
    total = machine()[1]
    if info.width * info.height * HELD_PER_PIXEL > total:
        raise OutOfMemory(
            f"A picture of {info.width} x {info.height} does not fit into this machine's {total / 1e9:.1f} GB of memory.",
            field="content",
            hint="Scale it down first.",
        )
    iterative = stylization.iterates() or any(UPLOAD.fullmatch(style) for style in stylization.style)
    room = _room(settings, device, total)
    if not iterative or not stylization.resolution or room is None or settings.when_memory_is_short == "shrink":
        return
    precision = _precision(settings, device)
    side = min(stylization.resolution, max(info.width, info.height))
    largest = largest_side(room, precision, info.height, info.width)
    if side > largest:
        raise does_not_fit(side, largest)


def refuse_training_that_cannot_fit(parameters: Mapping[str, Any], settings: Settings, device: Mapping[str, Any]) -> None:
    """Raise :class:`OutOfMemory` for steps that would not fit even if nothing else were in memory; as for a stylization."""
    training = Training.converted({name: value for name, value in parameters.items() if name != "name"})
    room = _room(settings, device, machine()[1])
    squares = max(1, training.batch) * (training.side or SMALLEST) ** 2
    if room is not None and squares * LEARNT_PER_PIXEL[_precision(settings, device)] > room:
        raise OutOfMemory(
            f"There is not enough memory for steps of {training.batch} squares of {training.side} px.",
            field="batch",
            hint="Set batch or side to less; 0 leaves them to Impasto.",
        )


def _precision(settings: Settings, device: Mapping[str, Any]) -> str:
    return settings.precision if settings.precision in BYTES_PER_PIXEL else device.get("precision", "bf16")


def _room(settings: Settings, device: Mapping[str, Any], machine_total: int) -> int | None:
    """All memory of the device that the settings mean, where that is known."""
    named = settings.device.partition(":")[0]
    if named == "cpu":
        return machine_total
    known = str(device.get("device", "")).partition(":")[0]
    return device.get("memory_total_bytes") if known and named in ("auto", known) else None


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
