"""AVIF, read only: the container read by `heif_boxes`, the pixels by libavif, at 8, 10 or 12 bit."""

from __future__ import annotations

import imagecodecs
import numpy as np

from ...errors import BadPicture, UnsupportedPicture
from .. import colour_spaces, exif, metadata
from ..limits import Limits
from ..picture import ANIMATED, Header
from . import heif_boxes, streams
from .heif_boxes import Still
from .jpeg import GAIN_MAP

REINSTALL = "pip install --upgrade --force-reinstall imagecodecs"


def lacking() -> str:
    """The command that installs what is missing to read AVIF; empty where nothing is."""
    return "" if imagecodecs.AVIF.available else REINSTALL


def head(data: bytes, limits: Limits) -> Header:
    """What the boxes say, and that the streams in them are no larger."""
    still = heif_boxes.read(data)
    if still.coded[0].kind != b"av01":
        raise UnsupportedPicture("The file is called AVIF and has no AV1 inside.", hint="Save it as a PNG.")
    if still.item.kind not in (b"av01", b"grid"):
        raise UnsupportedPicture("The AVIF is put together in a way that is not taken.", hint="Save it as a PNG.")
    limits.check_size(*still.item.size)
    for item in still.coded:
        sizes = list(streams.av1_sizes(item.data))
        if not sizes or any(size != item.size for size in sizes):
            raise BadPicture("The AVIF file names two different sizes.")
    bits, grey = _sample_kind(still)
    icc, notes = colours_of(still, grey)
    return Header(
        *still.item.size,
        np.dtype(np.uint8 if bits == 8 else np.uint16),
        "grey" if grey else "rgb",
        alpha=still.alpha,
        icc=icc,
        dpi=metadata.read_exif(still.exif)[1] if still.exif else None,
        orientation=still.orientation,
        lossless=False,
        notes=notes,
        exif=exif.read(still.exif),
        xmp=still.xmp,
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels, as stored: not yet turned. Depths between 8 and 16 bit are spread over 16."""
    still = heif_boxes.read(data)
    for item in still.coded:
        streams.check_whole(item.data)
    # Of a file that is called an animation, libavif would decode every frame; called a still, it decodes that one.
    decoded = imagecodecs.avif_decode(data[:8] + b"avif" + data[12:]).reshape(header.height, header.width, -1)
    if header.model == "grey" and decoded.shape[2] > header.channels:
        decoded = decoded[:, :, [0, 3] if header.alpha else [0]]
    return decoded if decoded.dtype == np.uint8 else spread(decoded, _sample_kind(still)[0])


def spread(samples: np.ndarray, bits: int) -> np.ndarray:
    """Samples of ``bits`` bits in a wider type -> the same brightness in all of that type's bits."""
    out = np.empty_like(samples, order="C")
    top, full = (1 << bits) - 1, int(np.iinfo(samples.dtype).max)
    for row in range(samples.shape[0]):  # by rows, so that the wider numbers take no memory to speak of
        out[row] = (samples[row].astype(np.uint32) * full + top // 2) // top
    return out


def colours_of(still: Still, grey: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """The profile, by whatever tells of it, and notes on the picture as a whole."""
    notes = (ANIMATED,) * still.animated + (GAIN_MAP,) * still.gain_map
    if still.icc is not None or still.cicp is None:
        return still.icc, notes
    try:
        return colour_spaces.of_video(*still.cicp, grey), notes
    except colour_spaces.UnknownSpace:
        return None, (*notes, colour_spaces.NOT_KNOWN)


def _sample_kind(still: Still) -> tuple[int, bool]:
    """Bits of a sample, and whether there is no colour, as the stream's configuration says."""
    body = still.coded[0].find(b"av1C")
    if body is None or len(body) < 4:
        raise BadPicture("The AVIF file's header is damaged.")
    bits = 8 if not body[2] & 0x40 else 12 if body[2] & 0x20 else 10
    return bits, bool(body[2] & 0x10)
