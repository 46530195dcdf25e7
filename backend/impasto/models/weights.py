"""An encoder's weights in the one form that Impasto keeps them in: a safetensors file that describes itself.

Tensors: ``conv1_1.weight`` (64, 3, 3, 3), ``conv1_1.bias`` (64,), ... in float32, kernels as out, in, height, width, for
an RGB picture. The header's metadata holds the architecture, the :class:`Convention`, where the weights came from, their
licence, the digest of the file they came in, and a digest of the tensors, so a file proves by itself that it is whole.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from ..disk import written_whole
from ..errors import DigestMismatch
from . import vgg

if TYPE_CHECKING:
    import numpy as np  # the daemon imports this module, and should not wait for numpy when it starts

FORMAT = "impasto-encoder-1"

MAX_HEADER = 1 << 20
"""Bytes. Real headers have a few thousand; a longer one is an attempt to fill the memory."""


@dataclass(frozen=True)
class Convention:
    """How a network wants its input: ``(rgb - mean) / std`` on sRGB values 0..1, in the order red, green, blue."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Header:
    """What a weights file says about itself. ``tensors_sha256`` is over names, shapes and numbers, not over the file."""

    architecture: str
    convention: Convention
    source: str
    source_sha256: str
    licence: str
    tensors_sha256: str = ""

    def to_metadata(self) -> dict[str, str]:
        """As safetensors metadata, which holds texts only."""
        fields = dataclasses.asdict(self) | {"format": FORMAT, "convention": json.dumps(dataclasses.asdict(self.convention))}
        return {name: str(value) for name, value in fields.items()}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str] | None) -> Header:
        """The reverse. Raises ``ValueError`` or ``KeyError`` where it is not ours."""
        if not metadata or metadata["format"] != FORMAT or metadata["architecture"] not in vgg.DEPTHS:
            raise ValueError
        values: dict[str, Any] = {f.name: metadata[f.name] for f in dataclasses.fields(Header)}
        convention = json.loads(metadata["convention"])
        return Header(**values | {"convention": Convention(_triple(convention["mean"]), _triple(convention["std"]))})


def write(file: Path, arrays: Mapping[str, np.ndarray], header: Header) -> None:
    """Check ``arrays`` against the architecture and write them to ``file``, whole or not at all.

    Raises :class:`DigestMismatch` where a tensor is missing, has another shape or dtype, or holds a non-finite number.
    """
    import numpy as np
    from safetensors.numpy import save_file

    wanted = vgg.shapes(header.architecture)
    arrays = {name: np.ascontiguousarray(arrays[name]) for name in wanted if name in arrays}
    _check_layout(header.architecture, {name: (array.shape, str(array.dtype)) for name, array in arrays.items()})
    _check_finite(arrays)
    header = dataclasses.replace(header, tensors_sha256=digest_of_tensors(arrays))
    with written_whole(file) as temporary:
        save_file(arrays, temporary, metadata=header.to_metadata())


def inspect(file: Path, architecture: str = "") -> Header:
    """Read the header only: well-formed, the right tensors, the right length. Cheap; does not look at the numbers.

    Raises :class:`DigestMismatch` for anything else, ``FileNotFoundError`` where there is no file.
    """
    with opened(file) as handle:
        header = _header(handle, architecture)
        _check_layout(header.architecture, {n: _described(handle, n) for n in handle.keys()})  # noqa: SIM118 (no mapping)
    return header


def read(file: Path, architecture: str = "") -> tuple[dict[str, np.ndarray], Header]:
    """All tensors, checked: everything :func:`inspect` checks, then the digest and that every number is finite."""
    with opened(file) as handle:
        header = _header(handle, architecture)
        names = list(handle.keys())
        _check_layout(header.architecture, {name: _described(handle, name) for name in names})
        arrays = {name: handle.get_tensor(name) for name in names}
    if digest_of_tensors(arrays) != header.tensors_sha256:
        raise DigestMismatch("The weights have changed since they were written.")
    _check_finite(arrays)
    return arrays, header


def digest_of_tensors(arrays: Mapping[str, np.ndarray]) -> str:
    """SHA-256 over every tensor's name, shape and numbers, in the order of their names."""
    import numpy as np

    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}{list(arrays[name].shape)}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).data)
    return digest.hexdigest()


def digest_of_file(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    digest = hashlib.sha256()
    with file.open("rb") as opened:
        while block := opened.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


class opened:
    """``safe_open`` with its errors in our words, and with a look at the header's length first."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __enter__(self) -> Any:
        with self._file.open("rb") as opened:
            length = int.from_bytes(opened.read(8).ljust(8, b"\xff"), "little")
        if length > MAX_HEADER:
            raise DigestMismatch("The weights file is damaged: it is no safetensors file.")
        try:
            self._handle = safe_open(self._file, framework="numpy")
            return self._handle.__enter__()
        except (SafetensorError, ValueError) as error:
            raise DigestMismatch("The weights file is damaged: its header and its length do not agree.") from error

    def __exit__(self, *details: Any) -> None:
        self._handle.__exit__(*details)


def _header(opened: Any, architecture: str) -> Header:
    try:
        header = Header.from_metadata(opened.metadata())
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DigestMismatch("The weights file was not written by Impasto, or is damaged.") from None
    if architecture and header.architecture != architecture:
        raise DigestMismatch(f"The weights file holds {header.architecture}, not {architecture}.")
    return header


def _described(opened: Any, name: str) -> tuple[tuple[int, ...], str]:
    piece = opened.get_slice(name)
    return tuple(piece.get_shape()), {"F32": "float32"}.get(piece.get_dtype(), piece.get_dtype())


def _check_layout(architecture: str, found: Mapping[str, tuple[tuple[int, ...], str]]) -> None:
    wanted = {name: (shape, "float32") for name, shape in vgg.shapes(architecture).items()}
    if dict(found) == wanted:
        return
    wrong = next((n for n in wanted if n not in found), None)
    if wrong:
        raise DigestMismatch(f"The weights lack {wrong}, which {architecture} has.")
    wrong = next(n for n in found if found[n] != wanted.get(n))
    raise DigestMismatch(f"The weights' {wrong} is {found[wrong]}, which does not fit {architecture}.")


def _check_finite(arrays: Mapping[str, np.ndarray]) -> None:
    import numpy as np

    wrong = next((name for name, array in arrays.items() if not np.isfinite(array).all()), None)
    if wrong:
        raise DigestMismatch(f"The weights' {wrong} holds numbers that are not finite.")


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = (float(v) for v in values)
    if not all(math.isfinite(v) for v in (red, green, blue)):
        raise ValueError
    return red, green, blue
