"""A trainer at work: photographs in, progress, previews and checkpoints out. Imports torch."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..engine.checkpoint import Checkpoint
from ..engine.fast_session import as_array
from ..observer import Observer
from ..style.feedforward import MARGIN
from ..style.mixing import DEFAULT_DETAIL, DEFAULT_STRENGTH, embedding_indices, mix_embeddings
from ..style.noise import add_noise
from ..style.scales import crop_margin, pad
from ..style.training import Trainer
from .photos import Crops, Photos
from .processes import is_first

SHOWN_EVERY_S = 10.0
"""Previews are a sheet of paintings, which takes a while; they come no faster than this."""

SHOWN_SIDE, SHOWN_PHOTOS, SHOWN_STYLES = 256, 3, 4
"""Of a preview: the photographs' side in px, and how many there are, painted in how many of the styles at most."""


@dataclass(frozen=True)
class TrainingProgress:
    """Where a training stands after a step: ``step`` of ``total``, ``fraction`` 0..1 of the work, and the step's ``losses``."""

    step: int
    total: int
    fraction: float
    losses: dict[str, float]


class TrainingSession:
    """A trainer at work: photographs in, progress and checkpoints out."""

    def __init__(
        self,
        trainer: Trainer,
        photos: Photos,
        styles: int,
        preview_interval_s: float,
        observer: Observer,
        checkpoint: Checkpoint | None,
    ) -> None:
        """``styles``: how many are learnt."""
        self._trainer, self._photos, self._styles = trainer, photos, styles
        self._preview_interval_s, self._observer, self._checkpoint = preview_interval_s, observer, checkpoint
        self._device = trainer.ema[0].device

    def resume(self) -> None:
        """Go on from the checkpoint, where there is one of the same training."""
        if self._checkpoint and (state := self._checkpoint.load(self._device)):
            self._trainer.restore(state)
            self._observer.note(f"Gone on from step {self._trainer.done}.")

    def learn(self) -> None:
        """Step until the end or until told to stop."""
        trainer, config = self._trainer, self._trainer.config
        previewed = time.monotonic()
        with Crops(self._photos, config, trainer.done, trainer.group) as crops:
            while trainer.done < config.steps and not self._asked_to_finish():
                losses = trainer.step(next(crops).to(self._device))
                fraction = trainer.done / config.steps
                self._observer.progress(TrainingProgress(trainer.done, config.steps, fraction, losses))
                if not is_first():
                    continue
                if self._checkpoint and self._checkpoint.due():
                    self._checkpoint.save(trainer.state())
                if time.monotonic() - previewed >= max(self._preview_interval_s, SHOWN_EVERY_S):
                    previewed = self._preview()
        if is_first():
            self._preview()

    def _asked_to_finish(self) -> bool:
        try:
            self._observer.check()
        except BaseException:
            if is_first() and self._checkpoint:  # impasto train goes on from here; a cancelled job's folder goes anyway
                self._checkpoint.save(self._trainer.state())
            raise
        return self._observer.finishing and self._trainer.done > 0

    def _preview(self) -> float:
        """Preview a sheet: photographs that are not trained on where there are any; below, in the new styles.

        Returns when it was done.
        """
        network = self._trainer.result()
        photos = self._photos_to_show(SHOWN_PHOTOS, SHOWN_SIDE)
        rows, noisy = [photos], add_noise(photos, network.noise)
        with torch.inference_mode():
            for number in range(min(SHOWN_STYLES, self._styles)):
                indices = [embedding_indices(number)]
                mix = mix_embeddings(network.embeddings, indices, [1.0], DEFAULT_STRENGTH, DEFAULT_DETAIL).to(photos)
                painted = network(pad(noisy, MARGIN), mix.expand(len(photos), -1))
                rows.append(crop_margin(painted, MARGIN).clamp(0, 1))
        sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1)
        self._observer.preview(as_array(sheet[None]), None)
        return time.monotonic()

    def quality(self) -> list[dict[str, float]]:
        """Of each style, in their order; see :func:`.learner.learn`."""
        photos, found = self._photos_to_show(8, SHOWN_SIDE), []
        for number in range(self._styles):
            target = self._trainer.config.default_target(number)
            each = [
                {**self._trainer.evaluate(one[None], target), "before": self._trainer.unstyled(one[None], target)} for one in photos
            ]
            found.append({name: round(float(np.mean([one[name] for one in each])), 4) for name in ("style", "before", "content")})
        return found

    def _photos_to_show(self, count: int, side: int) -> Tensor:
        """(count, 3, side, side): squares of photographs that are held out, or of any where there are too few to hold out."""
        squares = self._photos.validation(side)[:count] if self._photos.held_out else self._photos.draw(0, count, side, seed=-1)
        return squares.to(self._device)
