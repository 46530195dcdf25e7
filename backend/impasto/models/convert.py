"""From the files that weights are published in to the one form that Impasto keeps (:mod:`impasto.models.weights`).

Nothing is unpickled: PyTorch's files go through its restricted loader, HDF5 and safetensors hold plain numbers.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DigestMismatch
from . import vgg

if TYPE_CHECKING:
    import numpy as np

MAX_MEMBER = 1 << 28
"""Bytes. No weights inside an archive are larger; a member that claims to be would only fill the memory."""


def arrays(file: Path, layout: str, architecture: str, member: str = "") -> dict[str, np.ndarray]:
    """The tensors of ``file`` under Impasto's names, for an RGB picture. ``layout`` is a key of :data:`LAYOUTS`.

    Raises :class:`DigestMismatch` where the file does not hold what its layout promises.
    """
    try:
        return LAYOUTS[layout](file, architecture, member)
    except DigestMismatch:
        raise
    except Exception as error:  # torch, zipfile and h5py each have a dozen ways to say "damaged"
        raise DigestMismatch(f"The downloaded file does not hold {architecture} in the form it is published in.") from error


def _from_torchvision(file: Path, architecture: str, member: str) -> dict[str, np.ndarray]:
    """A state dictionary with ``features.N.weight``; N counts convolutions, rectifiers and poolings."""
    import torch

    state = torch.load(file, map_location="cpu", weights_only=True)
    found, position, block = {}, 0, 1
    for layer in vgg.layers(architecture):
        if layer.block != block:
            position, block = position + 1, layer.block
        for part in ("weight", "bias"):
            found[f"{layer.name}.{part}"] = state[f"features.{position}.{part}"].to(torch.float32).numpy().copy()
        position += 2
    return found


def _from_hed(file: Path, architecture: str, member: str) -> dict[str, np.ndarray]:
    """Keras' HDF5 inside a wheel: ``block3/layers/conv2d_1/vars/0`` is the kernel (height, width, in, out), ``1`` the bias.

    The network was trained in Caffe's order blue, green, red; turning the first kernel's input round makes it RGB.
    """
    import h5py
    import numpy as np

    with zipfile.ZipFile(file) as archive:
        if archive.getinfo(member).file_size > MAX_MEMBER:
            raise DigestMismatch("The weights inside the archive are far larger than they should be.")
        content = archive.read(member)
    found = {}
    with h5py.File(io.BytesIO(content), "r") as stored:
        for layer in vgg.layers(architecture):
            suffix = f"_{layer.index - 1}" if layer.index > 1 else ""
            variables = stored[f"block{layer.block}/layers/conv2d{suffix}/vars"]
            kernel = np.asarray(variables["0"], dtype=np.float32).transpose(3, 2, 0, 1)
            found[f"{layer.name}.weight"] = kernel if layer.channels_in != 3 else kernel[:, ::-1]
            found[f"{layer.name}.bias"] = np.asarray(variables["1"], dtype=np.float32)
    return found


LAYOUTS: dict[str, Callable[[Path, str, str], dict[str, np.ndarray]]] = {"torchvision": _from_torchvision, "hed": _from_hed}
"""How a published file is laid out -> the function that reads it."""
