"""The fast method: one pass of a network that has learnt the styles (Johnson 2016, Ulyanov 2016, Dumoulin 2017), or for which
embeddings of theirs are predicted and refined."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..machine import Machine
from ..models import FastLibrary
from ..observer import Observer
from ..parameters import BASIC
from ..settings import Settings
from ..sizes import STROKE_PX, Size, pass_sizes, shrunk
from ..stylization import Stylization
from .base import Session

if TYPE_CHECKING:
    import numpy as np

    from ..engine.engine import Engine

CPU_SECONDS_PER_PIXEL = 2.5e-7
"""Measured with the network that ships on two cores: 0.2 s for 1024 x 768."""

ONCE_PIXELS = 200_000
"""What a pass costs whatever the picture's size, in px."""


PREDICTION_PIXELS, REFINE_STEP_PIXELS = 3_000_000, 1_000_000
"""What looking at a painting that no network has learnt costs, and a step of refining its embedding, in px: 0.8 s and 0.25 s."""


class Fast:
    """Seconds or less with the styles that a network has learnt, some more with any other picture; and pictures of any size, which
    go through it in parts."""

    name = "fast"
    parameters = frozenset(p.name for p in Stylization.parameters() if p.group == BASIC) | {"refine"}

    def check(self, stylization: Stylization, library: FastLibrary) -> None:
        """Raises :class:`StyleNotLearnt`: any picture can be painted where the predictor and its encoder are. By name it is taken
        without the encoder, too, whose absence is then told in full."""
        library.find_or_predict(stylization.style)
        if stylization.method != self.name:
            library.need_encoder(stylization.style)

    def size(self, full: Size, resolution: int, settings: Settings, machine: Machine) -> Size:
        """All of the picture where nothing is asked for: parts bound the memory that it takes."""
        return shrunk(full, resolution or max(full))

    def work(self, size: Size, stylization: Stylization, library: FastLibrary) -> float:
        """In px of all passes; predicting and refining what no network has learnt included."""
        learnt = library.ids()
        unknown = sum(style not in learnt for style in stylization.style)
        passes = sum(height * width for height, width in pass_sizes(size, stylization.stroke_size))
        return passes + ONCE_PIXELS + unknown * (PREDICTION_PIXELS + stylization.refine * REFINE_STEP_PIXELS)

    def stroke_share(self, size: Size, stylization: Stylization) -> float | None:
        """Those of the first pass."""
        return STROKE_PX / max(pass_sizes(size, stylization.stroke_size)[0])

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
        """See :class:`.base.Method`. Only pictures of styles that no network has learnt are looked at.

        Raises :class:`BadStyleFile` for a damaged file.
        """
        from ..engine.predicted_session import begin_fast

        return begin_fast(engine, content, styles, size, stylization, observer)
