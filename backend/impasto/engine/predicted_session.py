"""A fast painting in styles that no network has learnt: embeddings are predicted, then refined on the picture. Imports torch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..models import FastHeader, NetworkSource, fast, predictor
from ..models.refined_styles import SOURCE, refined_style
from ..observer import Observer
from ..sizes import Size, fit
from ..style import Progress
from ..style.mixing import IDENTITY_EMBEDDING
from ..style.refinement import RECIPE, Refinement
from ..style.scales import resize
from ..stylization import Stylization
from .engine import Engine
from .fast_session import FastSession, as_array, dtype_for
from .networks import compose, indices_in, set_style, usual_embedding

REFINED_AT = 256
"""Long side of the picture, px, on which embeddings are refined."""

PAINTING_SIDE = 1024
"""Px; no more than this is looked at of a painting."""

CATCHING_UP = 8
"""Steps until refining has come further than the prediction. It begins with the mean of all learnt styles: that is farther away,
but predicted embeddings are of two hundred times the size, so that steps which suit learnt ones hardly move them."""

REFINING_SHARE = 0.9
"""Of the time, refinement takes about so much; the rest is the pass over the whole picture."""


def begin_fast(
    engine: Engine, content: np.ndarray, styles: Sequence[np.ndarray], size: Size, stylization: Stylization, observer: Observer
) -> FastSession | PredictedSession:
    """A painting by the fast method over ``content`` (H, W, 3). Only pictures of styles that no network has learnt are looked at.

    Raises :class:`StyleNotLearnt`, :class:`BadStyleFile`, and what fetching the encoder and reading the styles raise.
    """
    source = engine.fast_styles.find_or_predict(stylization.style)
    if source.predicted:
        return PredictedSession(engine, source, content, styles, size, stylization, observer)
    return FastSession.by(engine, engine.network(source, dtype_for(engine, size)), source, content, size, stylization)


class PredictedSession(Iterator[Progress]):
    """Refines, which can be stopped and kept at any step, then paints the whole picture in one pass, which cannot."""

    checkpoint_key = None

    def __init__(
        self,
        engine: Engine,
        source: NetworkSource,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        size: Size,
        stylization: Stylization,
        observer: Observer,
    ) -> None:
        """``content`` (H, W, 3), painted over; ``styles``: only those at ``source.predicted`` are read."""
        self._engine, self._source, self._content, self._observer = engine, source, content, observer
        self._size, self._stylization = size, stylization
        encoder, _ = engine.encoder(predictor.ENCODER, observer)
        observer.phase("preparing")
        self._network = compose(source).to(engine.device.torch_device)
        self._small = small = self._small_content()
        basis = (fast.inspect(source.base).base, predictor.inspect(predictor.shipped_file()).tensors_sha256, RECIPE)
        self._waiting: list[tuple[int, tuple[str, ...], Refinement]] = []
        for position in source.predicted:
            observer.check()
            painting = engine.tensor(styles[position])
            longest = max(painting.shape[-2:])
            if longest > PAINTING_SIDE:
                painting = resize(painting, fit((painting.shape[-2], painting.shape[-1]), PAINTING_SIDE)).clamp(0, 1)
            key = (*basis, _digest(painting), _digest(small), str(stylization.refine))
            known = engine.refined.get(key) if stylization.refine else None
            embedding = engine.predictor.embedding(encoder, painting) if known is None else torch.from_numpy(known)
            self._set(position, embedding)
            if known is None and stylization.refine:
                start = usual_embedding(self._network) if stylization.refine >= CATCHING_UP else embedding
                refinement = Refinement(self._network, start, small, painting, encoder, stylization.refine)
                self._waiting.append((position, key, refinement))
        self._refining = sum(refinement.steps for _, _, refinement in self._waiting)
        self.done = 0
        self._session: FastSession | None = None

    @property
    def has_preview(self) -> bool:
        """While it is refined, and then as soon as the pass has painted any rows."""
        return self._session is None or self._session.has_preview

    def stop(self) -> bool:
        """While it is being refined: the whole picture is painted next with the embeddings as they are."""
        stopped, self._waiting = bool(self._waiting), []
        return stopped

    def __next__(self) -> Progress:
        """One step of refinement, or some of the pass."""
        if not self._waiting:
            return self._pass_on()
        position, key, refinement = self._waiting[0]
        losses = refinement.step()
        self.done += 1
        if refinement.done >= min(CATCHING_UP, refinement.steps):
            self._set(position, refinement.embedding())
        if refinement.done == refinement.steps:
            self._engine.refined.keep(key, refinement.embedding().numpy())
            self._waiting.pop(0)
        fraction = REFINING_SHARE * self.done / self._refining
        return self._progress(fraction, {name: losses[name] for name in ("content", "style", "total")})

    def _pass_on(self) -> Progress:
        """Go on with the pass over the whole picture."""
        if self._session is None:
            self._observer.refined(*self._learnt())
            network = self._network.prepare_for_inference(dtype_for(self._engine, self._size))
            self._session = FastSession.by(self._engine, network, self._source, self._content, self._size, self._stylization)
            self._refining = self.done
        advance = next(self._session)
        self.done += 1
        before = REFINING_SHARE if self._refining else 0.0
        return self._progress(before + (1 - before) * advance.fraction, {})

    def _learnt(self) -> tuple[FastHeader, dict[str, np.ndarray]]:
        """The embeddings as they are, as a fast style's file without its base holds them."""
        found, rows, styles = indices_in(self._source), [IDENTITY_EMBEDDING], []
        for position in self._source.predicted:
            styles.append(refined_style(position, range(len(rows), len(rows) + len(found[position]))))
            rows += found[position]
        arrays = {name: value[rows].cpu().numpy() for name, value in self._network.state_dict().items() if fast.is_embedding(name)}
        base = fast.inspect(self._source.base).base
        training = {"source": SOURCE, "steps": self.done or self._stylization.refine}  # none where all of it was known already
        return FastHeader(self._source.network, len(rows), tuple(styles), training, noise=self._network.noise, base=base), arrays

    def _progress(self, fraction: float, losses: dict[str, float]) -> Progress:
        height, width = self._size
        total = self._refining + (self._session.total if self._session else 1)
        return Progress(self.done, total, 1, 1, width, height, losses, fraction, 0)

    def picture(self, size: Size) -> np.ndarray:
        """The painting so far at ``size``. While it is being refined, the small picture, enlarged."""
        if self._session is not None:
            return self._session.picture(size)
        small = as_array(self._small).copy()  # it is painted over
        session = FastSession.by(self._engine, self._network, self._source, small, small.shape[:2], self._stylization)
        for _ in session:
            pass
        return as_array(resize(self._engine.tensor(session.picture(small.shape[:2])), size).clamp(0, 1))

    def state(self) -> dict[str, Any]:
        """There is none: what is refined is done in seconds."""
        raise NotImplementedError("a fast painting cannot go on later")

    def restore(self, state: dict[str, Any]) -> None:
        """See :meth:`state`."""
        raise NotImplementedError("a fast painting cannot go on later")

    def _small_content(self) -> Tensor:
        """(1, 3, h, w): the picture at :data:`REFINED_AT`, its sides multiples of the network's stride."""
        height, width = self._content.shape[:2]
        unit = self._network.stride
        wanted = fit((height, width), min(REFINED_AT, max(height, width)))
        size = tuple(max(2 * unit, round(side / unit) * unit) for side in wanted)
        return resize(self._engine.tensor(self._content), (size[0], size[1])).clamp(0, 1)

    def _set(self, position: int, embedding: Tensor) -> None:
        set_style(self._network, indices_in(self._source)[position], embedding.to(self._engine.device.torch_device))


def _digest(picture: Tensor) -> str:
    return hashlib.sha256((picture * 255).round().byte().cpu().numpy().tobytes() + str(tuple(picture.shape)).encode()).hexdigest()
