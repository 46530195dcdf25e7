"""The fast method: one pass of a network that has learnt the styles (Johnson 2016, Ulyanov 2016, Dumoulin 2017)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..machine import Machine
from ..models import FastLibrary
from ..observer import Observer
from ..parameters import BASIC
from ..settings import Settings
from ..sizes import Size, shrunk
from ..stylization import Stylization
from .base import Session

if TYPE_CHECKING:
    import numpy as np

    from ..engine.engine import Engine

CPU_SECONDS_PER_PIXEL = 2.5e-7
"""Measured with the network that ships on two cores: 0.2 s for 1024 x 768."""

ONCE_PIXELS = 200_000
"""What a pass costs whatever the picture's size, in px."""


class Fast:
    """Seconds or less, with the styles that a network has learnt; of any size, since large pictures go through it in parts."""

    name = "fast"
    parameters = frozenset(p.name for p in Stylization.parameters() if p.group == BASIC)

    def check(self, stylization: Stylization, library: FastLibrary) -> None:
        """Raises :class:`StyleNotLearnt`."""
        library.need(stylization.style)

    def size(self, full: Size, resolution: int, settings: Settings, machine: Machine) -> Size:
        """All of the picture where nothing is asked for: parts bound the memory that it takes."""
        return shrunk(full, resolution or max(full))

    def work(self, size: Size, stylization: Stylization) -> float:
        """In px."""
        return size[0] * size[1] + ONCE_PIXELS

    def seconds_per_work(self, machine: Machine) -> float | None:
        """Known for CPUs."""
        return None if machine.is_gpu else CPU_SECONDS_PER_PIXEL

    def begin(
        self,
        engine: Engine,
        content: np.ndarray,
        styles: Iterable[np.ndarray],
        size: Size,
        stylization: Stylization,
        observer: Observer,
    ) -> Session:
        """See :class:`.base.Method`. The style pictures are not looked at. Raises :class:`BadStyleFile` for a damaged file."""
        from ..engine.fast_session import FastSession

        return FastSession.of(engine, content, size, stylization)
