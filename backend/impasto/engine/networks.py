"""Networks of fast styles, built from their files."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import BadStyleFile
from ..models import NetworkSource, fast, predictor
from ..paths import shipped
from ..style.mixing import EMBEDDINGS_PER_STYLE, IDENTITY_EMBEDDING
from ..style.predictor import Predictor, by_norm
from ..style.transformer import Network, build


def open_network(file: Path) -> Network:
    """The network of a file that is whole. Raises :class:`BadStyleFile` where tensors and network do not fit."""
    header, arrays = fast.read(file)
    return built(header.network, header.rows, arrays, header.noise)


def built(spec: str, embeddings: int, arrays: dict[str, np.ndarray], noise: float = 0.0) -> Network:
    """The network called ``spec`` with these weights, trained with ``noise``. Raises :class:`BadStyleFile` if they do not fit."""
    try:
        network = build(spec, embeddings)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except (ValueError, RuntimeError):
        raise BadStyleFile("The fast style's weights do not fit the network that it names.") from None
    network.noise = noise
    return network.eval().requires_grad_(False)


def indices_in(source: NetworkSource) -> list[tuple[int, ...]]:
    """Where the styles of a source are in the network that :func:`compose` makes of it."""
    if source.in_one_file:
        return [style.rows for style in source.styles]
    found, free = [], IDENTITY_EMBEDDING + 1
    for style in source.styles:
        found.append(tuple(range(free, free + len(style.rows))))
        free += len(style.rows)
    return found


def compose(source: NetworkSource) -> Network:
    """The network of a source: one file as it is, or the base of one with embeddings from several.

    Of the embeddings of the identity, which the files of one base each have, the first file's counts; the noise is the base's.
    """
    if source.in_one_file:
        return open_network(source.base)
    read = {file: fast.read(file) for file in {source.base, *source.files}}
    files = {file: arrays for file, (_, arrays) in read.items()}
    arrays = {name: array for name, array in files[source.base].items() if not fast.is_embedding(name)}
    taken = [(source.files[0], IDENTITY_EMBEDDING)]
    for file, style in zip(source.files, source.styles, strict=True):
        taken += [(file, index) for index in style.rows]
    try:
        for name in filter(fast.is_embedding, files[source.base]):
            arrays[name] = np.stack([files[file][name][index] for file, index in taken])
    except (KeyError, IndexError, ValueError):
        raise BadStyleFile("The embeddings of the fast styles do not fit the network that they name.") from None
    return built(source.network, len(taken), arrays, read[source.base][0].noise)


def open_predictor(file: Path) -> Predictor:
    """Raises :class:`BadStyleFile` for a damaged file, ``OSError`` where there is none."""
    header, arrays = predictor.read(file)
    return Predictor({name: torch.from_numpy(array) for name, array in arrays.items()}, header.layers, header.side)


def set_style(network: Network, indices: Sequence[int], embedding: Tensor) -> None:
    """Give the style at ``indices`` of ``network`` an ``embedding`` (2 C,).

    What broader strokes, finer ones and more of it add is the mean of what it is for the styles of the network that ships.
    """
    parameters, usual = dict(network.named_parameters()), _usual_embeddings()
    with torch.no_grad():
        for name, part in by_norm(network, embedding).items():
            parameters[name][indices[0]] = part
            parameters[name][list(indices[1:])] = torch.from_numpy(usual[name][1:]).to(part)


def usual_embedding(network: Network) -> Tensor:
    """(2 C,): the mean of what the styles of the network that ships are painted with, on ``network``'s device."""
    parameters, usual = dict(network.named_parameters()), _usual_embeddings()
    names = {id(parameter): name for name, parameter in parameters.items()}
    norms = list(network.norms())
    ordered = [norm.gamma for norm in norms] + [norm.beta for norm in norms]
    return torch.cat([torch.from_numpy(usual[names[id(parameter)]][0]).to(parameter) for parameter in ordered])


@functools.cache
def _usual_embeddings() -> dict[str, np.ndarray]:
    """Name of a norm's parameter -> (EMBEDDINGS_PER_STYLE, channels), the mean over the styles of the network that ships."""
    found = {}
    base = predictor.inspect(predictor.shipped_file()).base
    file = next(file for file in sorted(shipped("fast").glob("*.safetensors")) if fast.inspect(file).base == base)
    for name, array in fast.read(file)[1].items():
        if fast.is_embedding(name):
            styles = array[IDENTITY_EMBEDDING + 1 :].reshape(-1, EMBEDDINGS_PER_STYLE, array.shape[1])
            found[name] = styles.mean(0)
    return found
