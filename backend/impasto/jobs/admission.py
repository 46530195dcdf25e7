"""What can never fit into this machine's memory is refused before it is accepted. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import memory
from ..errors import ImpastoError, OutOfMemory
from ..memory import BYTES_PER_PIXEL, SMALLEST, does_not_fit, largest_side
from ..parameters import UPLOAD
from ..settings import Settings
from ..stylization import Stylization
from ..training import Training

LEARNT_PER_PIXEL = {"fp32": 1000, "bf16": 500}
"""Bytes that a pixel of a training's squares takes at least: the encoder's features as far as the style's deepest layer."""

HELD_PER_PIXEL = 12
"""Bytes that a pixel of the picture itself takes while its job runs, at least: three float32."""


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
    total = memory.machine()[1]
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
    room = _room(settings, device, memory.machine()[1])
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
