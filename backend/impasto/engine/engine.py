"""A device and the networks that are kept warm on it, between pictures as arrays and the tensors of ``style``."""

from __future__ import annotations

import functools
import gc
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import WeightsUnavailable
from ..machine import Machine
from ..models import Catalogue, FastLibrary, ModelStore, NetworkSource, StyleLibrary
from ..models.predictor import shipped_file
from ..models.refined import RefinedEmbeddings
from ..observer import Observer
from ..paths import Paths
from ..settings import Settings
from ..style import Encoder
from ..style.predictor import Predictor
from ..style.transformer import Network
from . import device as devices
from .networks import compose, open_predictor

KEPT_NETWORKS = 8
"""Fast styles' networks kept warm; each has some MB."""

KEPT_ENCODERS = 2
"""Encoders kept warm; a VGG is 60 to 80 MB."""


class Engine:
    """Everything that painting needs and that is worth keeping between two paintings. Used by one thread at a time."""

    def __init__(self, settings: Settings, paths: Paths | None = None, gpu_memory_bytes: int = 0) -> None:
        """``gpu_memory_bytes``: what this process may take of a GPU's memory, so that there is room beside it; 0: all of it.

        Raises :class:`DeviceUnavailable`.
        """
        self.settings, self.paths = settings, paths or Paths.of(settings)
        self.device = devices.choose(settings)
        if gpu_memory_bytes:
            devices.limit_memory(self.device.torch_device, gpu_memory_bytes)
        self._encoders: dict[tuple[str, str], Encoder] = {}
        self._networks: dict[Any, Network] = {}
        self._predictor: Predictor | None = None
        self.refined = RefinedEmbeddings(self.paths.refined)

    @functools.cached_property
    def styles(self) -> StyleLibrary:
        """The style pictures of this machine, and the networks that have learnt some."""
        return StyleLibrary(self.paths, self.settings)

    @property
    def fast_styles(self) -> FastLibrary:
        """The networks alone."""
        return self.styles.fast

    @property
    def folder(self) -> Path:
        """Where files may lie for a while."""
        return self.paths.data

    def describe(self) -> dict[str, Any]:
        """The device, as plain JSON types."""
        return self.device.describe()

    def machine(self) -> Machine:
        """What the methods need to know of it; ``memory`` is what is free now."""
        return Machine(self.device.torch_device.type, self.device.precision, self.device.available())

    def network(self, source: NetworkSource, dtype: torch.dtype) -> Network:
        """The network of fast styles from ``source``, ready to paint. Raises :class:`BadStyleFile` for a damaged file."""
        key = source.key(), dtype
        if key not in self._networks:
            while len(self._networks) >= KEPT_NETWORKS:
                self._networks.pop(next(iter(self._networks)))
            self._networks[key] = compose(source).to(self.device.torch_device).prepare_for_inference(dtype)
        return self._networks[key]

    @property
    def predictor(self) -> Predictor:
        """Raises :class:`BadStyleFile` where it is damaged."""
        if self._predictor is None:
            self._predictor = open_predictor(shipped_file())
        return self._predictor

    def encoder(self, wanted: str, observer: Observer, pooling: str = "max") -> tuple[Encoder, str]:
        """The encoder ``wanted`` ("auto" or an id) on the device, fetched where it is missing; and its id.

        Raises :class:`Cancelled` and what fetching raises.
        """
        store = ModelStore(Catalogue.load(), self.paths, self.settings)
        chosen = store.choose(wanted)
        if (chosen, pooling) not in self._encoders:
            try:
                weights, convention = store.load(chosen)
            except WeightsUnavailable:
                observer.phase("fetching weights")
                chosen = store.ensure(wanted, observer.download, lambda: observer.cancelled)
                weights, convention = store.load(chosen)
            while len(self._encoders) >= KEPT_ENCODERS:
                self._encoders.pop(next(iter(self._encoders)))
            self._encoders[chosen, pooling] = Encoder(weights, convention, pooling, self.device.dtype).to(self.device.torch_device)
        return self._encoders[chosen, pooling], chosen

    def tensor(self, picture: np.ndarray) -> Tensor:
        """A picture (H, W, 3) as (1, 3, H, W) on the device, held to the range 0..1, which float pictures may exceed."""
        return (
            torch.from_numpy(np.ascontiguousarray(picture))
            .to(self.device.torch_device)
            .permute(2, 0, 1)[None]
            .contiguous()
            .clamp(0, 1)
        )

    def release(self) -> None:
        """Give back to the system what painting has left behind; what is kept warm stays."""
        gc.collect()  # sessions refer to themselves by way of their own methods
        devices.free()

    def is_out_of_memory(self, error: BaseException) -> bool:
        """Whether ``error`` says that memory ran out."""
        return devices.is_out_of_memory(error)
