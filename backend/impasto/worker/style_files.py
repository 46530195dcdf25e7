"""Fast styles as files that go from one machine to another: brought in, whoever made them, and taken out.

What comes in is not trusted: nothing in it is run, every size is checked before it is believed, and the network has to paint once.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .. import images
from ..disk import disk_errors
from ..errors import BadStyleFile
from ..models import FastHeader, FastStyle, Style, StyleLibrary, fast, pytorch_examples

if TYPE_CHECKING:
    import numpy as np

    from ..style.transformer import Network

TORCH_FILES = (b"PK\x03\x04", b"\x80\x02")
"""How PyTorch's files begin: a zip archive, or (before 2020) a pickle."""

PICTURE_SIDE = 256
"""Long side of a painting inside a file, px."""


def import_styles(library: StyleLibrary, file: Path, sample: bytes, title: str = "", picture: bytes | None = None) -> list[Style]:
    """Import a fast style's file, Impasto's own or a checkpoint of PyTorch's fast_neural_style example; the styles that are new.

    ``title`` and ``picture`` are for a file with one style. A style without a picture gets the picture ``sample`` as its network
    paints it. Raises :class:`BadStyleFile`, what decoding raises, and ``OSError`` where the file cannot be read.
    """
    with file.open("rb") as opened:
        foreign = opened.read(4).startswith(TORCH_FILES)
    header, arrays = _foreign(file, title or file.stem) if foreign else fast.read(file)
    if len(header.styles) > 1 and (title or picture):
        raise BadStyleFile(f"The file has {len(header.styles)} styles, so one name or picture cannot be meant for all.")
    if title:
        header = dataclasses.replace(header, styles=(dataclasses.replace(header.styles[0], title=title[: fast.MAX_TEXT_LENGTH]),))
    network = _network(library, header, arrays)
    pictures = {style.id: picture or _told(header, style) or _painted(network, header, style, sample) for style in header.styles}
    return library.learn(header, arrays, pictures)


def export_style(library: StyleLibrary, id: str, file: Path, embeddings_only: bool = False) -> None:
    """Export one style with its network to ``file``; ``embeddings_only``: without the network's base, under a hundred kilobytes.

    Raises :class:`UnknownStyle`, :class:`StyleNotLearnt` or :class:`DiskFull`.
    """
    style, source = library.get(id), library.fast.need([id])
    header, arrays = fast.read(source.files[0])
    rows = [0, *source.styles[0].rows]
    taken = {name: array[rows] for name, array in arrays.items() if fast.is_embedding(name)}
    if not embeddings_only:
        taken |= {name: array for name, array in fast.read(source.base)[1].items() if not fast.is_embedding(name)}
    small = images.encode(images.decode(images.thumbnail(library.picture(id), PICTURE_SIDE)), "jpeg", 85)
    texts = {name: getattr(style, name) for name in ("id", "title", "painter", "year", "licence")}
    header = dataclasses.replace(
        header,
        rows=len(rows),
        styles=(FastStyle(**texts, rows=tuple(range(1, len(rows)))),),
        pictures={id: base64.b64encode(small).decode("ascii")},
    )
    with disk_errors():
        fast.write(file, taken, header)


def _foreign(file: Path, title: str) -> tuple[FastHeader, dict[str, np.ndarray]]:
    from ..style import layers, transformer

    arrays = pytorch_examples.read(file, transformer.INPUT_MEAN, transformer.INPUT_STD, layers.NORM_EPS)
    style = FastStyle("imported", title[: fast.MAX_TEXT_LENGTH], "", "", "", rows=(1,))
    header = FastHeader(
        pytorch_examples.NETWORK,
        pytorch_examples.ROWS,
        (style,),
        identity=False,
        base=fast.base_of(arrays),
        training={"source": "a checkpoint of PyTorch's fast_neural_style example"},
    )
    return header, arrays


def _network(library: StyleLibrary, header: FastHeader, arrays: Mapping[str, np.ndarray]) -> Network:
    """Built and tried, so that what cannot paint is not kept."""
    import torch

    from ..engine.networks import built

    network = built(header.network, header.rows, {**({} if header.whole else _base(library, header)), **arrays}, header.noise)
    photo = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    used = sorted({0}.union(*(style.rows for style in header.styles)))
    with torch.inference_mode():
        if not all(network(photo, row[None]).isfinite().all() for row in torch.eye(header.rows)[used]):
            raise BadStyleFile("The network in this file paints no picture: its numbers grow beyond all bounds.")
    return network


def _base(library: StyleLibrary, header: FastHeader) -> Mapping[str, np.ndarray]:
    for file, known in library.fast.files():
        if known.whole and known.base == header.base:
            return {name: array for name, array in fast.read(file)[1].items() if not fast.is_embedding(name)}
    raise BadStyleFile(
        "The file holds only a style; the network that it belongs to is not here.",
        hint="Import a file of the same network that is whole, then this one.",
    )


def _told(header: FastHeader, style: FastStyle) -> bytes | None:
    try:
        return base64.b64decode(header.pictures[style.id], validate=True) if style.id in header.pictures else None
    except (binascii.Error, ValueError):
        raise BadStyleFile(fast.NOT_OURS) from None


def _painted(network: Network, header: FastHeader, style: FastStyle, sample: bytes) -> bytes:
    import torch

    from ..engine.fast_session import FastSession

    photo = images.decode(images.thumbnail(sample, PICTURE_SIDE)).rgb
    mix = torch.eye(header.rows)[style.rows[0]]
    session = FastSession(network, mix, photo)
    for _ in session:
        pass
    return images.to_png8(session.picture(photo.shape[:2]))
