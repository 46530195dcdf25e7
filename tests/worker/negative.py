"""A method that paints the negative of what it is given, without torch, and an engine for it."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
from impasto.machine import Machine
from impasto.methods.iterative import Iterative
from impasto.models import StyleLibrary
from impasto.paths import Paths
from PIL import Image


@dataclasses.dataclass
class Progress:
    """As the engine's, without torch."""

    step: int
    total: int
    fraction: float
    losses: dict
    scale: int = 1
    scales: int = 1
    width: int = 0
    height: int = 0
    skipped: int = 0


class Engine:
    """Nothing to compute on. ``begun`` has the sessions, ``on_step`` is called at each step."""

    def __init__(self, settings, total=4, on_step=lambda step: None):
        self.settings, self.total, self.on_step = settings, total, on_step
        self.paths = Paths.of(settings)
        self.styles = StyleLibrary(self.paths, settings)
        self.fast_styles = self.styles.fast
        self.device = SimpleNamespace(torch=None)
        self.begun, self.released = [], 0

    def describe(self):
        return {"device": "fake"}

    def machine(self):
        return Machine()

    def release(self):
        self.released += 1

    def is_out_of_memory(self, error):
        return isinstance(error, MemoryError)


class Negative(Iterative):
    """In the place of the iterative method."""

    def begin(self, engine, content, styles, size, stylization, observer):
        engine.begun.append(NegativeSession(engine, content, list(styles), size))
        return engine.begun[-1]


class NegativeSession:
    has_preview = True
    checkpoint_key = None

    def __init__(self, engine, content, styles, size):
        self.engine, self.content, self.styles, self.size = engine, content, styles, size
        self.done, self.pictures = 0, []

    def __iter__(self):
        return self

    def __next__(self):
        if self.done == self.engine.total:
            raise StopIteration
        self.done += 1
        self.engine.on_step(self.done)
        losses = {"content": 1.0, "total": float("nan")}
        return Progress(self.done, self.engine.total, self.done / self.engine.total, losses, skipped=1)

    def stop(self):
        self.engine.total = self.done
        return True

    def picture(self, size):
        self.pictures.append(size)
        small = Image.fromarray((255 * (1 - self.content)).astype(np.uint8)).resize(size[::-1])
        return np.asarray(small, np.float32) / 255
