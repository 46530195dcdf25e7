"""Checkpoints of the network that PyTorch's examples train (``fast_neural_style``), brought into the form that Impasto keeps.

Their ``TransformerNet`` is Johnson et al.'s in the same form as ``johnson:32-64-128x5``, so its weights only need new names, and:

- It takes and gives 0..255, where ours normalises: ``(x - mean) / std`` on 0..1. Both are linear, so the first convolution takes up
  the one and the last the other.
- Its norms add 1e-5 to the variance, ours 1e-4. A convolution's scale cancels out in the norm that follows it, but for what is
  added; with the convolution times sqrt(10) the two come out equal.

It has one style at one strength and one size: both rows are the same, and so is row 0, which elsewhere is the picture as it is.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadStyleFile
from .fast import MAX_FILE_BYTES

if TYPE_CHECKING:
    import numpy as np

NETWORK, ROWS = "johnson:32-64-128x5", 2

THEIR_EPS = 1e-5
TOP = 255.0

NOT_OURS = "This checkpoint does not hold the network of PyTorch's fast_neural_style example."

_WIDTHS = 32, 64, 128
_BLOCKS = 5
_DROPPED = ("running_mean", "running_var", "num_batches_tracked")
"""Kept by early versions of PyTorch for their instance norms, which never use them."""


def read(file: Path, input_mean: float, input_std: float, eps: float) -> dict[str, np.ndarray]:
    """The tensors of ``file`` under the names of :data:`NETWORK`, for a network that normalises its input with ``input_mean`` and
    ``input_std`` and whose norms add ``eps``.

    Goes through PyTorch's restricted loader: nothing in the file is run. Raises :class:`BadStyleFile` for anything else.
    """
    state = _state(file)
    arrays: dict[str, np.ndarray] = {}
    gain = (eps / THEIR_EPS) ** 0.5
    for theirs, ours in _convolutions():
        weight, bias = _array(state, f"{theirs}.conv2d.weight"), _array(state, f"{theirs}.conv2d.bias")
        if theirs == "conv1":
            bias = bias + weight.sum((1, 2, 3)) * TOP * input_mean
            weight = weight * (TOP * input_std)
        if theirs == "deconv3":
            weight, bias = weight / (TOP * input_std), (bias / TOP - input_mean) / input_std
        else:
            weight, bias = weight * gain, bias * gain
        arrays[f"{ours}.weight"], arrays[f"{ours}.bias"] = weight.astype("float32"), bias.astype("float32")
    for theirs, ours in _norms():
        for name, part, own in (("weight", "gamma", 1), ("bias", "beta", 0)):
            row = _array(state, f"{theirs}.{name}").astype("float32") - own  # our scales are what is added to 1
            arrays[f"{ours}.{part}"] = row[None].repeat(ROWS, 0)
    return arrays


def _state(file: Path) -> Mapping[str, Any]:
    import torch

    if file.stat().st_size > MAX_FILE_BYTES:
        raise BadStyleFile(f"A checkpoint has at most {MAX_FILE_BYTES >> 20} MB; this file has more.")
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                if sum(member.file_size for member in archive.infolist()) > MAX_FILE_BYTES:
                    raise BadStyleFile(f"The checkpoint unpacks to more than {MAX_FILE_BYTES >> 20} MB.")
        state = torch.load(file, map_location="cpu", weights_only=True)
    except BadStyleFile:
        raise
    except Exception as error:  # torch and zipfile have a dozen ways to say "damaged", and one to say "would run code"
        raise BadStyleFile(NOT_OURS, hint="Only plain tensors are taken: torch.save(model.state_dict(), ...).") from error
    if not isinstance(state, Mapping) or not all(isinstance(name, str) for name in state):
        raise BadStyleFile(NOT_OURS)
    kept = {name: value for name, value in state.items() if name.rpartition(".")[2] not in _DROPPED}
    wanted = _shapes()
    if set(kept) != set(wanted):
        odd = sorted(set(wanted).symmetric_difference(kept))[0]
        raise BadStyleFile(f"{NOT_OURS} ({odd[:80]} is {'missing' if odd in wanted else 'too much'}.)")
    for name, value in kept.items():
        # Before the numbers are looked at: a few bytes can claim to be a tensor of any size.
        if (
            not isinstance(value, torch.Tensor)
            or value.layout != torch.strided
            or tuple(value.shape) != wanted[name]
            or not value.is_floating_point()
        ):
            raise BadStyleFile(f"{NOT_OURS} ({name} has another shape.)")
    return kept


def _array(state: Mapping[str, Any], name: str) -> np.ndarray:
    import numpy as np

    array = state[name].detach().double().numpy()
    if not np.isfinite(array).all():
        raise BadStyleFile(f"The checkpoint's {name} holds numbers that are not finite.")
    return array


def _blocks() -> Iterator[tuple[str, str, str]]:
    """Their convolution, their norm, and our block that has both."""
    for number in range(3):
        yield f"conv{number + 1}", f"in{number + 1}", f"down.{number}"
    for number in range(_BLOCKS):
        yield f"res{number + 1}.conv1", f"res{number + 1}.in1", f"residual.{number}.first"
        yield f"res{number + 1}.conv2", f"res{number + 1}.in2", f"residual.{number}"
    for number in range(2):
        yield f"deconv{number + 1}", f"in{number + 4}", f"up.{number}"


def _convolutions() -> Iterator[tuple[str, str]]:
    yield from ((convolution, f"{ours}.convolution") for convolution, _, ours in _blocks())
    yield "deconv3", "out"


def _norms() -> Iterator[tuple[str, str]]:
    yield from ((norm, f"{ours}.norm") for _, norm, ours in _blocks())


def _shapes() -> dict[str, tuple[int, ...]]:
    full, half, quarter = _WIDTHS
    kernels = {
        "conv1": (full, 3, 9),
        "conv2": (half, full, 3),
        "conv3": (quarter, half, 3),
        "deconv1": (half, quarter, 3),
        "deconv2": (full, half, 3),
        "deconv3": (3, full, 9),
    }
    widths = {"in1": full, "in2": half, "in3": quarter, "in4": half, "in5": full}
    shapes: dict[str, tuple[int, ...]] = {}
    for name, _ in _convolutions():
        outputs, inputs, side = kernels.get(name, (quarter, quarter, 3))
        shapes[f"{name}.conv2d.weight"], shapes[f"{name}.conv2d.bias"] = (outputs, inputs, side, side), (outputs,)
    for name, _ in _norms():
        shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (widths.get(name, quarter),)
    return shapes
