"""A painting by the iterative method, seen as arrays. Imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import BadStyleFile, InvalidParameter, StyleNotLearnt, WeightsUnavailable
from ..models import PullProgress
from ..observer import Observer
from ..sizes import Size, fit
from ..style import Encoder, IterativeTransfer, Progress
from ..style.colour import keep_chroma
from ..style.scales import resize, size_of
from ..stylization import Stylization
from .engine import Engine
from .fast_session import as_array, as_tensor
from .predicted_session import begin_fast

MAX_STYLE_SCALE = 4
"""Styles are shrunk to this many times the painting's long side, twice what the engine ever looks at."""


class IterativeSession(Iterator[Progress]):
    """It can be stopped and kept at any step, and go on later from its state."""

    has_preview = True

    @classmethod
    def of(
        cls,
        engine: Engine,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        size: Size,
        stylization: Stylization,
        observer: Observer,
    ) -> IterativeSession:
        """A painting of ``content`` (H, W, 3) at ``size``. Fetches the encoder where it is missing."""
        encoder, name = engine.encoder(stylization.encoder, observer, stylization.pooling)
        _check_layers(stylization, encoder, name)
        observer.phase("preparing")
        largest = MAX_STYLE_SCALE * max(size)
        tensors = []
        for style in styles:
            observer.check()
            tensor = engine.tensor(style)
            tensors.append(resize(tensor, fit(size_of(tensor), largest)).clamp(0, 1) if max(style.shape) > largest else tensor)
        small = resize(engine.tensor(content), size).clamp(0, 1)
        start = _fast_picture(engine, content, styles, size, stylization, observer) if stylization.init == "fast" else None
        painting = IterativeTransfer(small, tensors, encoder, stylization, start)
        return cls(painting, content, stylization.keep_colours == "luminance", [*size, name])

    def __init__(self, painting: IterativeTransfer, content: np.ndarray, keep_luminance_only: bool, key: list[Any]) -> None:
        self._painting, self.checkpoint_key = painting, key
        self._content, self._restore_colours = content, keep_luminance_only
        self._stopped = False

    def __next__(self) -> Progress:
        """Do one step."""
        if self._stopped:
            raise StopIteration
        return next(self._painting)

    def stop(self) -> bool:
        """What there is after any step is a picture."""
        self._stopped = True
        return True

    @property
    def done(self) -> int:
        """Steps so far."""
        return self._painting.done

    def state(self) -> dict[str, Any]:
        """See :meth:`impasto.style.IterativeTransfer.state`."""
        return self._painting.state()

    def restore(self, state: dict[str, Any]) -> None:
        """See :meth:`impasto.style.IterativeTransfer.restore`."""
        self._painting.restore(state)

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size`` (height, width): float32 (H, W, 3), 0..1."""
        with torch.no_grad():
            picture = self._painting.picture(size).float().cpu()
            if self._restore_colours and size == self._content.shape[:2]:
                # The engine saw the content at the painting's size; the exact colours are those of the content itself.
                picture = keep_chroma(as_tensor(self._content).clamp(0, 1), picture)
        return as_array(picture)


class _Beginning(Observer):
    """Passes on what concerns a painting that is only begun with: it is not what was asked for, and nothing of it is kept."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer

    def download(self, progress: PullProgress) -> None:
        """See :class:`Observer`."""
        self._observer.download(progress)

    def check(self) -> None:
        """See :class:`Observer`."""
        self._observer.check()

    @property
    def cancelled(self) -> bool:
        """See :class:`Observer`."""
        return self._observer.cancelled


def _fast_picture(
    engine: Engine, content: np.ndarray, styles: Sequence[np.ndarray], size: Size, stylization: Stylization, observer: Observer
) -> Tensor | None:
    """The fast method's picture at ``size``, predicted where no network has learnt the style. None, noted, where there is none."""
    # Luminance alone is kept in the end, where it is done to the colours that the encoder does not see.
    plain = replace(stylization, refine=0, keep_colours="match" if stylization.keep_colours == "match" else "off")
    try:
        session = begin_fast(engine, content.copy(), styles, size, plain, _Beginning(observer))
    except (BadStyleFile, StyleNotLearnt, WeightsUnavailable) as error:
        observer.note(f"The painting begins with the picture itself, there is no fast one to begin with: {error.message}")
        return None
    for _ in session:
        observer.check()
    return engine.tensor(session.picture(size))


def _check_layers(stylization: Stylization, encoder: Encoder, name: str) -> None:
    """Raises :class:`InvalidParameter` for a layer that this encoder has not: the VGGs differ in their deeper blocks."""
    for field in ("content_layers", "style_layers"):
        missing = sorted(set(getattr(stylization, field)) - encoder.available())
        if missing:
            raise InvalidParameter(
                f"The encoder {name} has no layer {missing[0]}.", field=field, hint="Name a layer before it, or another encoder."
            )
