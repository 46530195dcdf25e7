"""What can never fit into this machine's memory is refused before it is accepted. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import machine
from ..errors import ImpastoError, OutOfMemory
from ..machine import Machine
from ..methods.choice import Plan, plan
from ..models import FastLibrary
from ..settings import Settings
from ..stylization import Stylization
from ..training import Training

LEARNT_PER_PIXEL = {"fp32": 1000, "bf16": 500}
"""Bytes that a pixel of a training's squares takes at least: the encoder's features as far as the style's deepest layer."""

MIN_CROP_SIDE = 64
"""px; what a training is counted with that leaves the size of its squares to Impasto."""

HELD_PER_PIXEL = 12
"""Bytes that a pixel of the picture itself takes while its job runs, at least: three float32."""


def known_machine(settings: Settings, device: Mapping[str, Any]) -> Machine:
    """The device that the settings mean, with all of its memory, as far as the daemon knows it.

    ``device``: what a worker said of it last, or nothing (:meth:`impasto.jobs.JobManager.device`).
    """
    named, said = settings.device.partition(":")[0], str(device.get("device", "")).partition(":")[0]
    kind = said if named in ("auto", said) else named
    precision = settings.precision if settings.precision != "auto" else device.get("precision", "bf16")
    if named == "cpu":
        return Machine("cpu", precision, machine.main_memory()[1])
    return Machine("" if kind == "auto" else kind, precision, device.get("memory_total_bytes") if said and kind == said else None)


def plan_what_fits(
    parameters: Mapping[str, Any],
    content: bytes,
    library: FastLibrary,
    settings: Settings,
    device: Mapping[str, Any],
    pace: Mapping[str, float] | None = None,
) -> Plan | None:
    """What a stylization will mean, or None for one that is refused elsewhere, in better words.

    ``device``: as in :func:`known_machine`; ``pace``: as in :func:`impasto.methods.choice.plan`. Raises :class:`OutOfMemory` for
    one that would not fit even if nothing else were in memory. Where too little is known, the worker finds out.
    """
    from .. import images

    try:
        stylization = Stylization.converted(parameters)
        info = images.probe(content, images.Limits.of(settings))
        total = machine.main_memory()[1]
        if info.width * info.height * HELD_PER_PIXEL > total:
            raise OutOfMemory(
                f"A picture of {info.width} x {info.height} does not fit into this machine's {total / 1e9:.1f} GB of memory.",
                field="content",
                hint="Scale it down first.",
            )
        return plan(stylization, (info.height, info.width), library, settings, known_machine(settings, device), pace)
    except OutOfMemory:
        raise
    except ImpastoError:
        return None


def refuse_training_that_cannot_fit(parameters: Mapping[str, Any], settings: Settings, device: Mapping[str, Any]) -> None:
    """Raise :class:`OutOfMemory` for steps that would not fit even if nothing else were in memory; as for a stylization."""
    training = Training.converted({name: value for name, value in parameters.items() if name != "name"})
    known = known_machine(settings, device)
    squares = max(1, training.batch) * (training.side or MIN_CROP_SIDE) ** 2
    if known.memory is not None and squares * LEARNT_PER_PIXEL[known.precision] > known.memory:
        raise OutOfMemory(
            f"There is not enough memory for steps of {training.batch} squares of {training.side} px.",
            field="batch",
            hint="Set batch or side to less; 0 leaves them to Impasto.",
        )
