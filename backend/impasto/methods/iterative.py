"""The iterative method: the picture itself is optimised until its features match (Gatys, Ecker & Bethge 2016)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import OutOfMemory
from ..machine import Machine
from ..models import FastLibrary
from ..observer import Observer
from ..settings import Settings
from ..sizes import REFINING_SCALES, Size, pyramid, shrunk, step_costs, steps_at
from ..stylization import Stylization
from .base import Session

if TYPE_CHECKING:
    import numpy as np

    from ..engine.engine import Engine

BYTES_PER_PIXEL = {"fp32": 3000, "bf16": 1800}
"""What a step takes at least, measured with vgg16: the features of all layers, and their gradients."""

MIN_SIDE = 64
"""Long side, px, that is always tried; and what sizes are rounded to."""

CPU_SECONDS_PER_PIXEL = 6.6e-6
"""For a step at one scale, measured on two cores."""


class Iterative:
    """A minute or so, with any pictures as styles."""

    name = "iterative"
    parameters = frozenset(p.name for p in Stylization.parameters())

    def check(self, stylization: Stylization, library: FastLibrary) -> None:
        """It paints anything."""

    def size(self, full: Size, resolution: int, settings: Settings, machine: Machine) -> Size:
        """What the device can do in about a minute where nothing is asked for; no more than can fit into its memory."""
        auto = settings.auto_resolution_gpu if machine.is_gpu else settings.auto_resolution_cpu
        if machine.memory is None:
            return shrunk(full, resolution or auto)
        largest = largest_side(machine.memory, machine.precision, full)
        wanted = min(resolution, max(full))
        if wanted > largest and settings.when_memory_is_short == "refuse":
            raise OutOfMemory(
                f"There is not enough memory to paint at {wanted} px.",
                field="resolution",
                hint=f"Set resolution to {largest} or less, or close other programs.",
            )
        return shrunk(full, min(resolution or auto, largest))

    def work(self, size: Size, stylization: Stylization, library: FastLibrary) -> float:
        """In px of a step, over all steps and scales."""
        refines = stylization.init == "fast" and library.can_paint(stylization.style)
        costs = step_costs(pyramid(size, stylization.scales or (REFINING_SCALES if refines else 0)))
        return sum(steps * cost for steps, cost in zip(steps_at(len(costs), stylization.iterations, refines), costs, strict=True))

    def stroke_share(self, size: Size, stylization: Stylization) -> float | None:
        """It has whatever forms the style has."""
        return None

    def seconds_per_work(self, machine: Machine) -> float | None:
        """Known for CPUs."""
        return None if machine.is_gpu else CPU_SECONDS_PER_PIXEL

    def begin(
        self,
        engine: Engine,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        size: Size,
        stylization: Stylization,
        observer: Observer,
    ) -> Session:
        """See :class:`.base.Method`. Raises :class:`InvalidParameter` for a layer that the encoder has not."""
        from ..engine.iterative_session import IterativeSession

        return IterativeSession.of(engine, content, styles, size, stylization, observer)


def largest_side(memory: float, precision: str, size: Size) -> int:
    """The longest side at which a picture of these proportions is sure not to need more than ``memory`` bytes, px.

    A bound, not a promise: what is larger cannot fit, what is smaller may not either.
    """
    aspect = max(size) / min(size)
    return max(MIN_SIDE, int(math.sqrt(max(0.0, memory) / BYTES_PER_PIXEL[precision] * aspect)) // MIN_SIDE * MIN_SIDE)
