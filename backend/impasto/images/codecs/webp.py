"""WebP: the container read here (sizes, profile, EXIF), the pixels by libwebp."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from ...errors import BadPicture, UnsupportedPicture
from .. import colour_spaces, metadata
from ..limits import MAX_CHUNKS, MAX_PROFILE_BYTES, Limits
from ..picture import Header, Outgoing

_ALPHA, _ANIMATION = 0x10, 0x02
_LOSSLESS_EFFORT = 0
"""libwebp's effort in lossless mode. More takes several times as long (a 12 MP picture: 5 s instead of 1) to save a fifth."""


def head(data: bytes, limits: Limits) -> Header:
    """Sizes from the bitstream's own header; the canvas, where there is one, must agree."""
    icc = exif = canvas = stream = None
    alpha = False
    for kind, body in _chunks(data):
        if kind == b"VP8X":
            if body[0] & _ANIMATION:
                raise UnsupportedPicture("The WebP is animated; only single pictures are taken.")
            canvas = (1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
            alpha = bool(body[0] & _ALPHA)
        elif kind == b"ANMF":
            raise UnsupportedPicture("The WebP is animated; only single pictures are taken.")
        elif kind in (b"VP8 ", b"VP8L") and stream is None:
            stream = (kind, *_stream_size(kind, bytes(body[:10])))
        elif kind == b"ICCP" and icc is None:
            icc = bytes(body[: MAX_PROFILE_BYTES + 1])
        elif kind == b"EXIF" and exif is None:
            exif = body
    if stream is None:
        raise BadPicture("The WebP file holds no picture.")
    kind, width, height, in_stream = stream
    limits.check_size(width, height)
    if canvas not in (None, (width, height)):
        raise BadPicture("The WebP file names two different sizes.")
    turned, dpi = metadata.read_exif(exif) if exif else (1, None)
    return Header(
        width,
        height,
        np.dtype(np.uint8),
        "rgb",
        alpha=in_stream if canvas is None else alpha,
        icc=icc or (colour_spaces.adobe_rgb() if exif and metadata.is_adobe_rgb(exif) else None),
        dpi=dpi,
        orientation=turned,
        lossless=kind == b"VP8L",
    )


def samples(data: bytes, header: Header) -> np.ndarray:
    """All pixels; libwebp refuses a file that ends before they do."""
    return imagecodecs.webp_decode(data, hasalpha=header.alpha)


def write(outgoing: Outgoing) -> bytes:
    """Lossless (with hidden colours as they are) or lossy with lossless alpha."""
    options: dict[str, Any] = (
        {"lossless": True, "quality": _LOSSLESS_EFFORT, "method": 0, "exact": True}
        if outgoing.lossless
        else {"quality": outgoing.quality, "method": 4}
    )
    if outgoing.dpi:
        options["exif"] = metadata.write_exif(outgoing.dpi)
    buffer = io.BytesIO()
    Image.fromarray(outgoing.samples).save(buffer, "WEBP", icc_profile=outgoing.icc or b"", **options)
    return buffer.getvalue()


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, end, place = memoryview(data), 8 + int.from_bytes(data[4:8], "little"), 12
    if end > len(data):
        raise BadPicture(f"The WebP file breaks off: it should have {end} bytes and has {len(data)}.")
    for _ in range(MAX_CHUNKS):
        if place + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, place)
        if place + 8 + length > end:
            raise BadPicture("The WebP file breaks off in the middle of a chunk.")
        yield kind, view[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
    raise BadPicture("The WebP file is made of too many pieces.")


def _stream_size(kind: bytes, start: bytes) -> tuple[int, int, bool]:
    """Width, height and alpha from the first bytes of a lossy or lossless bitstream."""
    if kind == b"VP8L":
        if start[0] != 0x2F:
            raise BadPicture("The WebP picture is damaged.")
        bits = int.from_bytes(start[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), bool(bits >> 28 & 1)
    if start[3:6] != b"\x9d\x01\x2a":
        raise BadPicture("The WebP picture is damaged.")
    width, height = struct.unpack_from("<HH", start, 6)
    return width & 0x3FFF, height & 0x3FFF, False
