"""The predictor: a small network that knows an embedding for any painting from its features' statistics.

One safetensors file for the network that it was trained with, which its header names by the digest of the base. Tensors are
float16. No torch.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..disk import written_whole
from ..errors import BadStyleFile, DigestMismatch
from ..paths import shipped
from . import weights

if TYPE_CHECKING:
    import numpy as np

FORMAT = "impasto-predictor-1"

ENCODER = "vgg16"
"""Whose statistics it takes, and with which embeddings are refined."""

DAMAGED = "The predictor of fast styles is damaged."


@dataclass(frozen=True)
class PredictorHeader:
    """``base``: the digest of the network that it predicts for. ``layers``: whose statistics it takes. ``side``: long side, px, at
    which a painting is looked at, and at half of it."""

    base: str
    layers: tuple[str, ...]
    side: int
    training: dict[str, Any] = field(default_factory=dict)
    tensors_sha256: str = ""


def shipped_file() -> Path:
    """The one that ships."""
    return shipped("predictor", "impasto.safetensors")


def write(file: Path, arrays: Mapping[str, np.ndarray], header: PredictorHeader) -> None:
    """Write ``arrays`` (float16) to ``file``, whole or not at all."""
    from safetensors.numpy import save_file

    header = dataclasses.replace(header, tensors_sha256=weights.digest_of_tensors(arrays))
    with written_whole(file) as temporary:
        save_file(dict(arrays), temporary, metadata={"format": FORMAT, "impasto": json.dumps(dataclasses.asdict(header))})


def inspect(file: Path) -> PredictorHeader:
    """The header alone; cheap. Raises :class:`BadStyleFile`, or ``OSError`` where there is no file."""
    try:
        with weights.opened(file) as handle:
            return _header(handle)
    except DigestMismatch:
        raise BadStyleFile(DAMAGED) from None


def read(file: Path) -> tuple[PredictorHeader, dict[str, np.ndarray]]:
    """Header and tensors, as they were written. Raises :class:`BadStyleFile`, or ``OSError`` where there is no file."""
    try:
        with weights.opened(file) as handle:
            header = _header(handle)
            arrays = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118  it is no mapping
    except DigestMismatch:
        raise BadStyleFile(DAMAGED) from None
    if weights.digest_of_tensors(arrays) != header.tensors_sha256:
        raise BadStyleFile(DAMAGED)
    return header, arrays


def _header(handle: Any) -> PredictorHeader:
    try:
        metadata = handle.metadata() or {}
        if metadata["format"] != FORMAT:
            raise ValueError
        fields = json.loads(metadata["impasto"])
        return PredictorHeader(**fields | {"layers": tuple(fields["layers"])})
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadStyleFile(DAMAGED) from None
